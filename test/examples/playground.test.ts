import { readdirSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
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

test("the page names nothing that is elsewhere", () => {
  const page = readFileSync(`${FOLDER}/index.html`, "utf8");
  for (const [, address] of page.matchAll(/(?:src|href)="(.*?)"/g))
    assert.match(address!, /^(data:,|[\w.-]+)$/);
  assert.not.match(readFileSync(`${FOLDER}/style.css`, "utf8"), /url\(|@import/);
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
