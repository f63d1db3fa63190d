import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Arena, Core } from "../../ts/core/core.ts";
import { ABI_VERSION, type CoreExports } from "../../ts/core/exports.ts";
import { instantiateCore } from "../../ts/core/load.ts";
import { isStatus, Status } from "../../ts/core/status.ts";
import { coreModule, makeCore } from "../support/core.ts";

interface Signature {
  name: string;
  parameters: number;
}

const zig = readFileSync("zig/exports.zig", "utf8");

/** `export fn @"arena.alloc"(handle: u32, len: u32, alignment: u32) i32`: names of exports and parameters. */
function zigDeclarations(): { name: string; parameters: string[] }[] {
  const pattern = /^export fn (?:@"([^"]+)"|(\w+))\(([^)]*)\)/gm;
  return [...zig.matchAll(pattern)].map(([, quoted, plain, list]) => ({
    name: quoted ?? plain!,
    parameters: [...list!.matchAll(/(\w+): u32/g)].map(([, parameter]) => parameter!),
  }));
}

const zigSignatures = (): Signature[] =>
  zigDeclarations().map(({ name, parameters }) => ({ name, parameters: parameters.length }));

/** `"arena.alloc"(arena: number, length: number, alignment: number): number;` */
function hostSignatures(): Signature[] {
  const source = readFileSync("ts/core/exports.ts", "utf8");
  const body = source.slice(source.indexOf("interface CoreExports"));
  return [...body.matchAll(/^ {2}(?:"([^"]+)"|(\w+))\(([^)]*)\): (?:number|void);/gm)].map(
    ([, quoted, plain, list]) => ({
      name: quoted ?? plain!,
      parameters: list!.split(",").filter((parameter) => parameter.trim()).length,
    }),
  );
}

test("the host's mirror names the exports of zig/exports.zig, in its order, with as many parameters", () => {
  assert.ok(zigSignatures().length > 20);
  assert.equal(hostSignatures(), zigSignatures());
});

test("the module exports these functions and its memory, and nothing else", () => {
  const { raw } = makeCore();
  const built = Object.entries(raw)
    .filter(([, value]) => typeof value === "function")
    .map(([name, value]) => ({ name, parameters: (value as () => unknown).length }));
  const byName = (a: Signature, b: Signature) => (a.name < b.name ? -1 : 1);
  assert.equal(built.sort(byName), zigSignatures().sort(byName));
  assert.equal(
    Object.keys(raw).filter((name) => typeof raw[name as keyof typeof raw] !== "function"),
    ["memory"],
  );
});

test("the module imports nothing but abort", () => {
  assert.equal(WebAssembly.Module.imports(coreModule()), [
    { module: "env", name: "abort", kind: "function" },
  ]);
});

test("every export has a contract", () => {
  const pattern = /^((?:\/\/\/.*\n)*)export fn (?:@"([^"]+)"|(\w+))/gm;
  for (const [, comment, quoted, plain] of zig.matchAll(pattern)) {
    assert.ok(comment!.length > 0, `${quoted ?? plain} has no comment`);
  }
});

test("the status codes are those of zig/abi/status.zig", () => {
  const source = readFileSync("zig/abi/status.zig", "utf8");
  const codes = [...source.matchAll(/^ {4}(\w+) = (-\d+),$/gm)].map(([, name, code]) => [
    name!.toUpperCase(),
    Number(code),
  ]);
  assert.ok(codes.length > 5);
  assert.equal(Object.entries(Status), codes);
  const lowest = Number(/^pub const lowest_code = (-\d+);$/m.exec(source)?.[1]);
  assert.equal([lowest - 1, lowest, -1, 0].map(isStatus), [false, true, true, false]);
});

/** A module with but one function: `abi_version`, which answers so. */
const moduleOfVersion = (version: number) =>
  new WebAssembly.Module(
    new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
      ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f], // types: one, () -> i32
      ...[0x03, 0x02, 0x01, 0x00], // functions: one, of type 0
      ...[0x07, 0x0f, 0x01, 0x0b, ...new TextEncoder().encode("abi_version"), 0x00, 0x00], // exports: function 0
      ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, version, 0x0b], // code: no locals, i32.const, end
    ]),
  );

