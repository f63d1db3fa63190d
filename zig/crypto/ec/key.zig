//! Keys of elliptic curves: FIPS 186-5 (February 2023), appendix A.2; SP 800-56A (revision 3), section 5.6.2.3.3.
//!
//! A private key is a big-endian integer as long as the order, a public key an uncompressed point (SEC 1, version 2.0,
//! section 2.3.3): 0x04, x, y. Compressed points are taken, and given uncompressed.
//!
//! Constant time in private keys, but for whether they are in range.

const std = @import("std");
const ct = @import("../ct.zig");
const curves = @import("curves.zig");
const multiply = @import("multiply.zig");
const points = @import("point.zig");
const secret = @import("secret.zig");

pub const Curve = enum(u32) {
    p256 = 1,
    p384 = 2,
    p521 = 3,

    pub fn Type(comptime curve: Curve) type {
        return switch (curve) {
            .p256 => curves.P256,
            .p384 => curves.P384,
            .p521 => curves.P521,
        };
    }

    /// The curve with this number, as a host names it.
    pub fn fromInt(number: u32) error{UnknownAlgorithm}!Curve {
        return std.enums.fromInt(Curve, number) orelse error.UnknownAlgorithm;
    }
};

/// The length of a private key is wrong, or it is 0, or not below the order.
pub const PrivateKeyError = error{InvalidPrivateKey};
/// No encoding of a point of the curve, or of infinity.
pub const PublicKeyError = points.DecodeError;

pub fn privateKeyBytes(curve: Curve) u32 {
    return switch (curve) {
        inline else => |comptime_curve| comptime_curve.Type().Scalar.bytes,
    };
}

pub fn publicKeyBytes(curve: Curve) u32 {
    return switch (curve) {
        inline else => |comptime_curve| points.Points(comptime_curve.Type()).uncompressed_bytes,
    };
}

/// The order of a curve's group, as a big-endian integer.
pub fn orderOf(curve: Curve) []const u8 {
    return switch (curve) {
        inline else => |comptime_curve| &Keys(comptime_curve.Type()).order,
    };
}

/// A private key from random bytes, as many as it has: FIPS 186-5, section A.2.2, rejection sampling. False for the few
/// random numbers that are too large: then others are needed.
pub noinline fn generate(curve: Curve, random: []const u8, private_key: []u8) bool {
    const order = orderOf(curve);
    std.debug.assert(random.len == order.len and private_key.len == random.len);
    @memcpy(private_key, random);
    private_key[0] &= @as(u8, 0xff) >> @intCast(@clz(order[0])); // Of P-521's first byte only one bit counts.
    var carried: u32 = 1;
    var at = private_key.len;
    while (at > 0) {
        at -= 1;
        carried += private_key[at];
        private_key[at] = @truncate(carried);
        carried >>= 8;
    }
    // 1 more than the random number may be 0: of as many ones.
    if (isPrivateKey(curve, private_key)) return true;
    ct.wipe(private_key);
    return false;
}

/// Whether what should be a private key is one: as long as the order, and from 1 to the order less 1.
pub noinline fn isPrivateKey(curve: Curve, private_key: []const u8) bool {
    const order = orderOf(curve);
    // It is public whether it is so.
    return private_key.len == order.len and secret.declassified(secret.isInRange(private_key, order));
}

pub fn requirePrivateKey(curve: Curve, private_key: []const u8) PrivateKeyError!void {
    if (!isPrivateKey(curve, private_key)) return error.InvalidPrivateKey;
}

/// The public key of a private key, in the first bytes of `public_key`; gives its length.
pub fn publicKey(curve: Curve, private_key: []const u8, public_key: []u8) (PrivateKeyError || error{NoSpace})!u32 {
    switch (curve) {
        inline else => |comptime_curve| {
            const C = comptime_curve.Type();
            const P = points.Points(C);
            if (public_key.len < P.uncompressed_bytes) return error.NoSpace;
            defer secret.wipeStack();
            try requirePrivateKey(curve, private_key);
            Keys(C).publicKey(private_key[0..C.Scalar.bytes], public_key[0..P.uncompressed_bytes]);
            return P.uncompressed_bytes;
        },
    }
}

/// Whether the public key, any encoding of a point, is that of the private key. Writes it uncompressed, as
/// `decodePublicKey` does, whatever the answer.
pub fn isPair(
    curve: Curve,
    private_key: []const u8,
    encoded: []const u8,
    public_key: []u8,
) (PrivateKeyError || PublicKeyError || error{NoSpace})!bool {
    switch (curve) {
        inline else => |comptime_curve| {
            const C = comptime_curve.Type();
            const P = points.Points(C);
            if (public_key.len < P.uncompressed_bytes) return error.NoSpace;
            defer secret.wipeStack();
            try requirePrivateKey(curve, private_key);
            const d = private_key[0..C.Scalar.bytes];
            const uncompressed = public_key[0..P.uncompressed_bytes];
            // What is equal to a point of the curve needs no other check.
            const is_uncompressed = P.isUncompressed(encoded);
            if (is_uncompressed) {
                if (secret.declassified(Keys(C).isPair(d, encoded[0..P.uncompressed_bytes]))) {
                    @memmove(uncompressed, encoded);
                    return true;
                }
            }
            _ = try decodePublicKey(curve, encoded, public_key);
            return !is_uncompressed and secret.declassified(Keys(C).isPair(d, uncompressed));
        },
    }
}

