/**
 * From an origin to a connection that a request can be written to: its name is resolved, each address is shown to
 * `allow`, the connections race as RFC 8305 ("Happy Eyeballs") has them, a proxy is asked for a tunnel, TLS begins.
 */
import type { Core } from "../../core/core.ts";
import { ResponseHeadReader } from "../../core/http.ts";
import type { Address, ClientTls, Host, Network } from "../../host/host.ts";
import type { EventLoop } from "../../runtime/loop.ts";
import { type Allow, parseAddress } from "./addresses.ts";
import { ClientConnection } from "./connection.ts";
import { type Attempt, authority, codeOf, type Endpoint, networkFailure } from "./failure.ts";
import type { FetchSettings } from "./options.ts";
import type { ProxyServer } from "./proxy.ts";
import { hostnameOf, portOf } from "./url.ts";

/** What fetching stands on. */
export interface FetchContext {
  readonly core: Core;
  readonly loop: EventLoop;
  readonly host: Host;
  readonly network: Network;
  readonly settings: FetchSettings;
}

export interface DialTarget {
  /** What is fetched; of it, the origin counts, and `allow` is shown the whole. */
  readonly url: URL;
  readonly proxy: ProxyServer | null;
  /** Told when the connection goes while nobody uses it. */
  readonly lost: (connection: ClientConnection) => void;
  readonly signal: AbortSignal;
  /** Told of each step as it begins; throws the signal's reason once that is aborted. */
  readonly progress: (step: "resolve" | "connect" | "tls") => void;
}

/** RFC 8305 section 8, "Connection Attempt Delay". */
const ATTEMPT_DELAY_MS = 250;

/**
 * Dials.
 *
 * @throws TypeError (as a rejection) that says what went wrong, or the signal's reason.
 */
export async function dial(context: FetchContext, target: DialTarget): Promise<ClientConnection> {
  const { url, proxy, signal } = target;
  const origin = { hostname: hostnameOf(url), port: portOf(url) };
  const secure = url.protocol === "https:";
  const first: Endpoint = proxy ?? origin;
  const startTls = proxy ? proxy.secure || secure : secure;

  target.progress("resolve");
  const addresses = await unlessAborted(signal, destinations(context, url, proxy, first));

  target.progress("connect");
  const connection = await race(context, target, first, interleaved(addresses), startTls);
  try {
    if (proxy?.secure) await beginTls(context, target, connection, first);
    const begin = () => beginTls(context, target, connection, origin);
    if (proxy && secure) await tunnel(context, connection, proxy, origin, signal, begin);
    else if (secure) await begin();
  } catch (error) {
    connection.destroy();
    throw error;
  }
  return connection;
}

/** Neither a resolver nor an embedder's `allow` can be told to stop: who waits for them can. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/**
 * Where to connect to. With a proxy, which resolves the name by itself, `allow` is shown the name, and the proxy's own
 * addresses are the embedder's choice.
 */
async function destinations(
  { network, settings: { allow } }: FetchContext,
  url: URL,
  proxy: ProxyServer | null,
  endpoint: Endpoint,
): Promise<readonly Destination[]> {
  if (proxy && allow) await requireAllowed(allow, hostnameOf(url), url);
  const addresses = await resolve(network, endpoint);
  if (proxy || !allow) return addresses;
  const allowed: Destination[] = [];
  for (const each of addresses) if (await isAllowed(allow, each.address, url)) allowed.push(each);
  if (allowed.length > 0) return allowed;
  throw refusal(endpoint.hostname, addresses);
}

/** What has no `family` is a name that the engine resolves when it connects. */
type Destination = Omit<Address, "family"> & { family: 4 | 6 | null };

async function resolve(network: Network, { hostname, port }: Endpoint): Promise<Destination[]> {
  const bytes = parseAddress(hostname);
  if (bytes) return [{ address: hostname, family: bytes.length === 4 ? 4 : 6 }];
  if (!network.resolve) return [{ address: hostname, family: null }];
  try {
    return await network.resolve(hostname);
  } catch (error) {
    throw networkFailure("resolve", { hostname, port }, error as Error);
  }
}

/** @throws TypeError (as a rejection) where `address` is not allowed. */
export async function requireAllowed(allow: Allow, address: string, url: URL): Promise<void> {
  if (!(await isAllowed(allow, address, url))) throw refusal(hostnameOf(url), [{ address }]);
}

/** It is shown a copy, since others fetch from the same URL. */
const isAllowed = (allow: Allow, address: string, url: URL) => allow(address, new URL(url));

function refusal(hostname: string, addresses: readonly { address: string }[]): TypeError {
  const list = addresses.map(({ address }) => address).join(", ");
  const which = list === hostname ? hostname : `${hostname} (${list})`;
  return new TypeError(`fetch: ${which} may not be connected to: fetch.allow refused`);
}

