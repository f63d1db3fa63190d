#!/usr/bin/env node
/**
 * The `nanort` command. Each subcommand is a file of its own beside this one and is imported only when it is asked
 * for, so that a small script starts about as fast as under `node` itself.
 *
 * Exit codes: 0 all went well; 1 the script or a self-test failed, or a signature or an encrypted file is not what it
 * should be; 2 the command was used wrongly, which is told in one line and never by a stack.
 */
import { type Command, Failure, UsageError } from "./command.ts";
import { didYouMean } from "./suggest.ts";
import { styleOf } from "./terminal.ts";

declare const NANO_VERSION: string;

const COMMANDS: Record<string, { summary: string; load(): Promise<Command> }> = {
  run: { summary: "run a script: JavaScript or TypeScript", load: () => import("./run.ts") },
  serve: { summary: "serve an app over HTTP: a folder or a file", load: () => import("./serve.ts") },
  bundle: { summary: "write an app as a folder to deploy", load: () => import("./bundle.ts") },
  fetch: { summary: "fetch a URL, and show how", load: () => import("./fetch.ts") },
  keygen: { summary: "make a key, as JWK or PEM", load: () => import("./keygen.ts") },
  sign: { summary: "sign a file", load: () => import("./sign.ts") },
  verify: { summary: "verify a file's signature", load: () => import("./verify.ts") },
  encrypt: { summary: "encrypt a file", load: () => import("./encrypt.ts") },
  decrypt: { summary: "decrypt a file", load: () => import("./decrypt.ts") },
  inspect: { summary: "show what a serialized file holds", load: () => import("./inspect.ts") },
  examples: { summary: "list the examples, or run one", load: () => import("./examples.ts") },
  info: { summary: "show version, engine and core, and test them", load: () => import("./info.ts") },
};

async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return console.log(help());
  if (name === "--version" || name === "-v") return console.log(NANO_VERSION);

  if (!Object.hasOwn(COMMANDS, name)) throw new UsageError(unknown(name));
  const command = await COMMANDS[name]!.load();
  await command.run(rest);
}

function help(): string {
  const { bold, dim } = styleOf(process.stdout);
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${bold(name.padEnd(10))}${summary}`,
  );
  return [
    `${bold("nanort")} ${NANO_VERSION} ${dim("- a WebAssembly-first JavaScript runtime")}`,
    "",
    "Usage: nanort COMMAND [arguments]",
    "",
    ...commands,
    "",
    `  ${dim("nanort COMMAND --help tells more; nanort --version prints the version")}`,
  ].join("\n");
}

function unknown(name: string): string {
  if (name.startsWith("-")) return `unknown option ${name}; nanort --help lists the commands`;
  if (/[./\\]/.test(name)) return `no command named ${name}; to run a script: nanort run ${name}`;
  const guess = didYouMean(name, Object.keys(COMMANDS));
  return `no command named ${name}; ${guess ?? "nanort --help lists them"}`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  // Anything else is uncaught, and Node tells so: message, source line, stack, exit code 1.
  if (!(error instanceof UsageError || error instanceof Failure)) throw error;
  console.error(`${styleOf(process.stderr).red("nanort:")} ${error.message}`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
