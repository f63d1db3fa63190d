/** `nanort sign`: the signature of a file. */
import { createRuntime } from "../index.ts";
import { parse, UsageError } from "./command.ts";
import { readMessage } from "./files.ts";
import { readKey } from "./key-file.ts";

const HELP = `Usage: nanort sign --key FILE [--algorithm A] [FILE]

Signs a file, or standard input, and prints the signature: a line of base64url (RFC 4648).

  --key FILE     the private key or secret, as nanort keygen makes it, or openssl as "PRIVATE KEY"
  --algorithm A  for a key that does not say it, such as an RSA key in PEM: PS256, PS384 or PS512

The signature is the one that WebCrypto gives, and JSON Web Signatures have: for ECDSA, r and s.
A file may have 1 GiB at most.`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("sign", args, {
    key: { type: "string", short: "k" },
    algorithm: { type: "string", short: "a" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  if (values.key === undefined) throw new UsageError("sign needs a --key FILE; see nanort sign --help");
  const [file, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`sign takes one FILE, not also ${more.join(" ")}`);

  const nano = await createRuntime();
  const { subtle } = nano.crypto;
  const { key, parameters } = await readKey(subtle, values.key, "sign", values.algorithm);
  const signature = await subtle.sign(parameters, key, await readMessage(file));
  console.log(Buffer.from(signature).toString("base64url"));
  await nano.close();
}