/** RFC 8305 section 4: the families take turns, in the resolver's order within each. */
function interleaved(addresses: readonly Destination[]): Destination[] {
  const family = addresses[0]?.family;
  const first = addresses.filter((address) => address.family === family);
  const second = addresses.filter((address) => address.family !== family);
  return first
    .flatMap((address, at) => [address, ...second.slice(at, at + 1)])
    .concat(second.slice(first.length));
}

/** RFC 8305 section 5: an attempt begins when the last has failed, or has taken 250 ms; the first to succeed wins. */
function race(
  { core, loop, network, settings }: FetchContext,
  { lost, signal }: DialTarget,
  endpoint: Endpoint,
  addresses: readonly Destination[],
  startTls: boolean,
): Promise<ClientConnection> {
  const { hostname, port } = endpoint;
  return new Promise((resolve, reject) => {
    const attempts: Attempt[] = [];
    const running = new Set<AbortController>();
    let next = 0;
    let timer = 0;
    let over = false;
    const finish = () => {
      over = true;
      loop.clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      for (const attempt of running) attempt.abort();
    };
    const aborted = () => {
      finish();
      reject(signal.reason);
    };
    const failed = (address: string, error: Error) => {
      attempts.push({ address, port, code: codeOf(error), message: error.message });
      if (next < addresses.length) begin();
      else if (running.size === 0) {
        finish();
        reject(networkFailure("connect", endpoint, error, attempts));
      }
    };
    const begin = () => {
      loop.clearTimeout(timer);
      const { address } = addresses[next++]!;
      const attempt = new AbortController();
      running.add(attempt);
      if (next < addresses.length) timer = loop.setTimeout(begin, ATTEMPT_DELAY_MS);
      const connection = new ClientConnection(core, settings.limits, address, lost);
      network
        .connect(
          { hostname: address, port, signal: attempt.signal, ...(startTls && { startTls }) },
          connection.bind,
        )
        .then(
          () => {
            running.delete(attempt);
            if (over) return connection.destroy();
            finish();
            resolve(connection);
          },
          (error: Error) => {
            running.delete(attempt);
            if (!over) failed(address, error);
          },
        );
    };
    if (addresses.length === 0)
      return reject(
        networkFailure("resolve", { hostname, port }, new Error(`no address is known for ${hostname}`)),
      );
    signal.addEventListener("abort", aborted, { once: true });
    begin();
  });
}

async function beginTls(
  { host, settings }: FetchContext,
  { progress, signal }: DialTarget,
  connection: ClientConnection,
  { hostname, port }: Endpoint,
): Promise<void> {
  progress("tls");
  const { socket } = connection;
  if (!socket.startTls) throw new TypeError(`fetch: host "${host.name}" has no TLS for its sockets`);
  const tls: ClientTls = { ...settings.tls, serverName: hostname, protocols: ["http/1.1"], signal };
  try {
    await socket.startTls(tls, connection.bind);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw networkFailure("tls", { hostname, port }, error as Error);
  }
}

/**
 * CONNECT: RFC 9110 section 9.3.6. What the proxy says before TLS begins is its answer's head, and nothing else.
 *
 * @param begin called before anything else can come through the tunnel.
 */
function tunnel(
  { core, settings }: FetchContext,
  connection: ClientConnection,
  proxy: ProxyServer,
  origin: Endpoint,
  signal: AbortSignal,
  begin: () => Promise<void>,
): Promise<void> {
  const target = authority(origin.hostname, origin.port);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const reader = new ResponseHeadReader(core, settings.limits);
    const finish = () => {
      reader.close();
      connection.detach();
      signal.removeEventListener("abort", aborted);
    };
    const refused = (error: Error) => {
      finish();
      reject(networkFailure("proxy", proxy, error));
    };
    const aborted = () => {
      finish();
      reject(signal.reason);
    };
    signal.addEventListener("abort", aborted, { once: true });
    connection.attach({
      data(bytes) {
        try {
          for (let rest = bytes; rest.length > 0; rest = rest.subarray(reader.consumed)) {
            const head = reader.read(rest, "CONNECT");
            if (!head) return;
            if (head.status >= 200 && head.framing !== "tunnel")
              return refused(
                new Error(`it answered CONNECT ${target} with ${head.status} ${head.reason}`.trimEnd()),
              );
            if (head.framing !== "tunnel") continue;
            if (reader.consumed < rest.length)
              return refused(new Error("it spoke before the tunnel was used"));
            finish();
            return resolve(begin());
          }
        } catch (error) {
          refused(error as Error);
        }
      },
      ended: () => refused(new Error("it closed the connection instead of answering CONNECT")),
      drained() {},
      gone: (error) => refused(error ?? new Error("it closed the connection instead of answering CONNECT")),
    });
    const authorization = proxy.authorization ? `proxy-authorization: ${proxy.authorization}\r\n` : "";
    connection.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${authorization}\r\n`);
  });
}
