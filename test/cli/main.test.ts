import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderWith, nanort } from "./nanort.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const CRYPTO = ["keygen", "sign", "verify", "encrypt", "decrypt"];
const COMMANDS = ["run", "serve", "bundle", ...CRYPTO, "inspect", "examples", "info"];

test("--version prints the package's version", async () => {
  assert.equal(await nanort(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
});

test("without arguments and with --help, it tells every command", async () => {
  const [bare, help] = await Promise.all([nanort([]), nanort(["--help"])]);
  assert.equal(bare, help);
  assert.is(help.code, 0);
  for (const command of COMMANDS) assert.match(help.stdout, new RegExp(`^  ${command} +\\w`, "m"));
});

test("each command tells its usage", async () => {
  const outcomes = await Promise.all(COMMANDS.map((command) => nanort([command, "--help"])));
  for (const [at, { code, stdout, stderr }] of outcomes.entries()) {
    assert.match(stdout, new RegExp(`^Usage: nanort ${COMMANDS[at]} `));
    assert.equal({ code, stderr }, { code: 0, stderr: "" });
  }
});

test("in a pipe nothing is coloured", async () => {
  const outcomes = await Promise.all([nanort(["--help"]), nanort(["examples"]), nanort(["nope"])]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
  for (const { stdout, stderr } of outcomes) assert.not.match(stdout + stderr, /\x1b/);
});

test("a mistake at the keyboard gets one line on standard error and exit code 2", async () => {
  const folder = folderWith({
    "no-fetch.mjs": "export default { feth() {} };",
    "app.mjs": "export default { fetch: () => new Response() };",
  });
  const app = `${folder}/app.mjs`;
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as { port: number };

  const mistakes: [args: string[], complaint: RegExp, env?: Record<string, string>][] = [
    [["srve"], /no command named srve; did you mean serve\?/],
    [["xyzzy"], /no command named xyzzy; nanort --help/],
    [["constructor"], /no command named constructor/],
    [["script.ts"], /no command named script\.ts; to run a script: nanort run script\.ts/],
    [["--frob"], /unknown option --frob/],
    [["run"], /needs a FILE/],
    [["run", "--frob", "x.js"], /unknown option '--frob'; see nanort run --help/],
    [["run", "missing.js"], /no such file: missing\.js/],
    [["run", folder], /is a folder; to serve it: nanort serve/],
    [["serve"], /needs an APP/],
    [["serve", "missing"], /no such file or folder: missing/],
    [["serve", app, "another"], /takes one APP, not also another/],
    [["serve", `${folder}/no-fetch.mjs`], /no-fetch\.mjs is no app: .*fetch/],
    [["serve", folderWith({})], /no app here: no "main" in package\.json, no app, index or main/],
    [["serve", app, "--prot", "1"], /unknown option '--prot'/],
    [["serve", app, "--port", "65536"], /--port must be a whole number from 0 to 65535, not "65536"/],
    [["serve", app, "--port", "80a"], /--port must be .* not "80a"/],
    [["serve", app, "--port=-1"], /--port must be .* not "-1"/],
    [["serve", app, "--port="], /--port must be .* not ""/],
    [["serve", app], /PORT must be .* not "http"/, { PORT: "http" }],
    [["serve", app, "--port", String(port)], new RegExp(`port ${port} on 127\\.0\\.0\\.1 is already in use`)],
    [["serve", app, "--port", "0", "--hostname", "192.0.2.1"], /192\.0\.2\.1/],
    [["examples", "helo"], /no example named helo; did you mean hello\?/],
    [["examples", "../cli"], /no example named/],
    [["examples", "--frob"], /unknown option '--frob'/],
    [["info", "now"], /info takes no arguments/],
  ];
  const outcomes = await Promise.all(mistakes.map(([args, , env = {}]) => nanort(args, { env })));
  taken.close();
  for (const [at, { code, stdout, stderr }] of outcomes.entries()) {
    const [args, complaint] = mistakes[at]!;
    assert.match(stderr, /^nanort: [^\n]+\n$/, `nanort ${args.join(" ")}`);
    assert.match(stderr, complaint);
    assert.equal({ code, stdout }, { code: 2, stdout: "" }, `nanort ${args.join(" ")}`);
  }
});

test.run();
