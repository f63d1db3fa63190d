/** `nanort verify`: whether a signature is that of a file. */
import { createRuntime } from "../index.ts";
import { Failure, parse, UsageError } from "./command.ts";
import { inputName, readMessage, readWhole } from "./files.ts";
import { readKey } from "./key-file.ts";

const HELP = `Usage: nanort verify --key FILE --signature FILE [--algorithm A] [FILE]

Verifies the signature of a file, or of standard input. Exit code 0 if it is right, 1 if not.

  --key FILE        the key: of a pair, either half will do
  --signature FILE  what nanort sign has printed
  --algorithm A     for a key that does not say it, such as an RSA key in PEM: PS256, PS384 or PS512`;

/** An RSA signature of 16384 bits has 2731 characters. */
const SIGNATURE_FILE_BYTES_MAX = 4096;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("verify", args, {
    key: { type: "string", short: "k" },
    signature: { type: "string", short: "s" },
    algorithm: { type: "string", short: "a" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  if (values.key === undefined) throw new UsageError("verify needs a --key FILE; see nanort verify --help");
  if (values.signature === undefined) {
    throw new UsageError("verify needs a --signature FILE; see nanort verify --help");
  }
  const [file, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`verify takes one FILE, not also ${more.join(" ")}`);

  const nano = await createRuntime();
  const { subtle } = nano.crypto;
  const { key, parameters } = await readKey(subtle, values.key, "verify", values.algorithm);
  const signature = await readSignature(values.signature);
  const valid = await subtle.verify(parameters, key, signature, await readMessage(file));
  await nano.close();
  if (!valid) throw new Failure(`${values.signature} is no signature of ${inputName(file)} by this key`);
  console.log("the signature is right");
}

async function readSignature(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = (await readWhole(path, SIGNATURE_FILE_BYTES_MAX)).toString("latin1").trim();
  if (!/^[\w-]+$/.test(text)) {
    throw new UsageError(`${path} holds no signature: it must be one line of base64url`);
  }
  const bytes = Buffer.from(text, "base64url");
  // Buffer drops what is too little for a byte. There is one way to write some bytes, and this must be it.
  if (bytes.toString("base64url") === text) return new Uint8Array(bytes);
  throw new Failure(`${path} is no signature: it does not end as base64url does`);
}
