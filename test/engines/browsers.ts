/**
 * Browsers: Debian's chromium and firefox-esr, headless, driven by puppeteer-core (CDP for one, WebDriver BiDi for the
 * other). A window and a dedicated worker run the suites at http://nano.test, which is no secure context, so that
 * `crypto.subtle` does not exist there; a service worker, which needs a secure one, at http://localhost.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Outcome, Report } from "../suites/suite.ts";
import { type Contender, type Finished, type Given, MissingEngine } from "./engines.ts";
import { playgroundReport } from "./playground.ts";

/** What of puppeteer-core is used here: its own types come with a lockfile of their own. */
interface Puppeteer {
  launch(options: Record<string, unknown>): Promise<Browser>;
}

export interface Browser {
  version(): Promise<string>;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<Result>(code: string): Promise<Result>;
  close(): Promise<void>;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  on(event: "pageerror", listener: (error: unknown) => void): void;
}

export interface Kind {
  name: string;
  /** Where Debian puts it; another place is given by an environment variable of that name. */
  path: string;
  variable: string;
  options: Record<string, unknown>;
}

export const KINDS: Kind[] = [
  {
    name: "chromium",
    path: "/usr/bin/chromium",
    variable: "CHROMIUM",
    options: {
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
        ...["--disable-background-networking", "--disable-component-update"],
        "--host-resolver-rules=MAP nano.test 127.0.0.1",
      ],
    },
  },
  {
    name: "firefox",
    path: "/usr/bin/firefox-esr",
    variable: "FIREFOX",
    options: { browser: "firefox", extraPrefsFirefox: { "network.dns.forceResolve": "127.0.0.1" } },
  },
];

const PAGE_LIMIT_MS = 30_000;
const PAGE = '<!doctype html><title>NANO</title><script type="module" src="/browser.js"></script>';

/** In each kind of global scope: where, what it lacks, and the code that runs the suites there. */
const SCOPES: Record<string, { host: string; given: Given; run: (given: string) => string }> = {
  window: {
    host: "nano.test",
    given: { capabilities: ["compile", "import source text", "label text"], nativeSubtle: false },
    run: (given) => `runInWindow(${given})`,
  },
  worker: {
    host: "nano.test",
    given: { capabilities: ["compile", "import source text", "label text"], nativeSubtle: false },
    run: (given) => `new Promise((resolve, reject) => {
      const worker = new Worker("/browser.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(${given});
    })`,
  },
  "service worker": {
    host: "localhost",
    // A classic script, since Firefox knows no other here; it holds nanort/inline, and import() is forbidden to it.
    given: { capabilities: ["compile", "load synchronously", "label text"], nativeSubtle: true },
    run: (given) => `(async () => {
      await navigator.serviceWorker.register("/service-worker.js");
      const { active } = await navigator.serviceWorker.ready;
      return new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => resolve(data);
        active.postMessage(${given}, [port2]);
      });
    })()`,
  },
};

export const BROWSERS: Contender[] = KINDS.flatMap((kind) =>
  Object.entries(SCOPES).map(([scope, { host, given, run }]) => ({
    name: `${kind.name} ${scope}`,
    given,
    run: (actual: Given) =>
      withPage(kind, host, async (page, origin) => {
        const report = await page.evaluate<Report>(run(JSON.stringify(actual)));
        if (scope === "window") {
          report["content security policy"] = await policyOutcomes(page, origin);
          await page.goto(`${origin}/`);
          const libraries = 'import("/libraries.js").then(() => runLibraries())';
          Object.assign(report, await page.evaluate<Report>(libraries), await playgroundReport(page));
        }
        return report;
      }),
  })),
);

