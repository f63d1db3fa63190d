//! Evidence that no secret steers the core: a program for Valgrind's memcheck, by the method of ctgrind (Adam Langley,
//! 2010). It is a native build of the same Zig code. Memcheck follows every bit that is undefined through memory and
//! registers, and complains when a branch or an address depends on one; here the secrets are marked undefined.
//!
//!     npm run build -- constant-time && node wasm-out/tests/run.js constant-time
//!
//! One line for each check. Those that begin with "control" leak on purpose, by code that would be wrong for secrets:
//! memcheck must find each, or the run proves nothing and fails.
//!
//! What is public by design though it follows from secrets is marked so where it is decided, with the reason: here by
//! `publish`, in the core by `declassified` (crypto/ec/secret.zig), and for the rest in constant_time.supp.
//!
//! Out of its sight: what no check runs; divisions, whose time may depend on the operands; and what LLVM makes of the
//! code for another target, or an engine of the module. docs/security.md says what there is about those.

const std = @import("std");
const memcheck = std.valgrind.memcheck;
const aes_key = @import("crypto/aes/key.zig");
const cbc = @import("crypto/aes/cbc.zig");
const counter_mode = @import("crypto/aes/counter.zig");
const key_wrap = @import("crypto/aes/kw.zig");
const ct = @import("crypto/ct.zig");
const ecdh = @import("crypto/ec/ecdh.zig");
const ecdsa = @import("crypto/ec/ecdsa.zig");
const eddsa = @import("crypto/edwards/eddsa.zig");
const ec_key = @import("crypto/ec/key.zig");
const gcm = @import("crypto/aes/gcm.zig");
const hash = @import("crypto/hash.zig");
const hkdf = @import("crypto/hkdf.zig");
const hmac = @import("crypto/hmac.zig");
const pbkdf2 = @import("crypto/pbkdf2.zig");
const Budget = @import("crypto/rsa/power.zig").Budget;
const xdh = @import("crypto/edwards/xdh.zig");
const oaep = @import("crypto/rsa/oaep.zig");
const pss = @import("crypto/rsa/pss.zig");
const rsa_generation = @import("crypto/rsa/generation.zig");
const rsa_key = @import("crypto/rsa/key.zig");
const rsa_operation = @import("crypto/rsa/operation.zig");
const Curve = ec_key.Curve;
const PrivateKeyFile = @import("der/pkcs8.zig").PrivateKey;
const der_writer = @import("der/writer.zig");
const base64url = @import("encoding/base64url.zig");

pub const std_options: std.Options = .{ .side_channels_mitigations = .full };
/// Formatting addresses takes more code than all that is checked.
pub const panic = std.debug.simple_panic;

const Check = struct { []const u8, *const fn () anyerror!void };

const checks = [_]Check{
    .{ "digests of a secret message, at once and in pieces", digests },
    .{ "HMAC: key, message, right and wrong MACs", macs },
    .{ "comparison of equal and of different bytes", comparisons },
    .{ "AES-GCM: key set-up, sealing and opening at once", gcmAtOnce },
    .{ "AES-GCM: sealing and opening in pieces, forged tags", gcmInPieces },
    .{ "AES-CBC and AES-CTR: key set-up, there and back, in pieces; right and wrong padding", aesModes },
    .{ "AES-KW: wrapping, unwrapping, a wrong key", keyWraps },
    .{ "HKDF and PBKDF2: secret password, material, salt and info", derivations },
    .{ "base64url, written and read", base64urls },
    .{ "EC keys on P-256: generation, public key, nonce, signature, shared secret", curve(.p256) },
    .{ "EC keys on P-384: generation, public key, nonce, signature, shared secret", curve(.p384) },
    .{ "EC keys on P-521: generation, public key, nonce, signature, shared secret", curve(.p521) },
    .{ "EC private keys out of range, by little and by much", scalarsOutOfRange },
    .{ "EC private keys in PKCS #8, read and written", ecKeyFiles },
    .{ "Ed25519: public key, signature at once and in pieces", signatures(.ed25519) },
    .{ "Ed448: public key, signature at once and in pieces", signatures(.ed448) },
    .{ "X25519: public key, shared secret, points of small order", agreement(.x25519) },
    .{ "X448: public key, shared secret, points of small order", agreement(.x448) },
    .{ "RSA, 1024 bits: generation of a key", RsaKey(1024).generate },
    .{ "RSA, 1024 bits: import checks of a key, and of spoilt ones", RsaKey(1024).import },
    .{ "RSA, 1024 bits: PSS signature, blinded, by CRT and checked", RsaKey(1024).sign },
    .{ "OAEP: a message encoded and decoded, and what is wrong with others", encodings },
    .{ "RSA, 1024 bits: private key in PKCS #8, read and written", RsaKey(1024).keyFile },
    .{ "RSA, 2048 bits: generation of a key", RsaKey(2048).generate },
    .{ "RSA, 2048 bits: import checks of a key, and of spoilt ones", RsaKey(2048).import },
    .{ "RSA, 2048 bits: PSS signature, blinded, by CRT and checked", RsaKey(2048).sign },
};