/// A public key from any encoding of a point, in the first bytes of `public_key`; gives its length. Checks all that
/// SP 800-56A, section 5.6.2.3.3, asks for.
pub noinline fn decodePublicKey(
    curve: Curve,
    encoded: []const u8,
    public_key: []u8,
) (points.DecodeError || error{NoSpace})!u32 {
    switch (curve) {
        inline else => |comptime_curve| {
            const P = points.Points(comptime_curve.Type());
            if (public_key.len < P.uncompressed_bytes) return error.NoSpace;
            const point = try P.decode(encoded);
            P.encodeAffine(&point, public_key[0..P.uncompressed_bytes]);
            return P.uncompressed_bytes;
        },
    }
}

pub fn Keys(comptime C: type) type {
    return struct {
        const P = points.Points(C);
        const Scalar = C.Scalar;
        pub const bytes = Scalar.bytes;
        /// The order of the group.
        pub const order = bigEndian(bytes, Scalar.modulus);

        /// Not inlined, for `wipeStack` to reach what it leaves.
        noinline fn publicKey(private_key: *const [bytes]u8, public_key: *[P.uncompressed_bytes]u8) void {
            const d = Scalar.enter(private_key);
            const point = multiply.Multiples(C).ofGenerator(&d);
            P.encode(&point, public_key);
        }

        noinline fn isPair(private_key: *const [bytes]u8, public_key: *const [P.uncompressed_bytes]u8) bool {
            const d = Scalar.enter(private_key);
            const point = multiply.Multiples(C).ofGenerator(&d);
            return point.is(&P.enter(public_key));
        }
    };
}

/// A constant as a big-endian integer.
pub fn bigEndian(comptime bytes: comptime_int, comptime value: comptime_int) [bytes]u8 {
    var integer: [bytes]u8 = undefined;
    std.mem.writeInt(@Int(.unsigned, 8 * bytes), &integer, value, .big);
    return integer;
}

const testing = std.testing;

test "private keys from random bytes: 1 more than them, unless that is the order or beyond" {
    inline for (.{ Curve.p256, Curve.p384, Curve.p521 }) |curve| {
        const Scalar = curve.Type().Scalar;
        const n = Scalar.bytes;
        var private_key: [n]u8 = undefined;
        inline for (.{ 0, 1, 255, 256, 65535, Scalar.modulus - 2 }) |random| {
            try testing.expect(generate(curve, &bigEndian(n, random), &private_key));
            try testing.expectEqual(bigEndian(n, random + 1), private_key);
            try testing.expect(isPrivateKey(curve, &private_key));
        }
        inline for (.{ Scalar.modulus - 1, Scalar.modulus, (1 << Scalar.bits) - 1 }) |random| {
            try testing.expect(!generate(curve, &bigEndian(n, random), &private_key));
            try testing.expect(std.mem.allEqual(u8, &private_key, 0));
        }
    }
    // Of P-521's first byte only one bit counts.
    var private_key: [66]u8 = undefined;
    try testing.expect(generate(.p521, &(.{0xfe} ++ .{0} ** 65), &private_key));
    try testing.expectEqual(bigEndian(66, 1), private_key);
}

test "private keys from 1 to the order less 1 are in range" {
    inline for (.{ Curve.p256, Curve.p384, Curve.p521 }) |curve| {
        const Scalar = curve.Type().Scalar;
        const n = Scalar.bytes;
        inline for (.{ 1, 2, Scalar.modulus - 2, Scalar.modulus - 1 }) |good| {
            try testing.expect(isPrivateKey(curve, &bigEndian(n, good)));
        }
        inline for (.{ 0, Scalar.modulus, Scalar.modulus + 1, (1 << 8 * n) - 1 }) |bad| {
            try testing.expect(!isPrivateKey(curve, &bigEndian(n, bad)));
        }
        try testing.expect(!isPrivateKey(curve, ""));
        try testing.expect(!isPrivateKey(curve, bigEndian(n, 1)[1..]));
        try testing.expect(!isPrivateKey(curve, &(bigEndian(n, 1) ++ .{1})));
    }
}

test "a public key is the private key's in both of its forms, and neither another's nor its negative" {
    inline for (.{ Curve.p256, Curve.p384, Curve.p521 }) |curve| {
        const n = curve.Type().Scalar.bytes;
        const P = points.Points(curve.Type());
        const private_key = bigEndian(n, 0x1234567890abcdef);
        var public_key: [P.uncompressed_bytes]u8 = undefined;
        _ = try publicKey(curve, &private_key, &public_key);
        var compressed: [P.compressed_bytes]u8 = public_key[0..P.compressed_bytes].*;
        compressed[0] = 2 + (public_key[2 * n] & 1);
        for ([_][]const u8{ &public_key, &compressed }) |encoded| {
            var decoded: [P.uncompressed_bytes]u8 = undefined;
            try testing.expect(try isPair(curve, &private_key, encoded, &decoded));
            try testing.expectEqual(public_key, decoded);
            try testing.expect(!try isPair(curve, &bigEndian(n, 0x1234567890abcdee), encoded, &decoded));
        }
        compressed[0] ^= 1;
        var decoded: [P.uncompressed_bytes]u8 = undefined;
        try testing.expect(!try isPair(curve, &private_key, &compressed, &decoded));
        try testing.expectEqual(public_key[0 .. n + 1].*, decoded[0 .. n + 1].*);
        try testing.expectError(error.InvalidPublicKey, isPair(curve, &private_key, public_key[1..], &decoded));
        try testing.expectError(error.InvalidPrivateKey, isPair(curve, &bigEndian(n, 0), &public_key, &decoded));
        try testing.expectError(error.NoSpace, isPair(curve, &private_key, &public_key, decoded[1..]));
    }
}