/** Under a policy that forbids WebAssembly the error says what to change; and once that is changed, it works. */
async function policyOutcomes(page: Page, origin: string): Promise<Outcome[]> {
  const attempt = async (policy: string): Promise<string> => {
    await page.goto(`${origin}/policy?${encodeURIComponent(policy)}`);
    return page.evaluate(`import("/nanort/browser.js").then(({ createRuntime }) => createRuntime()).then(
      (nano) => {
        // So many are read and copied by functions made of text, where that is allowed.
        const value = Array.from({ length: 1500 }, (_, id) => ({ id, text: "fifteen letters", in: { at: id / 8 } }));
        const text = JSON.stringify(value);
        const copies = [nano.deserialize(nano.serialize(value)), nano.structuredClone(value)];
        return copies.every((copy) => JSON.stringify(copy) === text) ? nano.btoa("works") : "copied otherwise";
      },
      (error) => error.name + ": " + error.message,
    )`);
  };
  const expected: Record<string, [policy: string, answer: string]> = {
    "without wasm-unsafe-eval, the error says what to add": [
      "script-src 'self'",
      "CompileError: nano.wasm: the Content-Security-Policy forbids WebAssembly; " +
        "add 'wasm-unsafe-eval' to its script-src",
    ],
    "with wasm-unsafe-eval it works": ["script-src 'self' 'wasm-unsafe-eval'", "d29ya3M="],
    "where eval takes trusted types only, it works": [
      "script-src 'self' 'unsafe-eval'; require-trusted-types-for 'script'",
      "d29ya3M=",
    ],
  };
  const outcomes: Outcome[] = [];
  for (const [title, [policy, answer]] of Object.entries(expected)) {
    const found = await attempt(policy);
    outcomes.push(
      found === answer ? { title, result: "passed" } : { title, result: "failed", message: found },
    );
  }
  return outcomes;
}

/** Starts a browser, and runs `use` with a page at an origin that serves files by their paths. */
async function withPage(
  kind: Kind,
  host: string,
  use: (page: Page, origin: string) => Promise<Report>,
): Promise<Finished> {
  const server = await serveFiles((pathname) => FILES[pathname]);
  try {
    return await withBrowser(kind, async (browser) => {
      const page = await browser.newPage();
      const origin = `http://${host}:${(server.address() as AddressInfo).port}`;
      await page.goto(`${origin}/`);
      const report = await use(page, origin);
      return { version: /[\d.]+\w*$/.exec(await browser.version())?.[0] ?? kind.name, report };
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export function executableOf({ path, variable }: Kind): string {
  const executable = process.env[variable] ?? path;
  if (existsSync(executable)) return executable;
  throw new MissingEngine(`there is no ${executable}; Debian has it as a package, or set ${variable}`);
}

export async function withBrowser<Result>(
  kind: Kind,
  use: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const options = { headless: true, executablePath: executableOf(kind), ...kind.options };
  const browser = await (await loadPuppeteer()).launch(options);
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

/**
 * What a page of a folder, or at a URL, prints first on its console, in Chromium.
 *
 * @throws what goes wrong in the page.
 */
export async function digestInPage(site: string): Promise<string> {
  const server = site.startsWith("http:") ? undefined : await serveFiles((pathname) => join(site, pathname));
  const url = server ? `http://localhost:${(server.address() as AddressInfo).port}/index.html` : site;
  try {
    return await withBrowser(KINDS[0]!, async (browser) => {
      const page = await browser.newPage();
      return new Promise<string>((printed, fail) => {
        page.on("console", (message) => {
          if (message.type() === "log") printed(message.text());
          else if (message.type() === "error") fail(new Error(message.text()));
        });
        page.on("pageerror", fail);
        setTimeout(() => fail(new Error("the page printed nothing")), PAGE_LIMIT_MS).unref();
        page.goto(url).catch(fail);
      });
    });
  } finally {
    server?.closeAllConnections();
    server?.close();
  }
}

async function loadPuppeteer(): Promise<Puppeteer> {
  const require = createRequire(resolve("test/engines/package.json"));
  try {
    const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
    return puppeteer as Puppeteer;
  } catch (error) {
    throw new MissingEngine(`puppeteer-core is not installed in test/engines (${(error as Error).message})`);
  }
}

/** The suites and the package, as the page at `/` asks for them. */
const FILES: Record<string, string> = {
  "/browser.js": "wasm-out/engines/browser.js",
  "/service-worker.js": "wasm-out/engines/service-worker.js",
  "/libraries.js": "wasm-out/engines/libraries.js",
  "/nanort/browser.js": "wasm-out/browser.js",
  "/nanort/inline.js": "wasm-out/inline.js",
  "/nanort/nano.wasm": "wasm-out/nano.wasm",
};

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };

/** `/policy?...` is an empty page under the policy that its query spells. */
function serveFiles(find: (pathname: string) => string | undefined): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, "http://nano.test");
    const file = find(pathname);
    if (pathname === "/policy") {
      response.setHeader("content-security-policy", decodeURIComponent(search.slice(1)));
      response.setHeader("content-type", "text/html").end("<!doctype html>");
    } else if (pathname === "/") {
      response.setHeader("content-type", "text/html").end(PAGE);
    } else if (file !== undefined && existsSync(file)) {
      // A server that knows nothing of application/wasm, as many do not.
      response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  return new Promise((listening) => void server.listen(0, "127.0.0.1", () => listening(server)));
}
