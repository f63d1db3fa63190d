import { createHash, createHmac, randomBytes } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Served, serving } from "../cli/nanort.ts";

const hello = await serving(["examples", "hello"]);
const tour = await serving(["examples", "tour"]);
const webhook = await serving(["examples", "webhook"], { env: { WEBHOOK_SECRET: "" } });
const ownSecret = await serving(["examples", "webhook"], { env: { WEBHOOK_SECRET: "a secret" } });

test("hello greets the world, and whom it is told to", async () => {
  assert.is(await (await fetch(hello.url)).text(), "Hello, world!\n");
  assert.is(await (await fetch(`${hello.url}?name=Ada`)).text(), "Hello, Ada!\n");
});

test("the tour says where it is and what to try", () => {
  assert.match(tour.printed(), `tour is served at ${tour.url}\n`);
  assert.match(tour.printed(), `curl ${tour.url}/digest -d "abc"\n`);
});

test("the tour's page needs nothing from elsewhere", async () => {
  const response = await fetch(tour.url);
  assert.is(response.headers.get("content-type"), "text/html; charset=utf-8");
  const page = await response.text();
  assert.match(page, "<h1>NANO</h1>");
  assert.equal(page.match(/(?:src|href)="(?!data:)[^"]*"/g), null);
  assert.not.match(page, "import ");
});

async function ask(
  path: string,
  body?: BodyInit,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(tour.url + path, body === undefined ? {} : { method: "POST", body });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

test("the tour digests a body of any size by each algorithm", async () => {
  for (const body of [
    new Uint8Array(),
    new TextEncoder().encode("abc"),
    new Uint8Array(randomBytes(3_000_000)),
  ]) {
    for (const algorithm of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
      const digest = createHash(algorithm.replace("-", "")).update(body).digest("hex");
      const { answer } = await ask(`/digest?algorithm=${algorithm}`, body);
      assert.equal(answer, { algorithm, bytes: body.length, digest });
    }
  }
});

test("the tour refuses an algorithm that does not exist, and a path", async () => {
  const unknown = await ask("/digest?algorithm=SHA-257", "abc");
  assert.is(unknown.status, 400);
  assert.type(unknown.answer.error, "string");
  assert.is((await ask("/nowhere")).status, 404);
});

test("the tour verifies what it signed, and nothing else", async () => {
  const { mac } = (await ask("/sign", "a message")).answer;
  assert.match(String(mac), /^[0-9a-f]{64}$/);
  assert.equal((await ask(`/verify?mac=${mac}`, "a message")).answer, { valid: true });
  assert.equal((await ask(`/verify?mac=${mac}`, "another message")).answer, { valid: false });
  assert.equal((await ask("/verify", "a message")).answer, { valid: false });
});

test("the tour sends a body back", async () => {
  const body = new Uint8Array(randomBytes(1 << 20));
  const response = await fetch(`${tour.url}/echo`, { method: "POST", body });
  assert.equal(new Uint8Array(await response.arrayBuffer()), body);
});

test("the tour's identifiers are UUIDs of version 4, each a new one", async () => {
  const [first, second] = [(await ask("/uuid")).answer.uuid, (await ask("/uuid")).answer.uuid];
  for (const uuid of [first, second]) {
    assert.match(String(uuid), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assert.is.not(first, second);
});

test("the tour lets an hour pass", async () => {
  const { answer } = await ask("/clock");
  assert.is(answer.simulatedMs, 3_600_000);
  assert.is(answer.ticks, 3600);
});

test("the tour's memory is a plateau", async () => {
  const before = (await ask("/memory")).answer;
  for (let round = 0; round < 50; round++) await ask("/digest", "x".repeat(10_000));
  const after = (await ask("/memory")).answer;
  assert.ok(Number(after.poolBytes) > 0);
  assert.is(after.poolBytes, before.poolBytes);
  assert.is(after.liveArenas, before.liveArenas);
});

const GITHUB_BODY = "Hello, World!";
const GITHUB_SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

async function deliver(to: Served, body: BodyInit, signature?: string): Promise<[number, string]> {
  const headers = signature === undefined ? {} : { "X-Hub-Signature-256": signature };
  const response = await fetch(to.url, { method: "POST", body, headers });
  return [response.status, await response.text()];
}

test("the webhook accepts the example of GitHub's documentation", async () => {
  assert.equal(await deliver(webhook, GITHUB_BODY, GITHUB_SIGNATURE), [200, "accepted 13 bytes\n"]);
});

test("the webhook answers 401 to a signature that is wrong, broken or missing", async () => {
  const shorter = GITHUB_SIGNATURE.slice(0, -1);
  assert.equal(await deliver(webhook, "Hello, Mallory", GITHUB_SIGNATURE), [401, "wrong signature\n"]);
  assert.equal(await deliver(webhook, GITHUB_BODY, `${shorter}8`), [401, "wrong signature\n"]);
  for (const signature of [undefined, "", shorter, `${shorter}g`, GITHUB_SIGNATURE.slice(7), "sha256="]) {
    assert.is((await deliver(webhook, GITHUB_BODY, signature))[0], 401, String(signature));
  }
});

test("the webhook takes its secret from WEBHOOK_SECRET, and bodies of any bytes", async () => {
  const body = new Uint8Array(randomBytes(100_000));
  const signature = `sha256=${createHmac("sha256", "a secret").update(body).digest("hex")}`;
  assert.equal(await deliver(ownSecret, body, signature), [200, "accepted 100000 bytes\n"]);
  assert.is((await deliver(webhook, body, signature))[0], 401);
  assert.is((await deliver(ownSecret, GITHUB_BODY, GITHUB_SIGNATURE))[0], 401);
});

test("the webhook answers 405 to anything but POST", async () => {
  assert.is((await fetch(webhook.url)).status, 405);
});

test("each stops when it is told to, without a complaint", async () => {
  for (const served of [hello, tour, webhook, ownSecret]) {
    const { code, stderr } = await served.stop();
    assert.equal({ code, stderr }, { code: 0, stderr: "" });
  }
});

test.run();
