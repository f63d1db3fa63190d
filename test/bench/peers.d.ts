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
