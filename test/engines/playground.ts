/**
 * The playground, served by `nanort examples playground` and used as a person uses it: by typing, pressing and reading,
 * in a browser, on a page that came by plain http.
 */
import * as assert from "uvu/assert";
import { type Served, serving } from "../cli/nanort.ts";
import { type Report, runSuites, type Suite } from "../suites/suite.ts";
import type { Page } from "./browsers.ts";

/** What of puppeteer-core's Page is used here. */
interface PersonsPage extends Page {
  click(selector: string): Promise<void>;
  select(selector: string, value: string): Promise<unknown>;
  setViewport(size: { width: number; height: number }): Promise<void>;
  waitForFunction(code: string, options: { timeout: number }): Promise<unknown>;
  keyboard: {
    type(text: string): Promise<void>;
    press(key: string): Promise<void>;
    down(key: string): Promise<void>;
    up(key: string): Promise<void>;
  };
}

const PATIENCE_MS = 15_000;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

export async function playgroundReport(page: Page): Promise<Report> {
  const served = await serving(["examples", "playground"]);
  try {
    const suite = playground(page as PersonsPage, served);
    return await runSuites([suite], { capabilities: [], core: new Uint8Array(), nativeSubtle: false });
  } finally {
    await served.stop();
  }
}

function playground(page: PersonsPage, served: Served): Suite {
  const address = `http://nano.test:${new URL(served.url).port}/`;

  const property = (id: string, name: string) =>
    page.evaluate<string>(`document.getElementById(${JSON.stringify(id)}).${name}`);
  const text = (id: string) => property(id, "textContent");
  const value = (id: string) => property(id, "value");
  const focused = () => page.evaluate<string>("document.activeElement.id");

  /** Waits until an element's text is as it should be; what it is. */
  async function read(id: string, pattern: RegExp): Promise<string> {
    const code = `${pattern}.test(document.getElementById(${JSON.stringify(id)}).textContent)`;
    await page.waitForFunction(code, { timeout: PATIENCE_MS }).catch(async () => {
      throw new Error(`${id} says ${JSON.stringify(await text(id))}, not ${pattern}`);
    });
    return text(id);
  }

  async function hold(modifier: string, key: string): Promise<void> {
    await page.keyboard.down(modifier);
    await page.keyboard.press(key);
    await page.keyboard.up(modifier);
  }

  /** Replaces what a field holds by typing. */
  async function type(id: string, content: string): Promise<void> {
    await page.click(`#${id}`);
    await hold("Control", "a");
    await page.keyboard.press("Delete");
    await page.keyboard.type(content);
  }

  async function open(fragment = ""): Promise<void> {
    // A new fragment alone would not load the page anew.
    await page.goto("about:blank");
    await page.goto(address + fragment);
    await page.waitForFunction("!document.getElementById('send').disabled", { timeout: PATIENCE_MS });
  }

  /** Types an app, in one line, and sends a request. */
  async function run(app: string): Promise<void> {
    await type("code", app);
    await page.click("#send");
  }

  return {
    name: "playground",
    tests: {
      "a visitor presses Send and reads what the sample answers": async () => {
        await page.setViewport(WIDE);
        await open();
        assert.is(await page.evaluate("isSecureContext"), false);
        assert.is(await text("status"), "Press Send.");
        await page.click("#send");
        assert.match(await read("status", /bytes/), /^200 OK · \d+\.\d ms · 12 bytes$/);
        assert.is(await text("answer-body"), "Hello, Ada!\n");
        assert.match(await text("answer-headers"), "content-typetext/plain;charset=UTF-8");
        assert.is(await text("console"), "GET http://playground.test/?name=Ada");
      },

      "an answer moves nothing on the page": async () => {
        for (const size of [PHONE, WIDE]) {
          await page.setViewport(size);
          await open();
          const sizes = () =>
            page.evaluate<string>(
              `JSON.stringify([...document.querySelectorAll("main > *, main button")].map((each) =>
                [each.offsetLeft, each.offsetTop, each.offsetWidth, each.offsetHeight]))`,
            );
          const before = await sizes();
          await page.click("#send");
          await read("status", /bytes/);
          assert.is(await sizes(), before);
        }
      },

      "each sample answers its request": async () => {
        await open();
        const expected: Record<string, [status: RegExp, body: RegExp]> = {
          hello: [/^200 OK/, /^Hello, Ada!$/m],
          digest: [/^200 OK/, /"SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d"/],
          webhook: [/^200 OK/, /^accepted 13 bytes$/m],
          "tls-less-webcrypto": [
            /^200 OK/,
            /"isSecureContext": false,\n.*"verified": true,\n.*"verifiedAnother": false,\n.*"decrypted": "a message"/s,
          ],
          cloning: [
            /^200 OK/,
            /"left": "0 of 1000000",\n.*"isCircle": true,\n.*cannot be cloned, at \.guests\[0\]\.greet"/s,
          ],
          streaming: [/^200 OK/, /^Row, row.*dream\.$/ms],
          timers: [/^200 OK/, /^Request 1: /],
        };
        const names = await page.evaluate<string[]>(
          "[...document.getElementById('sample').options].map(({ value }) => value).filter(Boolean)",
        );
        assert.equal(names, Object.keys(expected));
        for (const name of names) {
          await page.select("#sample", name);
          await read("status", /^Press Send\.$/);
          await page.click("#send");
          assert.match(await read("status", /bytes$/), expected[name]![0]);
          assert.match(await text("answer-body"), expected[name]![1]);
        }
        await read("console", /lift-off, \d+ ms after the request/);
      },

      "a webhook that was tampered with is refused": async () => {
        await page.select("#sample", "webhook");
        await read("status", /^Press Send\.$/);
        await type("body", "Hello, Mallory");
        await page.click("#send");
        assert.match(await read("status", /bytes$/), /^401 Unauthorized/);
        assert.is(await text("answer-body"), "wrong signature\n");
      },

      "an app is written and run by keyboard alone": async () => {
        await open();
        await page.click("#code");
        await hold("Control", "a");
        await page.keyboard.type(
          "export default {\nfetch(request) {\nreturn new Response('to ' + request.method);\n",
        );
        await hold("Shift", "Tab");
        await page.keyboard.type("},\n");
        await hold("Shift", "Tab");
        await page.keyboard.type("};");
        assert.is(
          await value("code"),
          "export default {\n  fetch(request) {\n    return new Response('to ' + request.method);\n  },\n};",
        );
        assert.is(await text("colours"), `${await value("code")}\n`);
        assert.is(await text("numbers"), "1\n2\n3\n4\n5");
        await page.keyboard.press("Escape");
        await page.keyboard.press("Tab");
        assert.is(await focused(), "method");
        await page.keyboard.type("PUT");
        await hold("Control", "Enter");
        assert.match(await read("status", /bytes$/), /^200 OK/);
        assert.is(await text("answer-body"), "to PUT");
        assert.is(await focused(), "method");
      },

      "the editor indents several lines, and undoes it": async () => {
        await type("code", "a\nb");
        await hold("Control", "a");
        await page.keyboard.press("Tab");
        assert.is(await value("code"), "  a\n  b");
        await hold("Shift", "Tab");
        assert.is(await value("code"), "a\nb");
        await hold("Control", "z");
        assert.is(await value("code"), "  a\n  b");
      },

      "an app that throws answers 500, and the console tells the line": async () => {
        await open();
        await run("export default { fetch() { throw new Error('on purpose'); } };");
        assert.match(await read("status", /bytes$/), /^500 Internal Server Error/);
        const told = await read("console", /on purpose/);
        assert.match(told, "GET /");
        assert.match(told, /app-1\.js:1:\d+/);
      },

      "an app that cannot be loaded is told so": async () => {
        await run("export default { fetch( };");
        await read("status", /^The app could not be loaded\.$/);
        await read("console", /SyntaxError: /);
        await run("export const fetch = 1;");
        await read("console", /TypeError: /);
      },

      "bytes that are no text are shown as digits": async () => {
        await open();
        const type = "{ headers: { 'Content-Type': 'application/octet-stream' } }";
        await run(`export default { fetch: () => new Response(Uint8Array.of(0, 65, 255), ${type}) };`);
        await read("status", /^200 OK.* · 3 bytes$/);
        assert.match(await text("answer-body"), /^0000 {2}00 41 ff +\.A\.$/);
      },

      "the console shows values of all kinds, and what cannot be shown as such": async () => {
        await open();
        const values = [
          ...["{ a: [1, 'two'], zero: -0 }", "new Map([[1n, new Set(['b'])]])", "Uint8Array.of(1, 2)"],
          ...["(() => { const self = {}; self.self = self; return self; })()", "class A {}"],
          "new Proxy({}, { getPrototypeOf() { throw new RangeError('no'); } })",
        ];
        await run(`console.log(${values.join(", ")}); export default { fetch: () => new Response() };`);
        assert.is(
          await read("console", /no/),
          '{ a: [1, "two"], zero: -0 } Map(1) { 1n => Set(1) { "b" } } Uint8Array(2) [1, 2] ' +
            "{ self: [Circular] } [Function A] [a value that cannot be shown: RangeError: no]",
        );
      },

      "what the parser refuses comes back as its refusal": async () => {
        await open();
        await type("path", "/a b");
        await page.click("#send");
        assert.match(await read("status", /bytes$/), /^400 Bad Request/);
        await type("path", "/");
        await type("headers", "Host: one\nHost: two");
        await page.click("#send");
        assert.match(await read("status", /bytes$/), /^400 Bad Request/);
      },

      "an endless loop is stopped by Stop, and the next request begins anew": async () => {
        await open();
        await run("export default { fetch() { console.log('busy'); while (true); } };");
        await read("status", /^Waiting/);
        await page.click("#stop");
        await read("status", /^Stopped\.$/);
        assert.is(await focused(), "send");
        await run("export default { fetch: () => new Response('back') };");
        await read("status", /^200 OK.*bytes$/);
        assert.is(await text("answer-body"), "back");
      },

      "an endless loop is stopped by itself, and does not drown the console": async () => {
        await open();
        await run("export default { fetch() { while (true) console.log('again'); } };");
        await read("status", /^Stopped: the app was busy for 5 s without a pause\.$/);
        const lines = await page.evaluate<number>("document.getElementById('console').childElementCount");
        assert.ok(lines <= 500);
      },

      "a link brings back code and request, and runs nothing": async () => {
        await open();
        await type("code", "console.log('ran'); export default { fetch: () => new Response('é') };");
        await type("path", "/deep?a=1");
        await page.waitForFunction("location.hash.startsWith('#1.')", { timeout: PATIENCE_MS });
        await page.click("#copy");
        await read("copy", /^Copied$|^It is in the address bar$/);
        const { hash } = new URL(await page.evaluate<string>("location.href"));
        const before = [await value("code"), await value("path")];

        await open(hash);
        assert.equal([await value("code"), await value("path")], before);
        assert.is(await text("console"), "");
        await page.click("#send");
        await read("status", /^200 OK.* · 2 bytes$/);
        assert.is(await text("answer-body"), "é");
        assert.is(await text("console"), "ran");
      },

      "choosing a sample leaves what was there in the history": async () => {
        await open();
        await type("code", "// mine");
        await page.select("#sample", "timers");
        await page.waitForFunction("document.getElementById('code').value.includes('countdown')", {
          timeout: PATIENCE_MS,
        });
        await page.waitForFunction("history.length > 1", { timeout: PATIENCE_MS });
        await page.evaluate("history.back()");
        await page.waitForFunction("document.getElementById('code').value === '// mine'", {
          timeout: PATIENCE_MS,
        });
      },

      "a damaged link says so, and shows a sample": async () => {
        for (const [fragment, why] of [
          ["#1.AAAA", "it is damaged, or was cut off"],
          ["#elsewhere", "it was not made by this page"],
        ]) {
          await open(fragment);
          assert.is(await text("status"), `This link cannot be opened: ${why}. Here is a sample instead.`);
          assert.match(await value("code"), "Hello");
        }
      },

      "every control has a name that a screen reader can say": async () => {
        const nameless = await page.evaluate<string[]>(
          `[...document.querySelectorAll("input, select, textarea, button")]
            .filter((each) => !each.labels?.[0]?.textContent.trim() && !each.textContent.trim())
            .map(({ id }) => id)`,
        );
        assert.equal(nameless, []);
      },

      "a phone shows it without scrolling sideways, and the answer after Send": async () => {
        await page.setViewport(PHONE);
        await open();
        assert.is(await page.evaluate("innerWidth"), PHONE.width);
        assert.is(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
        await page.click("#send");
        await read("status", /bytes$/);
        const bottom = await page.evaluate<number>(
          "document.getElementById('response').getBoundingClientRect().bottom",
        );
        assert.ok(bottom <= PHONE.height, `the answer ends at ${bottom}`);
        await page.setViewport(WIDE);
      },

      "two write to each other, and the page between them reads nothing": async () => {
        await page.goto(`${address}chat.html`);
        const inSide = (side: number, code: string) => `(({ document }) => ${code})(frames[${side}])`;
        const waitIn = (side: number, code: string) =>
          page.waitForFunction(inSide(side, code), { timeout: PATIENCE_MS });
        const says = (side: number, text: string) =>
          waitIn(
            side,
            `document.getElementById("talk").lastElementChild?.textContent === ${JSON.stringify(text)}`,
          );
        const write = (side: number, text: string) =>
          page.evaluate(
            inSide(
              side,
              `{ document.getElementById("text").value = ${JSON.stringify(text)};
                document.getElementById("write").requestSubmit(); }`,
            ),
          );
        for (const side of [0, 1]) await waitIn(side, `!document.getElementById("send").disabled`);
        const number = `document.getElementById("status").textContent`;
        const [ada, bob] = [
          await page.evaluate<string>(inSide(0, number)),
          await page.evaluate<string>(inSide(1, number)),
        ];
        assert.match(ada, /^Safety number \d{5} /);
        assert.is(ada, bob);
        await write(0, "shall we meet?");
        await says(1, "shall we meet?");
        await write(1, "at noon");
        await says(0, "at noon");
        const carried = await text("wire");
        assert.match(carried, /Ada, public key: .*Bob, message 1: [\da-f]{46}$/);
        assert.not.match(carried, /meet|noon/);

        await page.click("#change");
        await write(0, "at one");
        await says(1, "A message was refused: it is not as it was written.");
        await write(0, "at two");
        await says(1, "at two");
        assert.match(
          await page.evaluate<string>(inSide(1, `document.getElementById("talk").textContent`)),
          /A message is missing\.at two$/,
        );
      },

      "everything comes from where the page came from, and is not needed again": async () => {
        await open();
        const origins = await page.evaluate<string[]>(
          `[...new Set(performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin))]`,
        );
        assert.equal(origins, [new URL(address).origin]);
        await served.stop();
        await page.click("#send");
        await read("status", /^200 OK.*bytes$/);
        await page.select("#sample", "digest");
        await read("status", /^Press Send\.$/);
        await page.click("#send");
        await read("status", /^200 OK.*bytes$/);
        assert.match(await text("answer-body"), "a9993e364706816aba3e25717850c26c9cd0d89d");
      },
    },
  };
}