const controls = [_]Check{
    .{ "control: a comparison that ends at the first difference", earlyExit },
    .{ "control: a table with a secret index", secretIndex },
    .{ "control: multiples of points meant for verification", verificationOfSecrets },
    .{ "control: a private exponent where the public one belongs", privateExponentAsPublic },
};

pub fn main() u8 {
    if (std.valgrind.runningOnValgrind() == 0) {
        std.debug.print("this program means something under valgrind only\n", .{});
        return 2;
    }
    var failed: usize = 0;
    for (checks) |check| failed += @intFromBool(!run(check, .silence));
    for (controls) |control| failed += @intFromBool(!run(control, .findings));
    std.debug.print("{d} passed, {d} failed\n", .{ checks.len + controls.len - failed, failed });
    return @intFromBool(failed > 0);
}

fn run(check: Check, expected: enum { silence, findings }) bool {
    const name, const function = check;
    const before = std.valgrind.countErrors();
    function() catch |err| {
        std.debug.print("failed  {s}: {s}\n", .{ name, @errorName(err) });
        return false;
    };
    const findings = std.valgrind.countErrors() - before;
    const passed = (findings > 0) == (expected == .findings);
    std.debug.print("{s}  {s}: {d} findings\n", .{ if (passed) "ok    " else "failed", name, findings });
    return passed;
}

// ---- what is secret ----

/// Random bytes that are secret. The same in each run: so that a finding comes again.
fn fill(bytes: []u8, seed: u64) void {
    var generator: std.Random.DefaultPrng = .init(seed);
    generator.random().bytes(bytes);
    memcheck.makeMemUndefined(bytes);
}

/// Declares public what was given out, as signatures and public keys are.
fn publish(bytes: []const u8) void {
    memcheck.makeMemDefined(bytes);
}

/// The answer of the core to a question whose answer is public.
fn expect(answer: bool) error{Wrong}!void {
    var copy = answer;
    publish(std.mem.asBytes(&copy));
    if (!copy) return error.Wrong;
}

fn expectSame(a: []const u8, b: []const u8) error{Wrong}!void {
    try expect(ct.equal(a, b));
}

/// What stands for the core's arenas.
fn allocate(bytes: usize) ![]align(16) u8 {
    return std.heap.page_allocator.alignedAlloc(u8, .@"16", bytes);
}

// ---- symmetric ----

fn digests() !void {
    var message: [1000]u8 = undefined;
    fill(&message, 1);
    for (std.enums.values(hash.Algorithm)) |algorithm| {
        for ([_]usize{ 0, 1, 55, 56, 63, 64, 111, 112, 127, 128, 1000 }) |length| {
            var whole: [hash.digest_bytes_max]u8 = undefined;
            var pieces: [hash.digest_bytes_max]u8 = undefined;
            const digest_bytes = try hash.digest(algorithm, message[0..length], &whole);
            var state: hash.State = undefined;
            hash.init(algorithm, &state);
            try hash.update(&state, message[0 .. length / 3]);
            try hash.update(&state, message[length / 3 .. length]);
            _ = try hash.final(&state, &pieces);
            try expectSame(whole[0..digest_bytes], pieces[0..digest_bytes]);
        }
    }
}

