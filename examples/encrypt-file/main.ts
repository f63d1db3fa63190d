import { createReadStream, readFileSync, statSync } from "node:fs";
import { withProgress } from "../hash-file/progress.ts";
import { DecryptionError, decrypt, encrypt } from "./encrypted-file.ts";
import { writeWhole } from "./whole-file.ts";

/** Read in larger pieces than Node's 64 KiB, a file waits less on the way. */
const PIECE_BYTES = 1024 * 1024;

const [verb, keyFile, input, output] = process.argv.slice(2);
const transform = { encrypt, decrypt }[verb as "encrypt" | "decrypt"];
if (!transform || !keyFile || !input || !output) {
  console.error("usage: nanort examples encrypt-file encrypt|decrypt KEY IN OUT");
  process.exit(2);
}

try {
  const key = readKey(keyFile);
  const { size } = statSync(input);
  const pieces = withProgress(createReadStream(input, { highWaterMark: PIECE_BYTES }), size);
  await writeWhole(output, transform(crypto, key, pieces));
} catch (error) {
  const { message } = error as Error;
  console.error(`encrypt-file: ${error instanceof DecryptionError ? `${input} ${message}` : message}`);
  process.exitCode = 1;
}

/** A JSON Web Key, as `nanort keygen --algorithm A256GCM` writes it. */
function readKey(path: string): Uint8Array<ArrayBuffer> {
  const { alg, k } = JSON.parse(readFileSync(path, "utf8")) as JsonWebKey;
  if (alg !== "A256GCM" || k === undefined) throw new Error(`${path} holds no key for A256GCM`);
  return new Uint8Array(Buffer.from(k, "base64url"));
}
