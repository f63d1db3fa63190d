//! EMSA-PSS with MGF1: RFC 8017 (November 2016), sections 9.1 and B.2.1. The hash of the mask is that of the message,
//! as WebCrypto has it; the salt may have any length that fits.
//!
//! Encoded messages are as long as the modulus, for the primitives of operation.zig: where emLen is one byte less,
//! a zero comes first.
//!
//! Nothing here depends on a secret: encoded messages follow from a message and its signature.

const std = @import("std");
const ct = @import("../ct.zig");
const hash = @import("../hash.zig");

const Algorithm = hash.Algorithm;

pub const EncodeError = error{
    /// emLen < hLen + sLen + 2: the modulus is too short for this hash and salt (9.1.1, step 3).
    EncodingTooLong,
    /// The digest is not as long as the algorithm's.
    InvalidLength,
};

const trailer = 0xbc;
const padding1_bytes = 8;

/// Section 9.1.1 from step 3 on, for a message whose digest is given. `encoded` is as long as the modulus.
pub fn encode(
    algorithm: Algorithm,
    digest: []const u8,
    salt: []const u8,
    modulus_bits: usize,
    encoded: []u8,
) EncodeError!void {
    const parts: Parts = try .of(algorithm, digest, salt.len, modulus_bits, encoded);
    // DB = PS || 0x01 || salt, and EM = maskedDB || H || 0xbc.
    const db, const h = .{ parts.db, parts.h };
    @memset(encoded, 0);
    hashOfSaltedDigest(algorithm, digest, salt, h);
    db[db.len - salt.len - 1] = 0x01;
    @memcpy(db[db.len - salt.len ..], salt);
    xorMask(algorithm, h, db);
    db[0] &= parts.firstByteMask();
    encoded[encoded.len - 1] = trailer;
}

/// Section 9.1.2 from step 3 on: whether `encoded`, as long as the modulus, is an encoding of the digest with a salt of
/// this length. It is decoded in place.
pub fn verify(
    algorithm: Algorithm,
    digest: []const u8,
    salt_bytes: usize,
    modulus_bits: usize,
    encoded: []u8,
) error{InvalidLength}!bool {
    const parts = Parts.of(algorithm, digest, salt_bytes, modulus_bits, encoded) catch |err| switch (err) {
        error.EncodingTooLong => return false,
        error.InvalidLength => return error.InvalidLength,
    };
    const db = parts.db;
    var wrong: u8 = encoded[encoded.len - 1] ^ trailer;
    for (encoded[0 .. encoded.len - parts.encoded_bytes]) |byte| wrong |= byte;
    wrong |= db[0] & ~parts.firstByteMask();
    xorMask(algorithm, parts.h, db);
    db[0] &= parts.firstByteMask();
    const padding = db[0 .. db.len - salt_bytes - 1];
    for (padding) |byte| wrong |= byte;
    wrong |= db[padding.len] ^ 0x01;
    var expected: [hash.digest_bytes_max]u8 = undefined;
    hashOfSaltedDigest(algorithm, digest, db[padding.len + 1 ..], expected[0..parts.h.len]);
    return ct.equal(parts.h, expected[0..parts.h.len]) and wrong == 0;
}

/// Where in an encoded message what lies.
const Parts = struct {
    /// emLen: the modulus may have one byte more, when emBits is a multiple of 8.
    encoded_bytes: usize,
    encoded_bits: usize,
    db: []u8,
    h: []u8,

    fn of(
        algorithm: Algorithm,
        digest: []const u8,
        salt_bytes: usize,
        modulus_bits: usize,
        encoded: []u8,
    ) EncodeError!Parts {
        const digest_bytes = hash.digestBytes(algorithm);
        if (digest.len != digest_bytes) return error.InvalidLength;
        const encoded_bits = modulus_bits - 1;
        const encoded_bytes = (encoded_bits + 7) / 8;
        // As lengths come from a host, their sum might wrap.
        if (salt_bytes > encoded_bytes or encoded_bytes < digest_bytes + salt_bytes + 2) return error.EncodingTooLong;
        const db_from = encoded.len - encoded_bytes;
        const h_from = encoded.len - digest_bytes - 1;
        return .{
            .encoded_bytes = encoded_bytes,
            .encoded_bits = encoded_bits,
            .db = encoded[db_from..h_from],
            .h = encoded[h_from .. encoded.len - 1],
        };
    }

    /// Without the leftmost 8 emLen - emBits bits.
    fn firstByteMask(parts: Parts) u8 {
        return @as(u8, 0xff) >> @intCast(8 * parts.encoded_bytes - parts.encoded_bits);
    }
};

/// H = Hash(eight zeros || mHash || salt).
fn hashOfSaltedDigest(algorithm: Algorithm, digest: []const u8, salt: []const u8, output: []u8) void {
    var state: hash.State = undefined;
    hash.init(algorithm, &state);
    hash.append(&state, algorithm, &@as([padding1_bytes]u8, @splat(0)));
    hash.append(&state, algorithm, digest);
    hash.append(&state, algorithm, salt);
    hash.finish(&state, algorithm, output);
    ct.wipe(std.mem.asBytes(&state));
}