fn macs() !void {
    var key: [200]u8 = undefined;
    fill(&key, 1);
    var message: [1000]u8 = undefined;
    fill(&message, 2);
    for (std.enums.values(hash.Algorithm)) |algorithm| {
        for ([_]usize{ 0, 1, 32, 64, 65, 128, 129, 200 }) |length| {
            var prepared: hmac.Prepared = undefined;
            hmac.prepare(algorithm, key[0..length], &prepared);
            var storage: [hash.digest_bytes_max]u8 = undefined;
            const mac = storage[0..try hmac.sign(&prepared, message[0 .. 5 * length], &storage)];
            try expect(try hmac.verify(&prepared, message[0 .. 5 * length], mac));
            var state: hmac.State = undefined;
            try hmac.init(&prepared, &state);
            try hmac.update(&state, message[0..length]);
            try hmac.update(&state, message[length .. 5 * length]);
            try expect(try hmac.verifyFinal(&state, mac));
            for ([_]usize{ 0, mac.len - 1 }) |wrong| {
                mac[wrong] ^= 1;
                try expect(!try hmac.verify(&prepared, message[0 .. 5 * length], mac));
            }
        }
    }
}

fn comparisons() !void {
    var a: [100]u8 = undefined;
    fill(&a, 1);
    var b = a;
    try expect(ct.equal(&a, &b));
    for (&b) |*byte| {
        byte.* ^= 0x80;
        try expect(!ct.equal(&a, &b));
    }
}

const gcm_key_bytes = [_]usize{ 16, 24, 32 };
const gcm_tag_bytes = [_]usize{ 4, 8, 12, 13, 14, 15, 16 };

fn gcmAtOnce() !void {
    var key: [32]u8 = undefined;
    fill(&key, 1);
    var text: [5000]u8 = undefined;
    fill(&text, 2);
    var iv: [40]u8 = undefined;
    fill(&iv, 3);
    var aad: [700]u8 = undefined;
    fill(&aad, 4);
    for (gcm_key_bytes) |key_bytes| {
        var prepared: gcm.Prepared = undefined;
        try gcm.prepare(key[0..key_bytes], &prepared);
        for ([_]usize{ 0, 1, 15, 16, 17, 112, 113, 128, 300, 1000, 5000 }, 0..) |length, round| {
            for ([_]usize{ 1, 12, 40 }) |iv_bytes| {
                var sealed: [text.len]u8 = undefined;
                var tag_storage: [gcm.tag_bytes_max]u8 = undefined;
                const tag = tag_storage[0..gcm_tag_bytes[round % gcm_tag_bytes.len]];
                const input = text[0..length];
                const output = sealed[0..length];
                try gcm.seal(&prepared, iv[0..iv_bytes], aad[0 .. length / 8], input, output, tag);
                try gcm.open(&prepared, iv[0..iv_bytes], aad[0 .. length / 8], output, output, tag);
                try expectSame(input, output);
            }
        }
    }
}

fn gcmInPieces() !void {
    var key: [32]u8 = undefined;
    fill(&key, 1);
    var text: [1500]u8 = undefined;
    fill(&text, 2);
    const iv: [12]u8 = @splat(3);
    for (gcm_key_bytes) |key_bytes| {
        var prepared: gcm.Prepared = undefined;
        try gcm.prepare(key[0..key_bytes], &prepared);
        var sealed: [text.len]u8 = undefined;
        var tag: [16]u8 = undefined;
        var state: gcm.State = undefined;
        try gcm.init(&prepared, &iv, &state);
        try gcm.updateAad(&state, text[0..5]);
        try gcm.updateAad(&state, text[5..50]);
        try gcm.sealUpdate(&state, text[0..7], sealed[0..7]);
        try gcm.sealUpdate(&state, text[7..], sealed[7..]);
        try gcm.sealFinal(&state, &tag);

        try gcm.init(&prepared, &iv, &state);
        try gcm.updateAad(&state, text[0..50]);
        try gcm.verifyUpdate(&state, sealed[0..700]);
        try gcm.verifyUpdate(&state, sealed[700..]);
        try gcm.verifyFinal(&state, &tag);
        try gcm.openUpdate(&state, sealed[0..130], sealed[0..130]);
        try gcm.openUpdate(&state, sealed[130..], sealed[130..]);
        try expectSame(&text, &sealed);

        for ([_]usize{ 0, 15 }) |wrong| {
            tag[wrong] ^= 1;
            const result = gcm.open(&prepared, &iv, text[0..50], &sealed, &sealed, &tag);
            if (result != error.AuthenticationFailed) return error.Wrong;
        }
    }
}