test("a module of another version of the interface is refused, and so is one that is no core", () => {
  assert.is(instantiateCore(moduleOfVersion(ABI_VERSION)).abi_version(), ABI_VERSION);
  for (const version of [0, ABI_VERSION + 1, 63]) {
    const namesBoth = new RegExp(`speaks version ${version} .* this host version ${ABI_VERSION}$`);
    assert.throws(() => instantiateCore(moduleOfVersion(version)), namesBoth);
  }
  const empty = new WebAssembly.Module(new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]));
  assert.throws(() => instantiateCore(empty), /speaks version undefined/);
});

const SHA_256 = 2;
const P_256 = 1;
const ED448 = 2;
const X25519 = 1;

/** AlgorithmIdentifier: id-ecPublicKey, secp256r1. */
const P256_IDENTIFIER = [
  ...[0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
  ...[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
];

/** An RSA key of 256 bits: n, e, d, p, q, dp, dq and qi. */
const RSA_256 = [
  "95688fb2da20c41165fb352b3631150e266b23bef3b89d53053af6664c7bdc6f",
  "11",
  "0bb7e31d1620b0015d54f51c7cb88e332f8dd82370d449baa74da3ecdccc49b1",
  "d1c1c8a23f1de18370ef4e4d61fbc947",
  "b658d758d6080fc3bf2dbe0ceb536799",
  "18ad62e5e94ecf3ca3dfeb1829a526bd",
  "35a1a8bfc67ad775ced137e5aea00f69",
  "1a30cd41a8917510d8bc5b3ba7ab8d8c",
].join("");

/** What calls are made with, in an arena of its own: each area 16 bytes or more, states live, `room` zero. */
function furnish({ raw, memory }: Core, arena: Arena) {
  const room = () => arena.place(new Uint8Array(2048));
  const text = (content: string) => arena.place(new TextEncoder().encode(content));
  const at = {
    line: text("GET / HTTP/1.1\r\n"),
    chunk: text("d\r\nthirteen byte"),
    text: text("sixteen-symbols_"),
    response: text("HTTP/1.1 200 OK\r"),
    parts: text("GET\n/\nx-y\nabcde\n"),
    room: room(),
    digest: room(),
    key: room(),
    mac: room(),
    gcmKey: room(),
    aesKey: room(),
    wrapped: room(),
    padded: arena.place(new Uint8Array(16).fill(16)),
    sealed: room(),
    tag: room(),
    begun: room(),
    message: room(),
    verifying: room(),
    opening: room(),
    keyTable: room(),
    scalar: room(),
    spki: arena.place(new Uint8Array([0x30, 0x3b, ...P256_IDENTIFIER, 3, 36, 0, 4, ...new Uint8Array(34)])),
    pkcs8: arena.place(
      new Uint8Array([
        ...[0x30, 0x41, 2, 1, 0, ...P256_IDENTIFIER, 4, 0x27],
        ...[0x30, 0x25, 2, 1, 1, 4, 32, ...new Uint8Array(32)],
      ]),
    ),
    privateKey: room(),
    publicKey: room(),
    ecdsaKey: arena.alloc(16_384),
    eddsaKey: room(),
    signing: room(),
    committed: room(),
    judging: room(),
    rsaParts: arena.place(Uint8Array.from(RSA_256.match(/../g)!, (byte) => Number.parseInt(byte, 16))),
    rsaKey: room(),
    rsaBegun: arena.alloc(8192),
    rsaDone: arena.alloc(8192),
    rsaRoom: arena.alloc(65_536),
    /** A key on its way, or made: for those who ask, as it takes longer. */
    rsaGeneration: (tiles: number) => {
      assert.is(raw["rsa.begin_generation"](256, at.rsaParts + 32, 1, at.rsaRoom), 0);
      const entropy = arena.alloc(65_536);
      for (let i = 0, state = 1; i < 16_384; i++) {
        state = Math.imul(state, 0x9e3779b1) + 1;
        memory.words[(entropy >>> 2) + i] = state ^ (state >>> 15);
      }
      assert.ok(raw["rsa.step_generation"](at.rsaRoom, entropy, 65_536, tiles) < 2);
      return at.rsaRoom;
    },
    decoder: room(),
    scanner: room(),
    /** A string of twelve units. */
    serialized: arena.place(new Uint8Array([0xff, 0x0f, 0x22, 12, ...new Uint8Array(12)])),
  };
  assert.is(raw["hash.init"](SHA_256, at.digest), 0);
  assert.is(raw["hmac.prepare"](SHA_256, at.line, 16, at.key), 0);
  assert.is(raw["hmac.init"](at.key, at.mac), 0);
  assert.is(raw["aes.prepare"](at.line, 16, at.aesKey), 0);
  assert.is(raw["aes_kw.wrap"](at.aesKey, at.wrapped, 24, 1, 12), 0);
  assert.is(raw["aes_gcm.prepare"](at.line, 16, at.gcmKey), 0);
  assert.is(raw["aes_gcm.seal"](at.gcmKey, at.line, 12, at.chunk, 16, at.line, 16, at.sealed, at.tag, 16), 0);
  for (const state of [at.begun, at.message, at.verifying, at.opening]) {
    assert.is(raw["aes_gcm.init"](at.gcmKey, at.line, 12, state), 0);
    if (state === at.begun) continue;
    assert.is(raw["aes_gcm.update_aad"](state, at.chunk, 16), 0);
    if (state !== at.message) assert.is(raw["aes_gcm.verify_update"](state, at.sealed, 16), 0);
  }
  assert.is(raw["aes_gcm.verify_final"](at.opening, at.tag, 16), 0);
  memory.bytes[at.privateKey + 31] = 1;
  assert.is(raw["ec.public_key"](P_256, at.privateKey, at.publicKey), 65);
  assert.is(raw["ecdsa.prepare"](P_256, at.publicKey, at.ecdsaKey), 0);
  assert.is(raw["eddsa.prepare"](ED448, at.privateKey, at.eddsaKey), 0);
  for (const state of [at.signing, at.committed]) {
    assert.is(raw["eddsa.begin_sign"](ED448, at.eddsaKey, 0, 0, state), 0);
  }
  assert.is(raw["eddsa.commit"](ED448, at.committed), 0);
  assert.is(raw["eddsa.begin_verify"](ED448, at.publicKey, 0, 0, at.rsaParts, at.judging), 0);
  memory.bytes[at.scalar] = 4;
  assert.is(raw["der.parse_pkcs8"](at.pkcs8, 67, at.keyTable), 0);
  memory.words.set([0, 65, 33, 32], (at.keyTable >>> 2) + 2); // A point and a scalar.
  assert.is(raw["rsa.prepare"](256, 1, 128, 128, at.rsaParts, at.rsaKey, at.rsaRoom), 0);
  for (const operation of [at.rsaBegun, at.rsaDone]) {
    assert.is(raw["rsa.begin_public"](at.rsaKey, at.pkcs8, operation), 0);
  }
  assert.is(raw["rsa.step"](at.rsaKey, at.rsaDone, 10_000), 1);
  assert.is(raw["http.init_chunked"](at.decoder, 100, 100, 100), 0);
  assert.is(raw["clone.begin"](at.scanner), 0);
  return at;
}

/** Arguments, all of them good, for every export that takes an address. */
const GOOD: Record<string, (at: ReturnType<typeof furnish>) => number[]> = {
  "hash.digest": (at) => [SHA_256, at.line, 16, at.room],
  "hash.init": (at) => [SHA_256, at.room],
  "hash.update": (at) => [at.digest, at.line, 16],
  "hash.final": (at) => [at.digest, at.room],
  "hmac.prepare": (at) => [SHA_256, at.line, 16, at.room],
  "hmac.sign": (at) => [at.key, at.line, 16, at.room],
  "hmac.verify": (at) => [at.key, at.line, 16, at.room, 32],
  "hmac.init": (at) => [at.key, at.room],
  "hmac.update": (at) => [at.mac, at.line, 16],
  "hmac.final": (at) => [at.mac, at.room],
  "hmac.verify_final": (at) => [at.mac, at.room, 32],
  "hkdf.extract": (at) => [SHA_256, at.line, 16, at.chunk, 16, at.room],
  "hkdf.expand": (at) => [at.key, at.line, 16, at.room, 100],
  "pbkdf2.iterate": (at) => [at.key, at.room, 64, at.room + 64, 3],
  "aes_gcm.prepare": (at) => [at.line, 16, at.room],
  "aes_gcm.seal": (at) => [at.gcmKey, at.line, 12, at.chunk, 16, at.line, 16, at.room, at.tag, 16],
  "aes_gcm.open": (at) => [at.gcmKey, at.line, 12, at.chunk, 16, at.sealed, 16, at.room, at.tag, 16],
  "aes_gcm.init": (at) => [at.gcmKey, at.line, 12, at.room],
  "aes_gcm.update_iv": (at) => [at.begun, at.line, 16],
  "aes_gcm.update_aad": (at) => [at.message, at.line, 16],
  "aes_gcm.seal_update": (at) => [at.message, at.line, 16, at.room],
  "aes_gcm.seal_final": (at) => [at.message, at.tag, 16],
  "aes_gcm.verify_update": (at) => [at.message, at.line, 16],
  "aes_gcm.verify_final": (at) => [at.verifying, at.tag, 16],
  "aes_gcm.open_update": (at) => [at.opening, at.sealed, 16, at.room],
  "aes.prepare": (at) => [at.line, 16, at.room],
  "aes_cbc.encrypt": (at) => [at.aesKey, at.tag, at.line, 16, at.room],
  "aes_cbc.decrypt": (at) => [at.aesKey, at.tag, at.line, 16, at.room],
  "aes_cbc.padding_bytes": (at) => [at.padded],
  "aes_ctr.crypt": (at) => [at.aesKey, at.tag, 128, at.line, 16, at.room],
  "aes_kw.wrap": (at) => [at.aesKey, at.room, 24, 1, 12],
  "aes_kw.unwrap": (at) => [at.aesKey, at.wrapped, 24, 12, 1],
  "ec.generate_private_key": (at) => [P_256, at.scalar, at.room],
  "ec.public_key": (at) => [P_256, at.privateKey, at.room],
  "ec.check_private_key": (at) => [P_256, at.privateKey],
  "ec.decode_public_key": (at) => [P_256, at.publicKey, 65, at.room],
  "ec.is_key_pair": (at) => [P_256, at.privateKey, at.publicKey, 65, at.room],
  "ecdsa.sign": (at) => [P_256, SHA_256, at.privateKey, at.line, 16, at.chunk, 16, at.room],
  "ecdsa.verify": (at) => [P_256, at.publicKey, at.line, 16, at.chunk, 16],
  "ecdsa.prepare": (at) => [P_256, at.publicKey, at.ecdsaKey],
  "ecdsa.verify_prepared": (at) => [P_256, at.ecdsaKey, at.line, 16, at.chunk, 16],
  "ecdh.derive": (at) => [P_256, at.privateKey, at.publicKey, at.room],
  "eddsa.prepare": (at) => [ED448, at.privateKey, at.room],
  "eddsa.sign": (at) => [ED448, at.eddsaKey, at.line, 16, at.line, 16, at.room],
  "eddsa.verify": (at) => [ED448, at.publicKey, at.line, 16, at.rsaParts, at.line, 16],
  "eddsa.begin_sign": (at) => [ED448, at.eddsaKey, at.line, 16, at.room],
  "eddsa.update": (at) => [ED448, at.signing, at.line, 16],
  "eddsa.commit": (at) => [ED448, at.signing],
  "eddsa.finish_sign": (at) => [ED448, at.committed, at.room],
  "eddsa.begin_verify": (at) => [ED448, at.publicKey, at.line, 16, at.rsaParts, at.room],
  "eddsa.finish_verify": (at) => [ED448, at.judging],
  "xdh.public_key": (at) => [X25519, at.privateKey, at.room],
  "xdh.derive": (at) => [X25519, at.privateKey, at.publicKey, at.room],
  "rsa.prepare": (at) => [256, 1, 128, 128, at.rsaParts, at.room, at.rsaRoom],
  "rsa.operation_bytes": (at) => [at.rsaKey],
  "rsa.begin_public": (at) => [at.rsaKey, at.pkcs8, at.rsaRoom],
  "rsa.begin_private": (at) => [at.rsaKey, at.pkcs8, at.line, at.rsaRoom],
  "rsa.step": (at) => [at.rsaKey, at.rsaBegun, 10_000],
  "rsa.finish": (at) => [at.rsaKey, at.rsaDone, at.room],
  "rsa.begin_generation": (at) => [256, at.rsaParts + 16, 16, at.rsaRoom],
  "rsa.step_generation": (at) => [at.rsaGeneration(1), at.room, 256, 10],
  "rsa.finish_generation": (at) => [at.rsaGeneration(10_000_000), at.room],
  "pss.encode": (at) => [SHA_256, at.digest, 32, at.line, 16, 1024, at.room],
  "pss.verify": (at) => [SHA_256, at.digest, 32, 16, 1024, at.room],
  "oaep.encode": (at) => [SHA_256, at.digest, 32, at.room, 32, at.line, 16, 1024, at.room + 64],
  "oaep.decode": (at) => [SHA_256, at.digest, 32, 1024, at.room],
  "der.parse_spki": (at) => [at.spki, 61, at.room],
  "der.parse_pkcs8": (at) => [at.pkcs8, 67, at.room],
  "der.spki_bytes": (at) => [at.scalar, 65, at.keyTable],
  "der.write_spki": (at) => [at.scalar, 65, at.keyTable, at.room, 91],
  "der.pkcs8_bytes": (at) => [at.scalar, 65, at.keyTable],
  "der.write_pkcs8": (at) => [at.scalar, 65, at.keyTable, at.room, 138],
  "base64url.decode": (at) => [at.text, 16, at.room],
  "base64url.encode": (at) => [at.line, 16, at.room],
  "http.parse_request_head": (at) => [at.line, 16, at.room, 1000, 8, 1000],
  "http.parse_response_head": (at) => [at.response, 16, at.room, 2, 1000, 8],
  "http.encode_request_head": (at) => [at.parts, 16, 0, 1, at.room, 64],
  "http.init_chunked": (at) => [at.room, 100, 100, 100],
  "http.feed_chunked": (at) => [at.decoder, at.chunk, 16, 16, at.room, 8],
  "clone.begin": (at) => [at.room],
  "clone.scan": (at) => [at.scanner, at.serialized, 16, at.room, 4, at.rsaRoom, 4],
};

/** These abort, for they have no status to give: loader.test.ts. */
const ABORTING = ["__pin", "__unpin"];

/** Every parameter is one of these numbers, or else an address: of bytes, or of a struct, which has an alignment. */
const isNumber = (name: string) =>
  /^(algorithm|curve|handle|kind|method|len|alignment|id)$|_(len|max|count|bits|bytes|step)$/.test(name);
const isOfBytes = (name: string) =>
  /^(input|output|key|public_key|mac|iv|aad|tag|hashed|entropy|signature|context|salt|ikm|info|us|sums|chain|counter|last|data)$/.test(
    name,
  );

/**
 * What GCM says to no key, no IV, no tag, and no ciphertext where there was one, and key files and heads to no file or
 * parts.
 */
const REFUSALS: readonly number[] = [
  ...[Status.INVALID_LENGTH, Status.AUTHENTICATION_FAILED],
  ...[Status.INVALID_DER, Status.INVALID_KEY_PARTS, Status.INVALID_PUBLIC_KEY, Status.INVALID_RSA_KEY],
  ...[Status.INVALID_SERIALIZED_VALUE, Status.INVALID_PART],
];

/** What an export answers to good arguments, but for those replaced. */
function call(core: Core, name: string, replace: (good: number[]) => void = () => {}): number {
  const arena = core.openArena();
  try {
    const values = GOOD[name]!(furnish(core, arena));
    replace(values);
    return (core.raw[name as keyof CoreExports] as (...values: number[]) => number)(...values);
  } finally {
    arena.close();
  }
}

const takingAddresses = () =>
  zigDeclarations().filter(({ name, parameters }) => !ABORTING.includes(name) && !parameters.every(isNumber));

test("every export that takes an address is tested below, and succeeds with good arguments", () => {
  assert.equal(
    Object.keys(GOOD),
    takingAddresses().map(({ name }) => name),
  );
  const core = makeCore();
  for (const name of Object.keys(GOOD)) assert.ok(call(core, name) >= 0, name);
});

test("addresses in the core's stack or static data, outside memory and unaligned ones are refused everywhere", () => {
  const core = makeCore();
  for (const name of Object.keys(GOOD)) call(core, name); // Memory does not grow from here on.
  const end = core.memory.bytes.length;
  const stack = [16, 64 * 1024, 128 * 1024 - 16];
  const staticData = core.raw["arena.statistics"]() & ~15;
  const beyond = [end - 8, end, 0x8000_0000, 0xffff_0000, 0xffff_fff0, 0xffff_ffff];
  const bad = [0, ...stack, staticData, ...beyond];
  for (const { name, parameters } of takingAddresses()) {
    for (const [index, parameter] of parameters.entries()) {
      if (isNumber(parameter)) continue;
      for (const address of bad) {
        const answer = call(core, name, (good) => good.splice(index, 1, address));
        assert.is(answer, Status.OUT_OF_BOUNDS, `${name}, ${parameter} at ${address}`);
      }
      for (const offset of isOfBytes(parameter) ? [] : [1, 2]) {
        const answer = call(core, name, (good) => good.splice(index, 1, good[index]! + offset));
        assert.is(answer, Status.OUT_OF_BOUNDS, `${name}, ${parameter} unaligned`);
      }
    }
  }
  assert.is(core.memory.bytes.length, end);
});

test("a length or count beyond memory is refused, one of zero allowed with any address", () => {
  const core = makeCore();
  for (const { name, parameters } of takingAddresses()) {
    for (const [index, parameter] of parameters.entries()) {
      const [, area] =
        /^(input|key|public_key|mac|iv|aad|tag|hashed|entropy|signature|context|salt|ikm|info|us|data)_len$/.exec(
          parameter,
        ) ??
        /^(segments|frames|records)_max$/.exec(parameter) ??
        [];
      if (area === undefined) continue;
      // Times the bytes of an element, one of the first two is 0 modulo 2^32.
      for (const count of [0x1000_0000, 0x2000_0000, 0xffff_ffff]) {
        const answer = call(core, name, (good) => good.splice(index, 1, count));
        assert.is(answer, Status.OUT_OF_BOUNDS, `${name}, ${parameter} of ${count}`);
      }
      const address = parameters.indexOf(area);
      if (!isOfBytes(area)) continue;
      for (const anywhere of [0, 16, 0xffff_ffff]) {
        const answer = call(core, name, (good) => {
          good[address] = anywhere;
          good[index] = 0;
        });
        const refused =
          /^(aes|aes_gcm|aes_kw|der|ec|rsa|pss|oaep|http|clone)\./.test(name) && REFUSALS.includes(answer);
        assert.ok(answer >= 0 || refused, `${name}, no bytes of ${area} at ${anywhere}`);
      }
    }
  }
});

test("a finished state is wiped, one whose output was refused is as it was", () => {
  const core = makeCore();
  const arena = core.openArena();
  const at = furnish(core, arena);
  const { raw } = core;
  const finals = [
    { state: at.digest, final: (output: number) => raw["hash.final"](at.digest, output) },
    { state: at.mac, final: (output: number) => raw["hmac.final"](at.mac, output) },
    { state: at.mac, final: (mac: number) => raw["hmac.verify_final"](at.mac, mac, 32) },
  ];
  for (const { state, final } of finals) {
    const bytes = () => core.memory.bytes.slice(state, state + 512);
    raw["hmac.init"](at.key, at.mac);
    const before = bytes();
    assert.is(final(16), Status.OUT_OF_BOUNDS);
    assert.equal(bytes(), before);
    assert.ok(final(at.room) >= 0);
    assert.equal(bytes(), new Uint8Array(512));
  }
  arena.close();
});

test("an algorithm that does not exist, and a state that was never begun, are refused", () => {
  const core = makeCore();
  const { raw } = core;
  const arena = core.openArena();
  const state = arena.alloc(4096);
  const output = state + 2048;
  for (const algorithm of [0, 5, 255, 0xffffffff]) {
    assert.is(raw["hash.digest"](algorithm, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hash.state_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hash.init"](algorithm, state), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.prepared_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.prepare"](algorithm, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hmac.state_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["hkdf.extract"](algorithm, state, 1, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ec.generate_private_key"](algorithm, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ec.public_key"](algorithm, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ec.check_private_key"](algorithm, state), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ec.decode_public_key"](algorithm, state, 65, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdsa.sign"](algorithm, 2, state, state, 1, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdsa.sign"](1, algorithm, state, state, 1, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdsa.verify"](algorithm, state, state, 1, output, 64), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ec.is_key_pair"](algorithm, state, state, 65, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdh.derive"](algorithm, state, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdsa.prepared_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdsa.prepare"](algorithm, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["ecdsa.verify_prepared"](algorithm, state, state, 1, output, 64), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.prepared_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.prepare"](algorithm, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.sign"](algorithm, state, state, 0, state, 1, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.verify"](algorithm, state, state, 0, state, state, 1), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.state_bytes"](algorithm), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.begin_sign"](algorithm, state, state, 0, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.update"](algorithm, state, state, 1), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.commit"](algorithm, state), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.finish_sign"](algorithm, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.begin_verify"](algorithm, state, state, 0, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["eddsa.finish_verify"](algorithm, state), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["xdh.public_key"](algorithm, state, output), Status.UNKNOWN_ALGORITHM);
    assert.is(raw["xdh.derive"](algorithm, state, state, output), Status.UNKNOWN_ALGORITHM);
  }
  core.memory.bytes.fill(0xa5, state, state + 4096);
  assert.is(raw["hash.update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["hash.final"](state, output), Status.INVALID_STATE);
  assert.is(raw["eddsa.update"](ED448, state, state, 1), Status.INVALID_STATE);
  assert.is(raw["eddsa.commit"](ED448, state), Status.INVALID_STATE);
  assert.is(raw["eddsa.finish_sign"](ED448, state, output), Status.INVALID_STATE);
  assert.is(raw["eddsa.finish_verify"](ED448, state), Status.INVALID_STATE);
  assert.is(raw["hmac.sign"](state, state, 1, output), Status.INVALID_STATE);
  assert.is(raw["hmac.verify"](state, state, 1, output, 32), Status.INVALID_STATE);
  assert.is(raw["hmac.init"](state, output), Status.INVALID_STATE);
  assert.is(raw["hmac.update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["hmac.final"](state, output), Status.INVALID_STATE);
  assert.is(raw["hmac.verify_final"](state, output, 32), Status.INVALID_STATE);
  for (const use of ["aes_gcm.seal", "aes_gcm.open"] as const) {
    assert.is(raw[use](state, state, 12, 0, 0, state, 1, output, output, 16), Status.INVALID_STATE);
  }
  assert.is(raw["aes_gcm.init"](state, state, 12, state), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.update_iv"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.update_aad"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.seal_update"](state, state, 1, output), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.seal_final"](state, output, 16), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.verify_update"](state, state, 1), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.verify_final"](state, output, 16), Status.INVALID_STATE);
  assert.is(raw["aes_gcm.open_update"](state, state, 1, output), Status.INVALID_STATE);
  for (const use of ["aes_cbc.encrypt", "aes_cbc.decrypt"] as const) {
    assert.is(raw[use](state, output, state, 16, state), Status.INVALID_STATE);
  }
  assert.is(raw["aes_ctr.crypt"](state, output, 128, state, 16, state), Status.INVALID_STATE);
  for (const use of ["aes_kw.wrap", "aes_kw.unwrap"] as const) {
    assert.is(raw[use](state, output, 24, 1, 1), Status.INVALID_STATE);
  }
  assert.is(raw["hkdf.expand"](state, state, 1, output, 32), Status.INVALID_STATE);
  assert.is(raw["pbkdf2.iterate"](state, output, 32, output + 32, 1), Status.INVALID_STATE);
  assert.is(raw["http.feed_chunked"](state, state, 1, 1, output, 8), Status.INVALID_STATE);
  assert.is(raw["hash.init"](SHA_256, state), 0);
  assert.is(raw["hmac.update"](state, state, 1), Status.INVALID_STATE, "a digest is no MAC");
  assert.is(raw["hash.final"](state, output), 32);
  assert.is(raw["hash.final"](state, output), Status.INVALID_STATE, "a state ends once");
  arena.close();
});

test.run();