/// Section B.2.1: data ^= MGF1(seed).
pub fn xorMask(algorithm: Algorithm, seed: []const u8, data: []u8) void {
    var seeded: hash.State = undefined;
    var state: hash.State = undefined;
    var storage: [hash.digest_bytes_max]u8 = undefined;
    defer ct.wipe(std.mem.asBytes(&seeded));
    defer ct.wipe(std.mem.asBytes(&state));
    defer ct.wipe(&storage);
    const mask = storage[0..hash.digestBytes(algorithm)];
    hash.init(algorithm, &seeded);
    hash.append(&seeded, algorithm, seed);
    var counter: u32 = 0;
    var at: usize = 0;
    while (at < data.len) : (counter += 1) {
        state = seeded;
        var number: [4]u8 = undefined;
        std.mem.writeInt(u32, &number, counter, .big);
        hash.append(&state, algorithm, &number);
        hash.finish(&state, algorithm, mask);
        const part = data[at..@min(at + mask.len, data.len)];
        for (part, mask[0..part.len]) |*byte, bits| byte.* ^= bits;
        at += part.len;
    }
}

const testing = std.testing;

/// RSA Laboratories, pss-vect.txt, example 1.1; the encoded message is its signature to the power of e.
const example = struct {
    const digest_hex = "cd8b6538cb8e8de566b68bd067569dbf1ee2718e";
    const salt_hex = "dee959c7e06411361420ff80185ed57f3e6776af";
    const encoded_hex = "2009bca4cb0ee7fdf35a762c488a3fee0e4058130dde835ae61eb830dec8d50d" ++
        "3120ee732a1ae8a0c9e5e86a256b5c71d75bbc66735110cbde3ca5bfa8120360" ++
        "7a0b8b8ab1f857452900d36002fa7a87003c79ee6069bb46cdeb8f281140f1d3" ++
        "e9f296e05bd56b26bcf707a6a14b02f4344ff91bd17f29b79b4606e70afd99bc";
};

fn bytesOf(comptime hex: []const u8) [hex.len / 2]u8 {
    var bytes: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, hex) catch unreachable;
    return bytes;
}

test "example 1.1 of RSA Laboratories" {
    const digest = bytesOf(example.digest_hex);
    var encoded: [128]u8 = undefined;
    try encode(.sha1, &digest, &bytesOf(example.salt_hex), 1024, &encoded);
    try testing.expectEqualSlices(u8, &bytesOf(example.encoded_hex), &encoded);
    try testing.expect(try verify(.sha1, &digest, 20, 1024, &encoded));
}

test "every size, salt and flipped bit" {
    var prng: std.Random.DefaultPrng = .init(0x70737370);
    const random = prng.random();
    for (std.enums.values(Algorithm)) |algorithm| {
        const digest_bytes = hash.digestBytes(algorithm);
        for (8 * (digest_bytes + 12)..8 * (digest_bytes + 12) + 17) |modulus_bits| {
            var storage: [100]u8 = undefined;
            var copy: [100]u8 = undefined;
            var digest_storage: [hash.digest_bytes_max]u8 = undefined;
            const encoded = storage[0 .. (modulus_bits + 7) / 8];
            const digest = digest_storage[0..digest_bytes];
            random.bytes(digest);
            const salt_max = (modulus_bits - 1 + 7) / 8 - digest_bytes - 2;
            for (0..salt_max + 1) |salt_bytes| {
                var salt: [20]u8 = undefined;
                random.bytes(&salt);
                try encode(algorithm, digest, salt[0..salt_bytes], modulus_bits, encoded);
                @memcpy(copy[0..encoded.len], encoded);
                try testing.expect(try verify(algorithm, digest, salt_bytes, modulus_bits, encoded));
                for ([_]usize{ salt_bytes +% 1, salt_bytes -% 1, salt_max + 1, std.math.maxInt(usize) }) |other| {
                    @memcpy(encoded, copy[0..encoded.len]);
                    try testing.expect(!try verify(algorithm, digest, other, modulus_bits, encoded));
                }
            }
            for (0..8 * encoded.len) |bit| {
                @memcpy(encoded, copy[0..encoded.len]);
                encoded[bit / 8] ^= @as(u8, 0x80) >> @intCast(bit % 8);
                try testing.expect(!try verify(algorithm, digest, salt_max, modulus_bits, encoded));
            }
            const too_long: [21]u8 = @splat(0);
            try testing.expectError(
                error.EncodingTooLong,
                encode(algorithm, digest, too_long[0 .. salt_max + 1], modulus_bits, encoded),
            );
            try testing.expectError(error.InvalidLength, encode(algorithm, digest[1..], "", modulus_bits, encoded));
            try testing.expectError(error.InvalidLength, verify(algorithm, digest[1..], 0, modulus_bits, encoded));
        }
    }
}