fn aesModes() !void {
    var key: [32]u8 = undefined;
    fill(&key, 1);
    var text: [1008]u8 = undefined;
    fill(&text, 2);
    const counter: [16]u8 = @splat(0xff);
    for (gcm_key_bytes) |key_bytes| {
        var prepared: aes_key.Prepared = undefined;
        try aes_key.prepare(key[0..key_bytes], &prepared);
        for ([_]usize{ 0, 16, 64, 128, 400, 1008 }) |length| {
            const input = text[0..length];
            const cut = length / 3 / 16 * 16;
            var storage: [text.len]u8 = undefined;
            const output = storage[0..length];
            var chain: [16]u8 = undefined;
            fill(&chain, 3);
            const iv = chain;
            try cbc.encrypt(&prepared, &chain, input[0..cut], output[0..cut]);
            try cbc.encrypt(&prepared, &chain, input[cut..], output[cut..]);
            chain = iv;
            try cbc.decrypt(&prepared, &chain, output[0..cut], output[0..cut]);
            try cbc.decrypt(&prepared, &chain, output[cut..], output[cut..]);
            try expectSame(input, output);
            chain = counter;
            try counter_mode.crypt(&prepared, &chain, 128, input[0..cut], output[0..cut]);
            try counter_mode.crypt(&prepared, &chain, 128, input[cut..], output[cut..]);
            chain = counter;
            try counter_mode.crypt(&prepared, &chain, 128, output, output);
            try expectSame(input, output);
        }
    }
    for (0..18) |length| {
        var block: [16]u8 = undefined;
        fill(&block, 4);
        const bytes = @min(length, 16);
        @memset(block[16 - bytes ..], @intCast(length));
        block[15] = @intCast(length);
        memcheck.makeMemUndefined(&block);
        const is_padding = length >= 1 and length <= 16;
        var found = cbc.paddingBytes(&block);
        publish(std.mem.asBytes(&found));
        if (found != if (is_padding) length else 0) return error.Wrong;
    }
}

fn keyWraps() !void {
    var key: [32]u8 = undefined;
    fill(&key, 1);
    for (gcm_key_bytes) |key_bytes| {
        var prepared: aes_key.Prepared = undefined;
        try aes_key.prepare(key[0..key_bytes], &prepared);
        for ([_]usize{ 24, 40, 72 }) |length| {
            var storage: [72]u8 = undefined;
            fill(&storage, 2);
            var data = storage;
            const last = try key_wrap.steps(length);
            try key_wrap.wrap(&prepared, data[0..length], .{ .from = 1, .to = last });
            var wrong = data;
            try key_wrap.unwrap(&prepared, data[0..length], .{ .from = last, .to = 1 });
            try expectSame(storage[8..length], data[8..length]);
            wrong[9] ^= 1;
            const result = key_wrap.unwrap(&prepared, wrong[0..length], .{ .from = last, .to = 1 });
            if (result != error.AuthenticationFailed) return error.Wrong;
        }
    }
}

fn derivations() !void {
    var secret: [200]u8 = undefined;
    fill(&secret, 1);
    for (std.enums.values(hash.Algorithm)) |algorithm| {
        var prk: hmac.Prepared = undefined;
        hkdf.extract(algorithm, secret[0..20], secret[20..60], &prk);
        var output: [150]u8 = undefined;
        try hkdf.expand(&prk, secret[60..100], &output);

        var prepared: hmac.Prepared = undefined;
        hmac.prepare(algorithm, secret[100..], &prepared);
        var us: [3 * hash.digest_bytes_max]u8 = undefined;
        fill(&us, 2);
        var sums = us;
        const length = 3 * hash.digestBytes(algorithm);
        try pbkdf2.iterate(&prepared, us[0..length], sums[0..length], 5);
    }
}

fn base64urls() !void {
    var bytes: [100]u8 = undefined;
    fill(&bytes, 1);
    var storage: [base64url.encodedBytes(bytes.len)]u8 = undefined;
    for (0..bytes.len) |length| {
        const text = storage[0..base64url.encodedBytes(length)];
        base64url.encode(bytes[0..length], text);
        var decoded: [bytes.len]u8 = undefined;
        try base64url.decode(text, decoded[0..length]);
        try expectSame(bytes[0..length], decoded[0..length]);
    }
}

// ---- elliptic curves ----

