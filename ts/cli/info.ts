/** `nanort info`: which NANO this is, what it stands on, and whether it computes what the standards print. */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createRuntime,
  memoryHost,
  type Runtime,
  type Socket,
  type SocketHandler,
  version,
} from "../index.ts";
import { parse, UsageError } from "./command.ts";
import { styleOf } from "./terminal.ts";

const HELP = `Usage: nanort info [--json]

Shows version, engine, core and features, and tests the core with known answers. Exit code 1 if a test fails.`;

interface Check {
  name: string;
  /** Where its known answer is printed. */
  source: string;
  passes(nano: Runtime): boolean | Promise<boolean>;
}

const CHECK_TIMEOUT_MS = 10_000;

type Result = Pick<Check, "name" | "source"> & { ok: boolean };

/** FIPS 180-4's example message is "abc"; the digests are from NIST's file of example values. */
const DIGESTS_OF_ABC: Record<string, string> = {
  "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
  "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  "SHA-384":
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  "SHA-512":
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

/** RFC 4231, test case 2. */
const MACS_OF_JEFE: Record<string, string> = {
  "SHA-256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  "SHA-384":
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
  "SHA-512":
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
};

/** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: a key of 256 bits, additional data, 60 bytes. */
const SEALED = {
  key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
  iv: "cafebabefacedbaddecaf888",
  additionalData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
  plaintext:
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  ciphertextAndTag:
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
};

/** RFC 6979, appendices A.2.5 to A.2.7: keys, and their signatures of "sample" with SHA-256. */
const SIGNATURES_OF_SAMPLE = {
  "P-256": {
    d: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    x: "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    y: "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    signature:
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65" +
      "f3e900dbb9aff4064dc4ab2f843acda8",
  },
  "P-384": {
    d: "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
    x: "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
    y: "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
    signature:
      "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd" +
      "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
  },
  "P-521": {
    d:
      "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc" +
      "1466f6d8fbec67db89ec0c08b0e996b83538",
    x:
      "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633" +
      "155d38ffa16d2bd761dcac474b9a2f5023a4",
    y:
      "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f" +
      "924faafbd4d33f81ea66956dfeaa2bfdfcf5",
    signature:
      "01511bb4d675114fe266fc4372b87682baecc01d3cc62cf2303c92b3526012659d16876e25c7c1e57648f23b73564d67" +
      "f61c6f14d527d54972810421e7d87589e1a7004a171143a83163d6df460aaf61522695f207a58b95c0644d87e52aa1a3" +
      "47916e4f7a72930b1bc06dbe22ce3f58264afd23704cbb63b29b931f7de6c9d949a7ecfc",
  },
};

/** RSA Laboratories, pss-vect.txt, example 1.1: a key of 1024 bits, its exponent 65537; SHA-1, a salt of 20 bytes. */
const PSS_EXAMPLE = {
  n:
    "a56e4a0e701017589a5187dc7ea841d156f2ec0e36ad52a44dfeb1e61f7ad991d8c51056ffedb162b4c0f283a12a88a3" +
    "94dff526ab7291cbb307ceabfce0b1dfd5cd9508096d5b2b8b6df5d671ef6377c0921cb23c270a70e2598e6ff89d19f1" +
    "05acc2d3f0cb35f29280e1386b6f64c4ef22e1e1f20d0ce8cffb2249bd9a2137",
  message:
    "cdc87da223d786df3b45e0bbbc721326d1ee2af806cc315475cc6f0d9c66e1b62371d45ce2392e1ac92844c310102f15" +
    "6a0d8d52c1f4c40ba3aa65095786cb769757a6563ba958fed0bcc984e8b517a3d5f515b23b8a41e74aa867693f90dfb0" +
    "61a6e86dfaaee64472c00e5f20945729cbebe77f06ce78e08f4098fba41f9d6193c0317e8b60d4b6084acb42d29e3808" +
    "a3bc372d85e331170fcbf7cc72d0b71c296648b3a4d10f416295d0807aa625cab2744fd9ea8fd223c42537029828bd16" +
    "be02546f130fd2e33b936d2676e08aed1b73318b750a0167d0",
  signature:
    "9074308fb598e9701b2294388e52f971faac2b60a5145af185df5287b5ed2887e57ce7fd44dc8634e407c8e0e4360bc2" +
    "26f3ec227f9d9e54638e8d31f5051215df6ebb9c2f9579aa77598a38f914b5b9c1bd83c4e2f9f382a0d0aa3542ffee65" +
    "984a601bc69eb28deb27dca12c82c2d4c3f66cd500f1ff2b994d8a4e30cbb33c",
};

const CHECKS: Check[] = [
  ...Object.entries(DIGESTS_OF_ABC).map(([name, digest]) => ({
    name,
    source: "FIPS 180-4",
    passes: (nano: Runtime) => hex(nano.subtleSync.digest(name, bytes("abc"))) === digest,
  })),
  ...Object.entries(MACS_OF_JEFE).map(([hash, mac]) => ({
    name: `HMAC ${hash}`,
    source: "RFC 4231, case 2",
    passes: (nano: Runtime) => {
      const { subtleSync } = nano;
      const key = subtleSync.importKey("raw", bytes("Jefe"), { name: "HMAC", hash }, false, ["sign"]);
      return hex(subtleSync.sign("HMAC", key, bytes("what do ya want for nothing?"))) === mac;
    },
  })),
  {
    name: "AES-GCM",
    source: "McGrew and Viega, appendix B, case 16",
    passes: ({ subtleSync }) => {
      const { key, iv, additionalData, plaintext, ciphertextAndTag } = SEALED;
      const usages = ["encrypt", "decrypt"] as const;
      const slot = subtleSync.importKey("raw", unhex(key), "AES-GCM", false, [...usages]);
      const algorithm = { name: "AES-GCM", iv: unhex(iv), additionalData: unhex(additionalData) };
      const sealed = subtleSync.encrypt(algorithm, slot, unhex(plaintext));
      return (
        hex(sealed) === ciphertextAndTag && hex(subtleSync.decrypt(algorithm, slot, sealed)) === plaintext
      );
    },
  },
  ...Object.entries(SIGNATURES_OF_SAMPLE).map(([namedCurve, { d, x, y, signature }]) => ({
    name: `ECDSA ${namedCurve}`,
    source: "RFC 6979, appendix A.2",
    passes: ({ subtleSync }: Runtime) => {
      const curve = { name: "ECDSA", namedCurve };
      const publicJwk = { kty: "EC", crv: namedCurve, x: base64url(x), y: base64url(y) };
      const publicKey = subtleSync.importKey("jwk", publicJwk, curve, false, ["verify"]);
      // Which is checked to be the private key of that public one.
      const privateJwk = { ...publicJwk, d: base64url(d) };
      const privateKey = subtleSync.importKey("jwk", privateJwk, curve, false, ["sign"]);
      const ecdsa = { name: "ECDSA", hash: "SHA-256" };
      const verifies = (given: BufferSource, text: string) =>
        subtleSync.verify(ecdsa, publicKey, given, bytes(text));
      const ours = subtleSync.sign(ecdsa, privateKey, bytes("sample"));
      return verifies(unhex(signature), "sample") && verifies(ours, "sample") && !verifies(ours, "simple");
    },
  })),
  {
    name: "RSA-PSS",
    source: "pss-vect.txt, example 1.1",
    passes: ({ subtleSync }) => {
      const { n, message, signature } = PSS_EXAMPLE;
      const jwk = { kty: "RSA", n: base64url(n), e: "AQAB" };
      const key = subtleSync.importKey("jwk", jwk, { name: "RSA-PSS", hash: "SHA-1" }, false, ["verify"]);
      const pss = { name: "RSA-PSS", saltLength: 20 };
      const verifies = (text: string) => subtleSync.verify(pss, key, unhex(signature), unhex(text));
      return verifies(message) && !verifies(message.slice(2));
    },
  },
  {
    name: "Base64",
    source: "RFC 4648, section 10",
    passes: (nano) => nano.btoa("foobar") === "Zm9vYmFy" && nano.atob("Zm9v YmFy") === "foobar",
  },
  {
    name: "memory",
    source: "an operation gives back what it took",
    passes: (nano) => {
      const before = nano.memory();
      nano.subtleSync.digest("SHA-256", new Uint8Array(1 << 20));
      const after = nano.memory();
      return after.liveArenas === before.liveArenas && after.bytesInUse === before.bytesInUse;
    },
  },
  { name: "HTTP/1.1", source: "a request to a server of its own, in memory", passes: answersRequest },
];

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse("info", args, {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) return console.log(HELP);
  if (positionals.length > 0) throw new UsageError(`info takes no arguments, such as ${positionals[0]}`);

  const nano = await createRuntime();
  const facts = factsOf(nano);
  const results: Result[] = [];
  for (const check of CHECKS) {
    results.push({ name: check.name, source: check.source, ok: await succeeds(check, nano) });
  }
  await nano.close();

  console.log(values.json ? JSON.stringify({ ...facts, checks: results }, null, 2) : table(facts, results));
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

/** A check that throws has failed, and so has one that does not end. */
function succeeds({ passes }: Check, nano: Runtime): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = nano.setTimeout(resolve, CHECK_TIMEOUT_MS, false);
    Promise.resolve(nano)
      .then(passes)
      .catch(() => false)
      .then(resolve)
      .finally(() => nano.clearTimeout(timer));
  });
}

