/**
 * The table of docs/webcrypto.md is what the registry has: each algorithm with its operations, and the formats of its keys
 * as an import takes them. WRITE_DOCS=1 writes it anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { KEY_FORMATS } from "../../../ts/web/crypto/key.ts";
import * as algorithms from "../../../ts/web/crypto/key-algorithms.ts";
import { registry } from "../../../ts/web/crypto/registry.ts";
import { nano } from "../support.ts";

const PATH = "docs/webcrypto.md";
const BEGIN = "<!-- written by WRITE_DOCS=1 npm test -- web/crypto/document -->";
const END = "<!-- until here -->";

/** Where the standard has them; addresses are those of another text. */
const SECTIONS: Record<string, string> = {
  "AES-CBC": "aes-cbc",
  "AES-CTR": "aes-ctr",
  "AES-GCM": "aes-gcm",
  "AES-KW": "aes-kw",
  ECDH: "ecdh",
  ECDSA: "ecdsa",
  Ed25519: "ed25519",
  Ed448: "https://wicg.github.io/webcrypto-secure-curves/#ed448",
  HKDF: "hkdf",
  HMAC: "hmac",
  PBKDF2: "pbkdf2",
  "RSA-OAEP": "rsa-oaep",
  "RSA-PSS": "rsa-pss",
  "RSASSA-PKCS1-v1_5": "rsassa-pkcs1",
  "SHA-1": "sha",
  "SHA-256": "sha",
  "SHA-384": "sha",
  "SHA-512": "sha",
  X25519: "x25519",
  X448: "https://wicg.github.io/webcrypto-secure-curves/#x448",
};

const COLUMNS: [heading: string, operations: (keyof typeof registry)[]][] = [
  ["encrypt, decrypt", ["encrypt", "decrypt"]],
  ["sign, verify", ["sign", "verify"]],
  ["digest", ["digest", "digestSequence"]],
  ["wrapKey, unwrapKey", ["wrapKey", "unwrapKey"]],
  ["deriveBits, deriveKey", ["deriveBits"]],
  ["generateKey", ["generateKey"]],
  ["getPublicKey", ["getPublicKey"]],
];

function table(): string {
  const head = ["algorithm", ...COLUMNS.map(([heading]) => heading), "importKey", "exportKey"];
  const rows = Object.entries(SECTIONS).map(([name, section]) => {
    const has = (operations: (keyof typeof registry)[]) => {
      const found = operations.filter((operation) => registry[operation].find(name));
      assert.ok(
        found.length === 0 || found.length === operations.length,
        `${name} has ${found} of ${operations}`,
      );
      return found.length > 0;
    };
    const formats = has(["importKey"]) ? formatsOf(name).join(", ") : "";
    return [
      `[${name}](${section.startsWith("https:") ? section : `https://w3c.github.io/webcrypto/#${section}`})`,
      ...COLUMNS.map(([, operations]) => (has(operations) ? "yes" : "")),
      formats,
      has(["exportKey"]) ? "the same" : "",
    ];
  });
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What an import does not say NotSupportedError to: nonsense is refused for other reasons. */
function formatsOf(name: string): string[] {
  const params = { name, hash: "SHA-256", namedCurve: "P-256" };
  return KEY_FORMATS.filter((format) => {
    const nonsense = format === "jwk" ? {} : new Uint8Array(1);
    try {
      nano.subtleSync.importKey(format as "raw", nonsense as Uint8Array<ArrayBuffer>, params, false, []);
    } catch (error) {
      return (error as Error).name !== "NotSupportedError";
    }
    return true;
  });
}

test("docs/webcrypto.md has the algorithms, operations and formats that there are", () => {
  const known = Object.entries(algorithms).flatMap(([operation, rows]) =>
    operation in registry ? Object.keys(rows) : [],
  );
  for (const name of known) assert.ok(name in SECTIONS, `${name} has no row`);
  const text = readFileSync(PATH, "utf8");
  const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  if (process.env.WRITE_DOCS) {
    writeFileSync(PATH, `${text.slice(0, begin)}\n\n${table()}\n\n${text.slice(end)}`);
    return;
  }
  assert.is(text.slice(begin, end).trim(), table(), "WRITE_DOCS=1 writes it anew");
});

test.run();
