/** The examples that fetch. */

import { readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort, serving } from "../cli/nanort.ts";

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

test("proxy: requests and answers pass through it, streams and all; what cannot be reached is 502", async () => {
  const upstream = createServer((request, response) => {
    if (request.url === "/moved") return response.writeHead(302, { location: "http://127.0.0.1:2/" }).end();
    response.writeHead(201, { "x-seen": `${request.method} ${request.url} ${request.headers.host}` });
    request.pipe(response);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const proxy = await serving(["examples", "proxy"], { env: { UPSTREAM: `http://${host}` } });
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
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
  const gone = await fetch(proxy.url);
  assert.is(gone.status, 502);
  assert.match(await gone.text(), /^connect ECONNREFUSED /);
  await proxy.stop();
});

test.run();
