//! ECDH: SP 800-56A (revision 3, April 2018), section 5.7.1.2, on P-256, P-384 and P-521, whose cofactor is 1. The shared
//! secret is x of private key times public key (SEC 1, version 2.0, section 3.3.1), as long as a coordinate.
//!
//! Constant time in the private key and the secret. The other side's key is public.

const keys = @import("key.zig");
const multiply = @import("multiply.zig");
const points = @import("point.zig");
const secret = @import("secret.zig");

const Curve = keys.Curve;

/// Writes the shared secret into the first bytes of `shared_secret`, and gives its length, which is a private key's.
/// The public key is any encoding of a point, and is checked: SP 800-56A, section 5.6.2.3.3.
pub fn derive(
    curve: Curve,
    private_key: []const u8,
    public_key: []const u8,
    shared_secret: []u8,
) (keys.PrivateKeyError || keys.PublicKeyError || error{NoSpace})!u32 {
    switch (curve) {
        inline else => |comptime_curve| {
            const C = comptime_curve.Type();
            if (shared_secret.len < C.Field.bytes) return error.NoSpace;
            const point = try points.Points(C).decode(public_key);
            defer secret.wipeStack();
            try keys.requirePrivateKey(curve, private_key);
            sharedX(C, private_key[0..C.Scalar.bytes], &point, shared_secret[0..C.Field.bytes]);
            return C.Field.bytes;
        },
    }
}

/// Not inlined, for `wipeStack` to reach what it leaves.
noinline fn sharedX(
    comptime C: type,
    private_key: *const [C.Scalar.bytes]u8,
    point: *const points.Points(C).Affine,
    x: *[C.Field.bytes]u8,
) void {
    const F = C.Field;
    const d = C.Scalar.enter(private_key);
    const product = multiply.Multiples(C).ofPoint(&d, point);
    const z2 = F.sqr(F.lanes(&product.yz, 1, &product.yz, 1));
    x.* = F.leave(&F.mul(&product.x, &F.inverse(&z2)))[0];
}

const std = @import("std");
const testing = std.testing;

fn expectSecret(
    comptime curve: Curve,
    comptime private_key: []const u8,
    comptime x: []const u8,
    comptime y: []const u8,
    comptime shared_secret: []const u8,
) !void {
    const bytes = comptime keys.privateKeyBytes(curve);
    var numbers: [private_key.len / 2]u8 = undefined;
    var public_key: [1 + 2 * bytes]u8 = undefined;
    var expected: [bytes]u8 = undefined;
    _ = try std.fmt.hexToBytes(&numbers, private_key);
    _ = try std.fmt.hexToBytes(&public_key, "04" ++ x ++ y);
    _ = try std.fmt.hexToBytes(&expected, shared_secret);
    var found: [bytes]u8 = undefined;
    try testing.expectEqual(bytes, try derive(curve, &numbers, &public_key, &found));
    try testing.expectEqualSlices(u8, &expected, &found);
    // From the compressed form too.
    public_key[0] = 2 + (public_key[2 * bytes] & 1);
    _ = try derive(curve, &numbers, public_key[0 .. 1 + bytes], &found);
    try testing.expectEqualSlices(u8, &expected, &found);
}

test "NIST CAVP, ECC CDH Primitive: the first of each curve" {
    try expectSecret(
        .p256,
        "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
        "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287",
        "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
        "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
    );
    try expectSecret(
        .p384,
        "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
        "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066",
        "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a",
        "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1",
    );
    try expectSecret(
        .p521,
        "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47",
        "00685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854334b1e1b87fa395464c60626124a4e70d0f785601d37c09870ebf176666877a2046d",
        "01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b739884a83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f676",
        "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e136672d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831",
    );
}

test "both sides have the same secret, and those next to the order as those next to 0" {
    inline for (.{ Curve.p256, Curve.p384, Curve.p521 }) |curve| {
        const Scalar = curve.Type().Scalar;
        const n = Scalar.bytes;
        inline for (.{ 1, 2, 3, 31, 32, 34, 0x1234567890abcdef }) |a| {
            var secrets: [4][n]u8 = undefined;
            const pairs = .{ .{ a, 5 }, .{ 5, a }, .{ Scalar.modulus - a, 5 }, .{ 5, Scalar.modulus - a } };
            inline for (pairs, &secrets) |pair, *shared_secret| {
                var public_key: [2 * n + 1]u8 = undefined;
                _ = try keys.publicKey(curve, &keys.bigEndian(n, pair[1]), &public_key);
                _ = try derive(curve, &keys.bigEndian(n, pair[0]), &public_key, shared_secret);
            }
            // A point and its negative have the same x.
            for (secrets[1..]) |other| try testing.expectEqual(secrets[0], other);
        }
    }
}

test "private keys out of range, what is no public key, and too little room are refused" {
    inline for (.{ Curve.p256, Curve.p384, Curve.p521 }) |curve| {
        const Scalar = curve.Type().Scalar;
        const n = Scalar.bytes;
        const one = keys.bigEndian(n, 1);
        var public_key: [2 * n + 1]u8 = undefined;
        _ = try keys.publicKey(curve, &one, &public_key);
        var room: [n]u8 = undefined;
        inline for (.{ 0, Scalar.modulus, (1 << 8 * n) - 1 }) |bad| {
            try testing.expectError(error.InvalidPrivateKey, derive(curve, &keys.bigEndian(n, bad), &public_key, &room));
        }
        try testing.expectError(error.InvalidPrivateKey, derive(curve, one[1..], &public_key, &room));
        try testing.expectError(error.InvalidPublicKey, derive(curve, &one, &.{0}, &room));
        try testing.expectError(error.NoSpace, derive(curve, &one, &public_key, room[1..]));
        public_key[2 * n] ^= 1;
        try testing.expectError(error.InvalidPublicKey, derive(curve, &one, &public_key, &room));
    }
}
