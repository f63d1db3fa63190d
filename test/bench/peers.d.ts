// What the benchmarks use of their peers, so that the type checker needs none of them installed.

declare module "hash-wasm" {
  interface Hasher {
    init(): Hasher;
    update(data: Uint8Array): Hasher;
    digest(form: "binary"): Uint8Array;
  }
  export function createSHA1(): Promise<Hasher>;
  export function createSHA256(): Promise<Hasher>;
  export function createSHA512(): Promise<Hasher>;
  export function pbkdf2(options: {
    password: Uint8Array;
    salt: Uint8Array;
    iterations: number;
    hashLength: number;
    hashFunction: Promise<Hasher>;
    outputType: "binary";
  }): Promise<Uint8Array>;
  export function createHMAC(hash: Promise<Hasher>, key: Uint8Array): Promise<Hasher>;
}

declare module "@noble/hashes/sha2.js" {
  export type Hash = (data: Uint8Array) => Uint8Array;
  export const sha256: Hash;
  export const sha512: Hash;
}

declare module "@noble/hashes/legacy.js" {
  export const sha1: (data: Uint8Array) => Uint8Array;
}

declare module "@noble/hashes/hmac.js" {
  export function hmac(hash: (data: Uint8Array) => Uint8Array, key: Uint8Array, data: Uint8Array): Uint8Array;
}

declare module "@noble/ciphers/aes.js" {
  interface Cipher {
    encrypt(plaintext: Uint8Array): Uint8Array;
    decrypt(ciphertext: Uint8Array): Uint8Array;
  }
  export function cbc(key: Uint8Array, iv: Uint8Array): Cipher;
  export function ctr(key: Uint8Array, counter: Uint8Array): Cipher;
  export function gcm(key: Uint8Array, iv: Uint8Array): Cipher;
}

declare module "@noble/curves/nist.js" {
  interface Ecdsa {
    keygen(): unknown;
    sign(message: Uint8Array, secretKey: Uint8Array, options: { prehash: false }): Uint8Array;
    verify(
      signature: Uint8Array,
      message: Uint8Array,
      publicKey: Uint8Array,
      options: { prehash: false; lowS: false },
    ): boolean;
    getSharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  }
  export const p256: Ecdsa;
  export const p384: Ecdsa;
  export const p521: Ecdsa;
}

declare module "@noble/curves/ed25519.js" {
  export interface EdDSA {
    keygen(): unknown;
    sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
    verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  }
  export interface MontgomeryEcdh {
    keygen(): unknown;
    getSharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  }
  export const ed25519: EdDSA;
  export const x25519: MontgomeryEcdh;
}

declare module "@noble/curves/ed448.js" {
  import type { EdDSA, MontgomeryEcdh } from "@noble/curves/ed25519.js";
  export const ed448: EdDSA;
  export const x448: MontgomeryEcdh;
}

declare module "micro-rsa-dsa-dh/rsa.js" {
  type Hash = (data: Uint8Array) => Uint8Array;
  type Mask = (seed: Uint8Array, options: { dkLen: number }) => Uint8Array;
  interface Signer {
    sign(privateKey: { n: bigint; d: bigint }, message: Uint8Array): Uint8Array;
    verify(publicKey: { n: bigint; e: bigint }, message: Uint8Array, signature: Uint8Array): boolean;
  }
  export function mgf1(hash: Hash): Mask;
  export function PSS(hash: Hash, mask: Mask, saltBytes: number): Signer;
}

declare module "node-forge" {
  interface Asn1 {
    readonly value: unknown;
  }
  export interface Forge {
    asn1: { fromDer(bytes: unknown): Asn1 };
    util: { createBuffer(bytes: ArrayBuffer): unknown };
    pki: {
      privateKeyFromAsn1(file: Asn1): unknown;
      publicKeyFromAsn1(file: Asn1): unknown;
      rsa: { generateKeyPair(options: { bits: number; e: number }): unknown };
    };
  }
}

declare module "jsrsasign" {
  export interface Jsrsasign {
    KEYUTIL: { getKey(key: unknown, passcode?: null, format?: "pkcs8prv" | "pkcs8pub"): unknown };
  }
}

declare module "@ungap/structured-clone" {
  export function serialize(value: unknown): unknown;
  export function deserialize(records: unknown): unknown;
}

declare module "core-js-pure/actual/structured-clone.js" {
  export default function structuredClone(value: unknown): unknown;
}

declare module "klona/full" {
  export function klona(value: unknown): unknown;
}

declare module "rfdc" {
  export default function rfdc(options: { circles: boolean }): (value: unknown) => unknown;
}

declare module "msgpackr" {
  interface Packr {
    pack(value: unknown): Uint8Array;
    unpack(bytes: Uint8Array): unknown;
  }
  export interface Msgpackr {
    Packr: new (options: { structuredClone: boolean; moreTypes: boolean }) => Packr;
  }
}

declare module "undici" {
  interface Agent {
    close(): Promise<void>;
  }
  export interface Undici {
    Agent: new () => Agent;
    request(
      url: string,
      options: { dispatcher: Agent },
    ): Promise<{ body: { arrayBuffer(): Promise<ArrayBuffer> } }>;
  }
}
