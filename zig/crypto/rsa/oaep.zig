//! EME-OAEP with MGF1: RFC 8017 (November 2016), sections 7.1 and B.2.1. The hash of the mask is that of the label, as
//! WebCrypto has it; of the label the digest is given.
//!
//! Encoded messages are as long as the modulus, for the primitives of operation.zig.
//!
//! Constant time in the message and its encoding. Lengths are public; so is, when an encoding was decoded, whether it was
//! one, and then how long its message is. What of it is wrong, nobody is told, or Manger's attack (2001) would read it.

const std = @import("std");
const ct = @import("../ct.zig");
const hash = @import("../hash.zig");
const pss = @import("pss.zig");

const Algorithm = hash.Algorithm;

pub const EncodeError = pss.EncodeError;

/// Section 7.1.1, step 2. The seed is random, and as long as a digest; `encoded` is as long as the modulus.
pub fn encode(
    algorithm: Algorithm,
    label_digest: []const u8,
    seed: []const u8,
    message: []const u8,
    encoded: []u8,
) EncodeError!void {
    const parts: Parts = try .of(algorithm, label_digest, encoded);
    if (seed.len != parts.seed.len) return error.InvalidLength;
    if (message.len > parts.db.len - label_digest.len - 1) return error.EncodingTooLong;
    // DB = lHash || PS || 0x01 || M, and EM = 0x00 || maskedSeed || maskedDB.
    @memset(encoded, 0);
    @memcpy(parts.seed, seed);
    @memcpy(parts.db[0..label_digest.len], label_digest);
    parts.db[parts.db.len - message.len - 1] = 0x01;
    @memcpy(parts.db[parts.db.len - message.len ..], message);
    pss.xorMask(algorithm, parts.seed, parts.db);
    pss.xorMask(algorithm, parts.db, parts.seed);
}

/// Section 7.1.2, step 3: where in `encoded`, which is decoded in place, the message begins; or 0 if it is no encoding
/// with this label.
pub fn decode(algorithm: Algorithm, label_digest: []const u8, encoded: []u8) EncodeError!u32 {
    const parts: Parts = try .of(algorithm, label_digest, encoded);
    pss.xorMask(algorithm, parts.db, parts.seed);
    pss.xorMask(algorithm, parts.seed, parts.db);
    var wrong: u32 = encoded[0];
    for (parts.db[0..label_digest.len], label_digest) |byte, expected| wrong |= byte ^ expected;
    // The first byte that is not zero has to be a one.
    var sought: u32 = std.math.maxInt(u32);
    var found_at: u32 = 0;
    const first: u32 = @intCast(1 + parts.seed.len);
    for (parts.db[label_digest.len..], @as(u32, @intCast(label_digest.len))..) |byte, at| {
        const is_one = ct.maskOfZero(byte ^ 0x01);
        const is_zero = ct.maskOfZero(byte);
        found_at |= sought & is_one & (first + @as(u32, @intCast(at)) + 1);
        wrong |= sought & ~is_one & ~is_zero;
        sought &= ~is_one;
    }
    wrong |= sought;
    return found_at & ct.maskOfZero(wrong);
}

/// Where in an encoded message what lies.
const Parts = struct {
    seed: []u8,
    db: []u8,

    fn of(algorithm: Algorithm, label_digest: []const u8, encoded: []u8) EncodeError!Parts {
        const digest_bytes = hash.digestBytes(algorithm);
        if (label_digest.len != digest_bytes) return error.InvalidLength;
        if (encoded.len < 2 * digest_bytes + 2) return error.EncodingTooLong;
        return .{ .seed = encoded[1..][0..digest_bytes], .db = encoded[1 + digest_bytes ..] };
    }
};

const testing = std.testing;

test "messages of every length that fits come back, and longer ones are refused" {
    var prng: std.Random.DefaultPrng = .init(8017);
    var bytes: [300]u8 = undefined;
    prng.random().bytes(&bytes);
    for (std.enums.values(Algorithm)) |algorithm| {
        const digest_bytes = hash.digestBytes(algorithm);
        const label_digest = bytes[0..digest_bytes];
        for ([_]usize{ 2 * digest_bytes + 2, 2 * digest_bytes + 3, 180 }) |length| {
            var storage: [181]u8 = undefined;
            const encoded = storage[0..length];
            const most = length - 2 * digest_bytes - 2;
            for (0..most + 1) |message_bytes| {
                const message = bytes[100..][0..message_bytes];
                try encode(algorithm, label_digest, bytes[64..][0..digest_bytes], message, encoded);
                try testing.expectEqual(0, encoded[0]);
                const at = try decode(algorithm, label_digest, encoded);
                try testing.expectEqual(length - message_bytes, at);
                try testing.expectEqualSlices(u8, message, encoded[at..]);
            }
            const long = bytes[100..][0 .. most + 1];
            try testing.expectError(error.EncodingTooLong, encode(algorithm, label_digest, label_digest, long, encoded));
        }
        var short: [2 * hash.digest_bytes_max + 1]u8 = undefined;
        const encoded = short[0 .. 2 * digest_bytes + 1];
        try testing.expectError(error.EncodingTooLong, decode(algorithm, label_digest, encoded));
        try testing.expectError(error.EncodingTooLong, encode(algorithm, label_digest, label_digest, "", encoded));
        try testing.expectError(error.InvalidLength, decode(algorithm, label_digest[1..], &short));
    }
}

test "whatever is wrong, the answer is 0: the first byte, the label, the padding, no end of it" {
    const digest: [32]u8 = @splat(7);
    const seed: [32]u8 = @splat(9);
    const message = "sixteen symbols!";
    var good: [128]u8 = undefined;
    try encode(.sha256, &digest, &seed, message, &good);
    var encoded = good;
    encoded[0] = 1;
    try testing.expectEqual(0, try decode(.sha256, &digest, &encoded));
    encoded = good;
    var other = digest;
    other[31] ^= 0x80;
    try testing.expectEqual(0, try decode(.sha256, &other, &encoded));
    // DB as it should not be, masked by the same seed.
    const padding_bytes = 128 - 1 - 32 - 32 - message.len - 1;
    for (0..padding_bytes + 1) |at| for ([_]u8{ 0x00, 0x01, 0x02, 0x80 }) |byte| {
        var db: [95]u8 = @splat(0);
        db[0..32].* = digest;
        db[32 + padding_bytes] = 0x01;
        @memcpy(db[33 + padding_bytes ..], message);
        db[32 + at] = byte;
        if (at == padding_bytes and byte == 0x00) @memset(db[32..], 0);
        encoded[0] = 0;
        encoded[1..33].* = seed;
        encoded[33..].* = db;
        pss.xorMask(.sha256, encoded[1..33], encoded[33..]);
        pss.xorMask(.sha256, encoded[33..], encoded[1..33]);
        const begins = try decode(.sha256, &digest, &encoded);
        const expected = switch (byte) {
            0x00 => if (at == padding_bytes) 0 else 128 - message.len,
            0x01 => 1 + 32 + 32 + at + 1,
            else => 0,
        };
        try testing.expectEqual(expected, begins);
    };
}
