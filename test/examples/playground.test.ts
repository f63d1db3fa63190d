import { webcrypto } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { pathToFileURL } from "node:url";
import { createRuntime } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { serving } from "../cli/nanort.ts";

const FOLDER = "examples/playground";
const served = await serving(["examples", "playground"]);

test("the page and all that it asks for are served, as what they are", async () => {
  const types: Record<string, string> = {
    "": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "chat.html": "text/html; charset=utf-8",
    "chat-side.html": "text/html; charset=utf-8",
    "samples/hello.js": "text/javascript; charset=utf-8",
    "nanort/browser.js": "text/javascript; charset=utf-8",
    "nanort/nano.wasm": "application/wasm",
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await fetch(`${served.url}/${path}`);
    assert.is(response.status, 200, path);
    assert.is(response.headers.get("content-type"), type);
    const file = path.startsWith("nanort/")
      ? path.replace("nanort/", "wasm-out/")
      : `${FOLDER}/${path || "index.html"}`;
    if (!file.endsWith(".wasm")) assert.is(await response.text(), readFileSync(file, "utf8"));
  }
  for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".js"))) {
    const code = readFileSync(`${FOLDER}/${name}`, "utf8");
    for (const [, imported] of code.matchAll(/from "\.\/(.*?)"/g)) {
      assert.is((await fetch(`${served.url}/${imported}`)).status, 200, `${name} imports ${imported}`);
    }
  }
});

test("the pages name nothing that is elsewhere", () => {
  for (const name of ["index.html", "chat.html", "chat-side.html"]) {
    const page = readFileSync(`${FOLDER}/${name}`, "utf8");
    for (const [, address] of page.matchAll(/(?:src|href)="(.*?)"/g)) {
      assert.match(address!, /^(data:,|[\w.-]+(\?name=\w+)?)$/);
    }
  }
  for (const name of ["style.css", "chat.css"]) {
    assert.not.match(readFileSync(`${FOLDER}/${name}`, "utf8"), /url\(|@import/);
  }
});

/** The status of a request that no URL parser has tidied up. */
function statusOf(target: string, method = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(new URL(served.url).port), "127.0.0.1");
    let answer = "";
    socket.setEncoding("latin1").on("error", reject);
    socket.on("data", (text) => {
      answer += text;
    });
    socket.on("close", () => resolve(Number(answer.split(" ")[1])));
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  });
}

test("nothing but its files is served, however it is asked for", async () => {
  const targets = [
    "/../../package.json",
    "/%2e%2e/%2e%2e/package.json",
    "/..%2f..%2fpackage.json",
    "/..\\..\\package.json",
    "//etc/passwd",
    "/samples/",
    "/app.ts",
    "/README.md",
    "/nanort/index.js",
    "/__proto__",
    "/constructor",
  ];
  for (const target of targets) assert.is(await statusOf(target), 404, target);
  assert.is(await statusOf("/", "POST"), 405);
  assert.is(await statusOf("/", "HEAD"), 200);
});

test("its samples are apps for any host", async () => {
  const nano = await createRuntime();
  const uninstall = nano.install(globalThis);
  try {
    const answers: Record<string, [Request, string]> = {
      hello: [new Request("http://nano.test/?name=Ada"), "Hello, Ada!\n"],
      streaming: [new Request("http://nano.test/"), readSong()],
      webhook: [new Request("http://nano.test/"), "send a POST\n"],
    };
    for (const [name, [request, answer]] of Object.entries(answers)) {
      const app = await nano.load(readFileSync(`${FOLDER}/samples/${name}.js`, "utf8"));
      assert.is(await (await app.fetch(request)).text(), answer, name);
    }
  } finally {
    uninstall();
    await nano.close();
  }
});

test("tls-less-webcrypto verifies what it signed alone, and decrypts what it encrypted, keys anew each time", async () => {
  const nano = await createRuntime();
  const uninstall = nano.install(globalThis);
  try {
    const ask = async (body: string) => {
      const app = await nano.load(readFileSync(`${FOLDER}/samples/tls-less-webcrypto.js`, "utf8"));
      return (await app.fetch(new Request("http://nano.test/", { method: "POST", body }))).json();
    };
    const [first, second] = [await ask("é".repeat(100_000)), await ask("")];
    assert.is(first.decrypted, "é".repeat(100_000));
    assert.is(second.decrypted, "");
    assert.is(Buffer.from(second.encrypted, "base64").length, 16);
    for (const { signature, verified, verifiedAnother } of [first, second]) {
      assert.is(Buffer.from(signature, "base64").length, 64);
      assert.equal([verified, verifiedAnother], [true, false]);
    }
    assert.is.not(first.signature, second.signature);
  } finally {
    uninstall();
    await nano.close();
  }
});

test("its sample of copies changes the copy alone, moves a buffer, keeps a circle in bytes, and is told what is refused", async () => {
  const nano = await createRuntime();
  const uninstall = nano.install(globalThis);
  const { log } = console;
  Object.assign(globalThis, { nano });
  console.log = () => undefined;
  try {
    const app = await nano.load(readFileSync(`${FOLDER}/samples/cloning.js`, "utf8"));
    const ask = async () => (await app.fetch(new Request("http://nano.test/"))).json();
    const answer = await ask();
    assert.equal(answer, {
      likes: ["numbers", "loops", "engines"],
      left: "0 of 1000000",
      bytes: answer.bytes,
      isCircle: true,
      refused: "DataCloneError: structuredClone: a function cannot be cloned, at .guests[0].greet",
    });
    assert.equal(await ask(), answer);
  } finally {
    console.log = log;
    Reflect.deleteProperty(globalThis, "nano");
    uninstall();
    await nano.close();
  }
});

