/** `nanort examples`: lists the examples that come with the package, or runs one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, partAtName, UsageError } from "./command.ts";
import { runScript } from "./run.ts";
import { run as serve } from "./serve.ts";
import { didYouMean } from "./suggest.ts";
import { styleOf } from "./terminal.ts";

/** Seen from wasm-out/js, where this file is once it is built. */
const FOLDER = fileURLToPath(new URL("../../examples/", import.meta.url));

const HELP = `Usage: nanort examples [NAME [arguments]]

Without NAME: lists the examples. With NAME: runs that one; what stands behind NAME is passed on.
An example with an app.ts is served (nanort serve --help tells its options), one with a main.ts is run.`;

export async function run(args: string[]): Promise<void> {
  const { own, name, rest } = partAtName(args);
  const { values } = parse("examples", own, { help: { type: "boolean", short: "h" } });
  if (values.help) return console.log(HELP);
  if (name === undefined) return console.log(list());

  const names = exampleNames();
  if (!names.includes(name)) {
    const guess = didYouMean(name, names);
    throw new UsageError(`no example named ${name}; ${guess ?? `there are ${names.join(", ")}`}`);
  }
  const script = join(FOLDER, name, "main.ts");
  if (existsSync(script)) await runScript(script, rest);
  else await serve([join(FOLDER, name), ...rest]);
}

function exampleNames(): string[] {
  const entries = readdirSync(FOLDER, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function list(): string {
  const { bold, dim } = styleOf(process.stdout);
  const names = exampleNames();
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const lines = names.map((name) => `  ${bold(name.padEnd(width))}${summary(name)}`);
  return [...lines, "", dim(`nanort examples NAME runs one; its code is in ${FOLDER}`)].join("\n");
}

/** The first sentence below the title of an example's README. */
function summary(name: string): string {
  const [, paragraph = ""] = readFileSync(join(FOLDER, name, "README.md"), "utf8").split(/\n\s*\n/);
  const [sentence = ""] = paragraph.replace(/\s+/g, " ").split(/(?<=\.) /);
  return sentence.replace(/\.$/, "");
}