interface Facts {
  version: string;
  engine: string;
  core: { path: string; bytes: number };
  features: string[];
}

function factsOf(nano: Runtime): Facts {
  const { node, v8 } = process.versions;
  const path = fileURLToPath(new URL("../nano.wasm", import.meta.url));
  const own = Object.keys(nano);
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(nano)).filter(
    (name) => name !== "constructor",
  );
  return {
    version,
    engine: `Node.js ${node}, V8 ${v8}, ${process.platform} ${process.arch}`,
    core: { path, bytes: statSync(path).size },
    features: [...own, ...methods],
  };
}

function table({ version, engine, core, features }: Facts, results: Result[]): string {
  const { bold, dim, green, red } = styleOf(process.stdout);
  const row = (name: string, text: string) => `  ${name.padEnd(14)}${text}`;
  return [
    `${bold("nanort")} ${version}`,
    "",
    row("engine", engine),
    row("core", `${(core.bytes / 1024).toFixed(1)} KiB  ${dim(core.path)}`),
    ...wrap(features, 64).map((line, at) => row(at === 0 ? "features" : "", line)),
    "",
    ...results.map(({ name, source, ok }) =>
      row(name, `${ok ? green("ok") : red("FAILED")}  ${dim(source)}`),
    ),
  ].join("\n");
}

/** Names on as few lines as they fit, each of at most `width` columns. */
function wrap(names: string[], width: number): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${name}`.length <= width) lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(name);
  }
  return lines;
}

/** A server and a client in memory: the request's head is parsed in the core, its body answered by an app. */
async function answersRequest(): Promise<boolean> {
  const host = memoryHost();
  const nano = await createRuntime({ host });
  const fetch = async (request: Request) => new Response((await request.text()).toUpperCase());
  const { port, hostname } = await nano.serve({ app: { fetch } });
  const received: string[] = [];
  const decoder = new TextDecoder();
  await new Promise<void>((resolve, reject) => {
    const client = (socket: Socket): SocketHandler => {
      socket.write(
        "POST / HTTP/1.1\r\nHost: nano.test\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
      );
      return {
        data: (bytes) => void received.push(decoder.decode(bytes, { stream: true })),
        end: () => socket.end(),
        drain: () => undefined,
        close: (error) => (error ? reject(error) : resolve()),
      };
    };
    host.network.connect({ port, hostname }, client).catch(reject);
  });
  await nano.close();
  const response = received.join("");
  return response.startsWith("HTTP/1.1 200 ") && response.endsWith("\r\n\r\nHELLO");
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("hex");
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function base64url(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64url");
}
