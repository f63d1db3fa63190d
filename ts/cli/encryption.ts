/** What `nanort encrypt` and `nanort decrypt` have in common: all but the direction. */
import { DecryptionError, type encrypt } from "../../examples/encrypt-file/encrypted-file.ts";
import { createRuntime } from "../index.ts";
import { Failure, parse, UsageError } from "./command.ts";
import { inputName, isFile, readPieces, requireNew, writePieces } from "./files.ts";
import { readKey } from "./key-file.ts";

export interface Direction {
  verb: "encrypt" | "decrypt";
  help: string;
  transform: typeof encrypt;
}

export async function run({ verb, help, transform }: Direction, args: string[]): Promise<void> {
  const { values, positionals } = parse(verb, args, {
    key: { type: "string", short: "k" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(help);
  if (values.key === undefined) throw new UsageError(`${verb} needs a --key FILE; see nanort ${verb} --help`);
  const [input, output, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`${verb} takes IN and OUT, not also ${more.join(" ")}`);
  requireNew(output);
  if (verb === "encrypt" && !isFile(output) && process.stdout.isTTY) {
    throw new UsageError("encrypted bytes are nothing for a terminal: name OUT, or pipe them on");
  }

  const nano = await createRuntime();
  const { algorithm, key } = await readKey(nano.crypto.subtle, values.key, verb);
  if (algorithm !== "A256GCM") {
    throw new UsageError(`${values.key} is for ${algorithm}, and ${verb} takes A256GCM`);
  }
  const bytes = new Uint8Array(await nano.crypto.subtle.exportKey("raw", key));
  try {
    await writePieces(output, transform(nano.crypto, bytes, readPieces(input, { progress: true })));
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    throw new Failure(`${inputName(input)} ${error.message}`);
  }
  await nano.close();
}