fn curve(comptime which: Curve) *const fn () anyerror!void {
    return struct {
        fn check() !void {
            const scalar_bytes = comptime ec_key.privateKeyBytes(which);
            var private_key: [scalar_bytes]u8 = undefined;
            try generate(which, &private_key);
            var public_key: [2 * scalar_bytes + 1]u8 = undefined;
            _ = try ec_key.publicKey(which, &private_key, &public_key);
            publish(&public_key);
            var decoded: [public_key.len]u8 = undefined;
            try expect(try ec_key.isPair(which, &private_key, &public_key, &decoded));
            var shared_secret: [scalar_bytes]u8 = undefined;
            _ = try ecdh.derive(which, &private_key, &public_key, &shared_secret);
            var digest: [hash.digest_bytes_max]u8 = undefined;
            fill(&digest, 2);
            for (std.enums.values(hash.Algorithm)) |algorithm| for ([_]usize{ 0, 32 }) |entropy_bytes| {
                var entropy: [32]u8 = undefined;
                fill(&entropy, 3);
                const hashed = digest[0..hash.digestBytes(algorithm)];
                memcheck.makeMemUndefined(hashed);
                var signature: [2 * scalar_bytes]u8 = undefined;
                _ = try ecdsa.sign(which, algorithm, &private_key, hashed, entropy[0..entropy_bytes], &signature);
                publish(&signature);
                publish(hashed); // Verification is for what is public.
                if (!try ecdsa.verify(which, &public_key, hashed, &signature)) return error.Wrong;
            };
        }
    }.check;
}

fn generate(which: Curve, private_key: []u8) !void {
    var random: [66]u8 = undefined;
    const bytes = random[0..private_key.len];
    for (0..100) |seed| {
        fill(bytes, seed);
        if (ec_key.generate(which, bytes, private_key)) return;
    }
    return error.Wrong; // Half of the draws are refused for P-521, and fewer for the others.
}

fn scalarsOutOfRange() !void {
    inline for (comptime std.enums.values(Curve)) |which| {
        const Scalar = which.Type().Scalar;
        const order = comptime ec_key.bigEndian(Scalar.bytes, Scalar.modulus);
        inline for (.{ @as([Scalar.bytes]u8, @splat(0)), order, @as([Scalar.bytes]u8, @splat(0xff)) }) |bad| {
            var scalar = bad;
            memcheck.makeMemUndefined(&scalar);
            try expect(!ec_key.isPrivateKey(which, &scalar));
        }
    }
}

fn ecKeyFiles() !void {
    var scalar: [48]u8 = undefined;
    fill(&scalar, 1);
    const point: [97]u8 = @splat(4);
    const key: PrivateKeyFile = .{ .ec = .{ .curve = .p384, .point = &point, .scalar = &scalar } };
    var storage: [300]u8 = undefined;
    const file = storage[0..try der_writer.encode(key, &storage)];
    const read: PrivateKeyFile = try .parse(file);
    try expectSame(read.ec.scalar, &scalar);
}

fn signatures(comptime which: eddsa.Curve) *const fn () anyerror!void {
    return struct {
        const E = eddsa.Eddsa(which);

        fn check() !void {
            var private_key: [E.bytes]u8 = undefined;
            fill(&private_key, 1);
            var prepared: E.Prepared = undefined;
            E.prepare(&private_key, &prepared);
            publish(&prepared.public_key);
            var message: [300]u8 = undefined;
            var context: [E.context_bytes_max]u8 = undefined;
            for ([_]usize{ 0, 1, 100, 300 }) |length| {
                fill(&context, 3);
                fill(&message, 2);
                const whole = message[0..length];
                var signature: [E.signature_bytes]u8 = undefined;
                try E.sign(&prepared, &context, whole, &signature);
                var state: E.State = undefined;
                try E.beginSign(&prepared, &context, &state);
                try E.update(&state, whole[0 .. length / 3]);
                try E.update(&state, whole[length / 3 ..]);
                try E.commit(&state);
                try E.update(&state, whole);
                var again: [E.signature_bytes]u8 = undefined;
                try E.finishSign(&state, &again);
                try expectSame(&signature, &again);
                publish(&signature);
                publish(whole); // Verification is for what is public.
                publish(&context);
                if (!try E.verify(&prepared.public_key, &context, &signature, whole)) return error.Wrong;
            }
        }
    }.check;
}

