/** The examples that fetch. */

import { mkdirSync, readdirSync, statSync } from "node:fs";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { json } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { endAll, folderWith, nanort, serving } from "../cli/nanort.ts";

test.after(endAll);

/** On a free port, as long as somebody else keeps this process: a test that fails leaves it so. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("fetch-many downloads its own samples at once, and tells of the one that is not there", async () => {
  const folder = folderWith({});
  const { code, stdout, stderr } = await nanort(["examples", "fetch-many", "--output", folder]);
  assert.equal([code, stderr], [1, ""]);
  const lines = stdout.trim().split("\n");
  assert.is(lines.length, 12);
  assert.is(
    lines.filter((line) => /^ *\d+ B +\d+ ms {2}http:\/\/127\.0\.0\.1:\d+\/file-\d+$/.test(line)).length,
    11,
  );
  assert.ok(lines.some((line) => /\/broken: 404 Not Found$/.test(line)));
  const sizes = readdirSync(folder).map((name) => [
    Number(name.split("-")[2]),
    statSync(`${folder}/${name}`).size,
  ]);
  assert.is(sizes.length, 11);
  for (const [number, size] of sizes) assert.is(size, number! * 4 * 65_536);
});

test("fetch-many takes URLs, and says what went wrong with one", async () => {
  const { code, stdout } = await nanort(["examples", "fetch-many", "data:,abc", "http://127.0.0.1:2/"]);
  assert.is(code, 1);
  assert.match(stdout, /^ +3 B +\d+ ms {2}data:,abc$/m);
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:2\/: connect ECONNREFUSED 127\.0\.0\.1:2: /m);
});

test("fetch-many says which file it cannot write, and goes on", async () => {
  const folder = folderWith({});
  mkdirSync(`${folder}/1-_abc`);
  const args = ["examples", "fetch-many", "--output", folder, "data:,abc", "data:,defg"];
  const { code, stdout } = await nanort(args);
  assert.is(code, 1);
  assert.match(stdout, /^data:,abc: EISDIR/m);
  assert.match(stdout, /^ +4 B +\d+ ms {2}data:,defg$/m);
});

test("fetch-many lets go of an answer that it does not want", async () => {
  let unwanted: Socket | undefined;
  const server = createServer(({ url, socket }, response) => {
    if (url === "/unwanted") {
      unwanted = socket;
      response.writeHead(500, { "content-length": 1e9 }).write("a page that says why");
    } else if (unwanted?.closed) response.end("free");
    else {
      unwanted?.once("close", () => response.end("free"));
      setTimeout(() => response.end("still there"), 10_000).unref();
    }
  });
  const url = await listening(server);
  const urls = [`${url}/unwanted`, `${url}/wanted`];
  const { code, stdout } = await nanort(["examples", "fetch-many", "--at-once", "1", ...urls]);
  assert.is(code, 1);
  assert.match(stdout, /\/unwanted: 500 Internal Server Error$/m);
  assert.match(stdout, /^ +4 B +\d+ ms {2}\S+\/wanted$/m);
  server.close();
});

test("api-gateway: what is late is left out, what fails falls back, and without the catalogue there is nothing", async () => {
  const gateway = await serving(["examples", "api-gateway"]);
  const ask = async (path: string) => {
    const response = await fetch(gateway.url + path);
    const outcomes = (response.headers.get("server-timing") ?? "").match(/(?<=desc=")\w+/g);
    return { status: response.status, outcomes, body: (await response.json()) as object };
  };
  assert.equal(await ask("/products/1"), {
    status: 200,
    outcomes: ["first", "fallback", "first"],
    body: {
      ...{ id: "1", name: "lantern", price: { amount: 10, currency: "EUR" } },
      reviews: ["A lantern as it should be."],
    },
  });
  assert.equal(await ask("/products/3"), {
    status: 200,
    outcomes: ["first", "fallback", "none"],
    body: { id: "3", name: "umbrella", price: { amount: 30, currency: "EUR" }, reviews: [] },
  });
  assert.equal(await ask("/products/4"), {
    status: 404,
    outcomes: null,
    body: { error: "there is no product 4" },
  });
  assert.is((await ask("/elsewhere")).status, 404);
  await gateway.stop();
});

test("api-gateway: services of one's own, an old price where there is no new one, and 502 without the catalogue", async () => {
  let broken = false;
  const services = createServer(({ url }, response) => {
    if (broken && url !== "/catalog/7") response.writeHead(500);
    response.end(JSON.stringify({ of: url }));
  });
  const url = await listening(services);
  const env = { CATALOG: `${url}/catalog/`, PRICES: `${url}/prices`, REVIEWS: `${url}/reviews` };
  const gateway = await serving(["examples", "api-gateway"], { env });
  const ask = async (id: number) => {
    const response = await fetch(`${gateway.url}/products/${id}`);
    return [response.status, await response.json()];
  };
  const price = { of: "/prices/7" };
  assert.equal(await ask(7), [200, { of: "/catalog/7", price, reviews: { of: "/reviews/7" } }]);
  broken = true;
  assert.equal(await ask(7), [200, { of: "/catalog/7", price, reviews: [] }]);
  assert.equal(await ask(8), [502, { error: "catalog: 500" }]);
  services.closeAllConnections();
  await new Promise((resolve) => services.close(resolve));
  const [status, { error }] = (await ask(7)) as [number, { error: string }];
  assert.is(status, 502);
  assert.match(error, /^catalog: connect ECONNREFUSED /);
  await gateway.stop();
});

test("proxy: requests and answers pass through it, streams and all; what cannot be reached is 502", async () => {
  const upstream = createServer((request, response) => {
    if (request.url === "/moved") return response.writeHead(302, { location: "http://127.0.0.1:2/" }).end();
    if (request.url === "/hops") {
      const { "x-asked": asked, "keep-alive": kept } = request.headers;
      const headers = { connection: "x-hop, keep-alive", "x-hop": "1", "content-encoding": "gzip" };
      return response.writeHead(200, headers).end(gzipSync(JSON.stringify({ asked, kept })));
    }
    response.writeHead(201, { "x-seen": `${request.method} ${request.url} ${request.headers.host}` });
    request.pipe(response);
  });
  const url = await listening(upstream);
  const { host } = new URL(url);
  const proxy = await serving(["examples", "proxy"], { env: { UPSTREAM: url } });
  const body = "x".repeat(300_000);
  const response = await fetch(`${proxy.url}/path?query`, { method: "POST", body });
  assert.equal([response.status, response.headers.get("x-seen")], [201, `POST /path?query ${host}`]);
  assert.is(response.headers.get("via"), "1.1 nanort");
  assert.is(await response.text(), body);
  // A path is a path, though it looks like another host.
  const elsewhere = await fetch(`${proxy.url}//elsewhere.example/x`, { headers: { "accept-encoding": "x" } });
  assert.is(elsewhere.headers.get("x-seen"), `GET //elsewhere.example/x ${host}`);
  const moved = await fetch(`${proxy.url}/moved`, { redirect: "manual" });
  assert.equal([moved.status, moved.headers.get("location")], [302, "http://127.0.0.1:2/"]);
  // fetch would not send a Connection of ours.
  const hops = await new Promise<IncomingMessage>((resolve) => {
    const headers = { connection: "x-asked", "x-asked": "1", "keep-alive": "timeout=1" };
    get(`${proxy.url}/hops`, { headers }, resolve);
  });
  assert.equal([hops.headers["x-hop"], hops.headers["content-encoding"]], [undefined, undefined]);
  assert.equal(await json(hops), {});
  // What is said of the coded bytes is left out here, too.
  const head = await fetch(`${proxy.url}/hops`, { method: "HEAD" });
  assert.equal([head.headers.get("via"), head.headers.get("content-encoding")], ["1.1 nanort", null]);
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
  const gone = await fetch(proxy.url);
  assert.is(gone.status, 502);
  assert.match(await gone.text(), /^connect ECONNREFUSED /);
  await proxy.stop();
});

test.run();
