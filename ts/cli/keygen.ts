/** `nanort keygen`: a new key, as a file. */
import { rmSync, writeFileSync } from "node:fs";
import { createRuntime } from "../index.ts";
import { parse, UsageError } from "./command.ts";
import { explained, isFile, requireNew } from "./files.ts";
import { ALGORITHMS, encodeKey, type KeyFileFormat, requireAlgorithm } from "./key-file.ts";

/** What SP 800-57 asks for beyond the year 2030. */
const RSA_BITS_DEFAULT = "3072";
/** 65537 */
const PUBLIC_EXPONENT = Uint8Array.of(1, 0, 1);

const HELP = `Usage: nanort keygen --algorithm A [--format jwk|pem] [--out FILE] [--public FILE] [--bits N]

Makes a key, by the names of RFC 7518 and RFC 8037, and prints it, or writes it to a file that only you may read.

  --algorithm A  ES256 ES384 ES512        a key pair for ECDSA, on P-256, P-384 or P-521
                 EdDSA Ed448              a key pair for EdDSA: Ed25519, or Ed448
                 PS256 PS384 PS512        a key pair for RSA-PSS
                 HS256 HS384 HS512        a secret for HMAC
                 A128GCM A192GCM A256GCM  a secret for AES-GCM
  --format F     jwk, a JSON Web Key (the default); or pem, for a key pair
  --out FILE     where the private key or secret goes, instead of standard output
  --public FILE  where the public half of a key pair goes
  --bits N       the length of an RSA key: 2048 to 8192 (default: ${RSA_BITS_DEFAULT})

A file that exists is left alone.`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("keygen", args, {
    algorithm: { type: "string", short: "a" },
    format: { type: "string", short: "f", default: "jwk" },
    out: { type: "string", short: "o" },
    public: { type: "string", short: "p" },
    bits: { type: "string", short: "b" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length > 0) throw new UsageError(`keygen takes options only, not ${positionals[0]}`);
  const algorithm = readAlgorithm(values.algorithm);
  const { name } = ALGORITHMS[algorithm]!;
  const format = readFormat(values.format);
  if (name === "HMAC" || name === "AES-GCM") {
    if (format === "pem") throw new UsageError(`PEM is for key pairs; ${algorithm} has a secret`);
    if (values.public !== undefined) throw new UsageError(`${algorithm} has a secret, and no public half`);
  }
  if (name !== "RSA-PSS" && values.bits !== undefined) {
    throw new UsageError(`--bits is for RSA; keys for ${algorithm} have one length`);
  }
  const modulusLength = readBits(values.bits ?? RSA_BITS_DEFAULT);
  if (values.out !== undefined && values.out === values.public) {
    throw new UsageError("--out and --public name the same file");
  }
  requireNew(values.out);
  requireNew(values.public);

  const nano = await createRuntime();
  const { subtle } = nano.crypto;
  const parameters = { ...ALGORITHMS[algorithm]!, modulusLength, publicExponent: PUBLIC_EXPONENT };
  const usages: KeyUsage[] = name === "AES-GCM" ? ["encrypt", "decrypt"] : ["sign", "verify"];
  const made = await subtle.generateKey(parameters, true, usages);
  const secret = "privateKey" in made ? made.privateKey : made;
  write(values.out, await encodeKey(subtle, secret, algorithm, format), 0o600);
  if ("publicKey" in made && values.public !== undefined) {
    const half = await encodeKey(subtle, made.publicKey, algorithm, format);
    try {
      write(values.public, half, 0o644);
    } catch (error) {
      if (isFile(values.out)) rmSync(values.out); // Half a pair is none, and would be in the way of the next.
      throw error;
    }
  }
  await nano.close();
}

function readAlgorithm(name: string | undefined): string {
  if (name === undefined) {
    throw new UsageError(`keygen needs an --algorithm: ${Object.keys(ALGORITHMS).join(", ")}`);
  }
  requireAlgorithm(name);
  return name;
}

function readFormat(format: string): KeyFileFormat {
  if (format === "jwk" || format === "pem") return format;
  throw new UsageError(`--format must be jwk or pem, not ${JSON.stringify(format)}`);
}

function readBits(text: string): number {
  const bits = Number(text);
  if (/^\d+$/.test(text) && bits >= 2048 && bits <= 8192) return bits;
  throw new UsageError(`--bits must be a whole number from 2048 to 8192, not ${JSON.stringify(text)}`);
}

/** @param mode who may read and write the file, before the process's umask. */
function write(path: string | undefined, text: string, mode: number): void {
  if (!isFile(path)) return void process.stdout.write(text);
  try {
    writeFileSync(path, text, { mode, flag: "wx" });
  } catch (error) {
    throw explained(error, path);
  }
}