fn agreement(comptime which: xdh.Curve) *const fn () anyerror!void {
    return struct {
        const X = xdh.Xdh(which);

        fn check() !void {
            var keys: [2][X.bytes]u8 = undefined;
            var public_keys: [2][X.bytes]u8 = undefined;
            var secrets: [2][X.bytes]u8 = undefined;
            for (&keys, &public_keys, 1..) |*key, *public_key, seed| {
                fill(key, seed);
                X.publicKey(key, public_key);
            }
            // The other side's key counts as a secret, too: what is agreed with may be.
            for (&keys, &secrets, 0..) |*key, *shared, i| try expect(X.derive(key, &public_keys[1 - i], shared));
            try expectSame(&secrets[0], &secrets[1]);
            const infinity: [X.bytes]u8 = @splat(0);
            try expect(!X.derive(&keys[0], &infinity, &secrets[0]));
        }
    }.check;
}

// ---- RSA ----

fn encodings() !void {
    var secret: [100]u8 = undefined;
    fill(&secret, 1);
    const label: [32]u8 = @splat(7);
    for ([_]usize{ 0, 1, 30, 62 }) |length| {
        var encoded: [128]u8 = undefined;
        const message = secret[32..][0..length];
        try oaep.encode(.sha256, &label, secret[0..32], message, &encoded);
        for ([_]?usize{ null, 0, 5, 40, 127 }) |wrong| {
            var copy = encoded;
            if (wrong) |at| copy[at] ^= 1;
            var at = try oaep.decode(.sha256, &label, &copy);
            publish(std.mem.asBytes(&at));
            if (at != if (wrong == null) encoded.len - length else 0) return error.Wrong;
            if (wrong == null) try expectSame(copy[at..], message);
        }
    }
}

/// A key is generated first; the other checks are of that key.
fn RsaKey(comptime modulus_bits: u32) type {
    return struct {
        const exponent = [_]u8{ 1, 0, 1 };
        const modulus_bytes = modulus_bits / 8;
        const sizes = rsa_generation.sizesOf(modulus_bits, exponent.len) catch unreachable;
        const tiles_a_step = 40_000;
        var all: [rsa_key.Parts.bytesOfAll(sizes)]u8 = undefined;
        const parts: rsa_key.Parts = .of(sizes, &all);

        fn generate() !void {
            const memory = try allocate(rsa_generation.generationBytes(sizes));
            const header: *rsa_generation.Header = @ptrCast(memory);
            try rsa_generation.begin(header, sizes, &exponent);
            var random: [16 * modulus_bytes]u8 = undefined;
            var seed: u64 = modulus_bits;
            fill(&random, seed);
            while (true) {
                var budget: Budget = .{ .tiles = tiles_a_step };
                switch (try rsa_generation.step(header, &random, &budget)) {
                    .more => {},
                    .done => break,
                    .needs_random => {
                        seed += 1;
                        fill(&random, seed);
                    },
                }
            }
            try rsa_generation.finish(header, &all);
            publish(parts.n);
            publish(parts.e);
        }

        fn import() !void {
            try prepare(try allocate(sizes.privateBytes()));
            // One bit wrong in d, p, q, dp, dq, qi, where lengths and parity stay: the key is refused, and no more told.
            const spoilt = try allocate(sizes.privateBytes());
            inline for (.{ "d", "p", "q", "dp", "dq", "qi" }) |name| {
                const part = @constCast(@field(parts, name));
                part[part.len / 2] ^= 1;
                defer part[part.len / 2] ^= 1;
                if (prepare(spoilt) != error.InvalidKey) return error.Wrong;
            }
        }

        fn prepare(key: []align(16) u8) !void {
            const scratch = try allocate(sizes.scratchBytes());
            try rsa_key.PrivateKey.prepare(@ptrCast(key), scratch.ptr, sizes, parts);
        }

        fn sign() !void {
            const memory = try allocate(sizes.privateBytes());
            try prepare(memory);
            const key: *rsa_key.Header = @ptrCast(memory);
            const operation_memory = try allocate(rsa_operation.operationBytes(key));
            const operation: *rsa_operation.Header = @ptrCast(operation_memory);

            var digest: [32]u8 = undefined;
            fill(&digest, 1);
            var salt: [32]u8 = undefined;
            fill(&salt, 2);
            var encoded: [modulus_bytes]u8 = undefined;
            try pss.encode(.sha256, &digest, &salt, modulus_bits, &encoded);
            var blinding: [rsa_operation.blinding_bytes]u8 = undefined;
            fill(&blinding, 3);
            try rsa_operation.beginPrivate(key, operation, &encoded, &blinding);
            try finish(key, operation);
            var signature: [modulus_bytes]u8 = undefined;
            try rsa_operation.finish(key, operation, &signature);
            publish(&signature);

            try rsa_operation.beginPublic(key, operation, &signature);
            try finish(key, operation);
            try rsa_operation.finish(key, operation, &encoded);
            publish(&digest);
            publish(&encoded);
            if (!try pss.verify(.sha256, &digest, salt.len, modulus_bits, &encoded)) return error.Wrong;
        }

        fn finish(key: *rsa_key.Header, operation: *rsa_operation.Header) !void {
            while (true) {
                var budget: Budget = .{ .tiles = tiles_a_step };
                if (try rsa_operation.step(key, operation, &budget)) return;
            }
        }

        fn keyFile() !void {
            // An INTEGER's encoding is a byte longer if its first bit is set, and shorter for each byte that is zero:
            // that much a file tells by its length, and the reader looks at it.
            inline for (@typeInfo(rsa_key.Parts).@"struct".fields) |field| publish(@field(parts, field.name)[0..1]);
            defer inline for (.{ "d", "p", "q", "dp", "dq", "qi" }) |name| {
                memcheck.makeMemUndefined(@field(parts, name)[0..1]);
            };
            const key: PrivateKeyFile = .{ .rsa = .{
                .n = parts.n,
                .e = parts.e,
                .d = parts.d,
                .p = parts.p,
                .q = parts.q,
                .dp = parts.dp,
                .dq = parts.dq,
                .qi = parts.qi,
            } };
            var storage: [2 * all.len]u8 = undefined;
            const file = storage[0..try der_writer.encode(key, &storage)];
            const read: PrivateKeyFile = try .parse(file);
            try expectSame(read.rsa.d, parts.d);
        }
    };
}