interface Sealed {
  number: number;
  sealed: Uint8Array;
}
/** What of examples/playground/chat-channel.js is used here. */
interface Channel {
  publicKey: Uint8Array;
  safetyNumber: string | undefined;
  connect(publicKey: Uint8Array): Promise<void>;
  seal(text: string): Promise<Sealed>;
  open(message: Sealed): Promise<{ text: string; missing: number }>;
}

const { Channel } = (await import(pathToFileURL(`${FOLDER}/chat-channel.js`).href)) as {
  Channel: { create(crypto: unknown): Promise<Channel> };
};

/** Two who have each other's key. The host's WebCrypto does for one of them, where it has X25519. */
async function conversation(): Promise<[ada: Channel, bob: Channel]> {
  const nano = await createRuntime();
  const ada = await Channel.create(nano.crypto);
  const bob = await Channel.create(webcrypto).catch(() => Channel.create(nano.crypto));
  await Promise.all([ada.connect(bob.publicKey), bob.connect(ada.publicKey)]);
  return [ada, bob];
}

const isRefused = (opening: Promise<unknown>) =>
  opening.then(
    () => false,
    () => true,
  );

test("its chat: each reads what the other wrote, and both have the same safety number", async () => {
  const [ada, bob] = await conversation();
  assert.match(ada.safetyNumber!, /^\d{5}( \d{5}){11}$/);
  assert.is(ada.safetyNumber, bob.safetyNumber);
  for (const text of ["hello", "", "é".repeat(10_000)]) {
    assert.equal(await bob.open(await ada.seal(text)), { text, missing: 0 });
    assert.equal(await ada.open(await bob.seal(text)), { text, missing: 0 });
  }
  const { sealed } = await ada.seal("hello");
  assert.not.match(Buffer.from(sealed).toString("latin1"), "hello");
  assert.is(sealed.length, 5 + 16);
});

test("its chat: what was changed, renumbered, sent back or sent again is refused, and what is missing is told", async () => {
  const [ada, bob] = await conversation();
  const [first, second, third] = [await ada.seal("one"), await ada.seal("two"), await ada.seal("three")];
  for (let bit = 0; bit < 8 * first.sealed.length; bit++) {
    const sealed = first.sealed.slice();
    sealed[bit >> 3]! ^= 1 << (bit & 7);
    assert.ok(await isRefused(bob.open({ ...first, sealed })), `bit ${bit}`);
  }
  assert.ok(await isRefused(bob.open({ ...first, number: 2 })));
  assert.ok(await isRefused(ada.open(first)));
  assert.equal(await bob.open(second), { text: "two", missing: 1 });
  assert.ok(await isRefused(bob.open(second)));
  assert.ok(await isRefused(bob.open(first)));
  // Numbers of the same nonce, and what is no number.
  const numbers = [2 ** 32 + second.number, second.number + 0.5, -1, 0, NaN, Infinity, "2", null, undefined];
  for (const number of numbers) {
    assert.ok(await isRefused(bob.open({ ...second, number: number as number })), `number ${number}`);
  }
  assert.equal(await bob.open(third), { text: "three", missing: 0 });
});

test("its chat: somebody in between, with keys of their own, shows in the safety numbers", async () => {
  const nano = await createRuntime();
  const [ada, bob, toAda, toBob] = await Promise.all([1, 2, 3, 4].map(() => Channel.create(nano.crypto)));
  await Promise.all([ada!.connect(toAda!.publicKey), bob!.connect(toBob!.publicKey)]);
  assert.is.not(ada!.safetyNumber, bob!.safetyNumber);
  // Each half is one key's, whatever the other is: two keys that are tried together are not found any sooner.
  const halves = ({ safetyNumber }: Channel) => [safetyNumber!.slice(0, 35), safetyNumber!.slice(36)];
  const [carl, dora] = [await Channel.create(nano.crypto), await Channel.create(nano.crypto)];
  await Promise.all([carl.connect(toAda!.publicKey), dora.connect(toAda!.publicKey)]);
  const shared = halves(carl).filter((half) => halves(dora).includes(half));
  assert.is(shared.length, 1);
  assert.ok(halves(ada!).includes(shared[0]!));
  // A key that makes the secret zero, whatever the other's is.
  assert.ok(await isRefused(toBob!.connect(new Uint8Array(32))));
  await nano.close();
});

test("its chat: another key that comes later changes nothing", async () => {
  const [ada, bob] = await conversation();
  const { safetyNumber } = ada;
  assert.ok(await isRefused(ada.connect(ada.publicKey)));
  assert.is(ada.safetyNumber, safetyNumber);
  assert.equal(await bob.open(await ada.seal("hello")), { text: "hello", missing: 0 });

  const nano = await createRuntime();
  const [carl, dora] = [await Channel.create(nano.crypto), await Channel.create(nano.crypto)];
  const [first, second] = [carl.connect(dora.publicKey), carl.connect(bob.publicKey)];
  assert.equal([await isRefused(first), await isRefused(second)], [false, true]);
  await dora.connect(carl.publicKey);
  assert.is(carl.safetyNumber, dora.safetyNumber);
  await nano.close();
});

function readSong(): string {
  return [
    "Row, row, row your boat,",
    "gently down the stream.",
    "Merrily, merrily, merrily, merrily,",
    "life is but a dream.\n",
  ].join("\n");
}

test("it stops", async () => {
  assert.is((await served.stop()).code, 0);
});

test.run();
