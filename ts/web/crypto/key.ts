/**
 * CryptoKey: https://w3c.github.io/webcrypto/#cryptokey-interface. A key's slots are in one private field: scripts
 * reach copies of its algorithm and usages, and never its handle. The rest of this folder reads slots by `slotsOf`.
 */
import { domException } from "../dom-exception.ts";
import { type Conversion, shapeInterface } from "../webidl.ts";

export type KeyType = "public" | "private" | "secret";

/** In the order of the standard, which is that of a key's usages; the last four are the modern algorithms'. */
export const KEY_USAGES = [
  ...(["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"] as const),
  ...(["encapsulateKey", "encapsulateBits", "decapsulateKey", "decapsulateBits"] as const),
];
export type KeyUsage = (typeof KEY_USAGES)[number];

/** The names of all formats; which of them an algorithm has is its own affair. */
export const KEY_FORMATS = [
  ...(["raw-public", "raw-private", "raw-seed", "raw-secret"] as const),
  ...(["raw", "spki", "pkcs8", "jwk"] as const),
];
export type KeyFormat = (typeof KEY_FORMATS)[number];

/** Dictionary KeyAlgorithm; each algorithm extends it. Members are strings, numbers, bytes, or such dictionaries. */
export interface KeyAlgorithm {
  readonly name: string;
}

/** https://w3c.github.io/webcrypto/#cryptokey-interface-internal-slots */
export interface KeySlots {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  /** Without duplicates, in the order of KEY_USAGES. */
  readonly usages: readonly KeyUsage[];
  /** What the algorithm's own file made of the key material. */
  readonly handle: unknown;
}

/** What only this module can show a constructor. */
const ours = Symbol("CryptoKey");

/** The slots of a key; undefined for what is no CryptoKey. */
export let slotsOf: (value: unknown) => KeySlots | undefined;

export class CryptoKey {
  readonly #slots: KeySlots;
  // The standard's cached ECMAScript objects: the same at each read, and a script's to change without effect.
  #algorithm: KeyAlgorithm | undefined;
  #usages: KeyUsage[] | undefined;

  static {
    slotsOf = (value) =>
      typeof value === "object" && value !== null && #slots in value ? value.#slots : undefined;
  }

  /** Keys are made by `generateKey`, `importKey` and their like. */
  constructor(...args: unknown[]) {
    if (args[0] !== ours) throw new TypeError("Illegal constructor");
    this.#slots = args[1] as KeySlots;
  }

  get type(): KeyType {
    return this.#slots.type;
  }

  get extractable(): boolean {
    return this.#slots.extractable;
  }

  get algorithm(): KeyAlgorithm {
    this.#algorithm ??= copyOf(this.#slots.algorithm);
    return this.#algorithm;
  }

  /** Typed as lib.dom has it, which does not know the modern algorithms' usages, so that keys fit where it asks. */
  get usages(): globalThis.KeyUsage[] {
    this.#usages ??= [...this.#slots.usages];
    return this.#usages as globalThis.KeyUsage[];
  }
}
shapeInterface(CryptoKey, "CryptoKey");

/** WebIDL's conversion to CryptoKey, and straight to its slots. */
export const keySlots: Conversion<KeySlots> = (value, where) => {
  const slots = slotsOf(value);
  if (!slots) throw new TypeError(`${where} is not a CryptoKey of this runtime`);
  return slots;
};

/**
 * A new key.
 *
 * @throws DOMException SyntaxError for a secret or private key without usages, as the last check that
 *   `generateKey`, `importKey` and their like make.
 */
export function createKey(slots: KeySlots): CryptoKey {
  requireUsage(slots.type, slots.usages);
  return new CryptoKey(ours, slots);
}

/** https://w3c.github.io/webcrypto/#cryptokey-interface-clone: another object for the same key. */
export function cloneOf(key: CryptoKey): CryptoKey {
  return new CryptoKey(ours, slotsOf(key));
}

/** @throws DOMException SyntaxError for a secret or private key without usages. */
export function requireUsage(type: KeyType, usages: readonly KeyUsage[]): void {
  if (usages.length > 0 || type === "public") return;
  throw domException("SyntaxError", `keyUsages is empty, and a ${type} key must have one usage at least`);
}

/** https://w3c.github.io/webcrypto/#concept-usage-intersection of some usages and all: sorted, each once. */
export function normalizeUsages(usages: readonly KeyUsage[]): KeyUsage[] {
  return KEY_USAGES.filter((usage) => usages.includes(usage));
}

/** @throws DOMException SyntaxError if `usages` has one that is not among those `allowed`. */
export function requireUsages(
  usages: readonly KeyUsage[],
  allowed: readonly KeyUsage[],
  algorithm: string,
): void {
  const alien = usages.find((usage) => !allowed.includes(usage));
  if (alien === undefined) return;
  const message = `keyUsages has ${JSON.stringify(alien)}; keys for ${algorithm} are to ${allowed.join(", ") || "have none"}`;
  throw domException("SyntaxError", message);
}

/** @throws DOMException InvalidAccessError for a key of another type than the format is for. */
export function requireType({ type }: KeySlots, due: KeyType, format: KeyFormat): void {
  if (type === due) return;
  const message = `exportKey: key is a ${type} key, and format ${JSON.stringify(format)} is for ${due} ones`;
  throw domException("InvalidAccessError", message);
}

function copyOf(algorithm: KeyAlgorithm): KeyAlgorithm {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(algorithm)) {
    if (value instanceof Uint8Array) copy[name] = value.slice();
    else copy[name] = typeof value === "object" && value !== null ? copyOf(value as KeyAlgorithm) : value;
  }
  return copy as unknown as KeyAlgorithm;
}