// ---- controls ----

fn earlyExit() !void {
    var a: [16]u8 = undefined;
    fill(&a, 1);
    var b: [16]u8 = undefined;
    fill(&b, 2);
    try expect(!isSame(&a, &b));
}

noinline fn isSame(a: *const volatile [16]u8, b: *const volatile [16]u8) bool {
    for (0..a.len) |i| {
        if (a[i] != b[i]) return false;
    }
    return true;
}

/// As AES with its S-box in memory does.
fn secretIndex() !void {
    var table: [256]u8 = undefined;
    for (&table, 0..) |*entry, i| entry.* = @truncate(i *% 167);
    var index: [1]u8 = undefined;
    fill(&index, 1);
    const entry = @as(*volatile u8, &table[index[0]]).*;
    try expect(entry == index[0] *% 167);
}

fn verificationOfSecrets() !void {
    var private_key: [32]u8 = undefined;
    try generate(.p256, &private_key);
    var public_key: [65]u8 = undefined;
    _ = try ec_key.publicKey(.p256, &private_key, &public_key);
    publish(&public_key);
    var digest: [32]u8 = undefined;
    fill(&digest, 2);
    var signature: [64]u8 = undefined;
    _ = try ecdsa.sign(.p256, .sha256, &private_key, &digest, "", &signature);
    publish(&signature);
    try expect(try ecdsa.verify(.p256, &public_key, &digest, &signature));
}

fn privateExponentAsPublic() !void {
    const Key = RsaKey(1024);
    const wrong: rsa_key.Sizes = .{ .modulus_bits = 1024, .exponent_bytes = 128 };
    const memory = try allocate(wrong.publicBytes());
    const scratch = try allocate(wrong.scratchBytes());
    const key: *rsa_key.Header = @ptrCast(memory);
    try rsa_key.PublicKey.prepare(key, scratch.ptr, wrong, Key.parts.n, Key.parts.d);
    const operation_memory = try allocate(rsa_operation.operationBytes(key));
    const operation: *rsa_operation.Header = @ptrCast(operation_memory);
    const representative: [128]u8 = @splat(1);
    try rsa_operation.beginPublic(key, operation, &representative);
    try Key.finish(key, operation);
}
