//! X25519 and X448: RFC 7748 (January 2016), sections 5 and 6. Constant time in keys.

const std = @import("std");
const ct = @import("../ct.zig");
const secret = @import("../ec/secret.zig");

pub const Curve = enum(u32) {
    x25519 = 1,
    x448 = 2,

    pub fn Ladder(comptime curve: Curve) type {
        return switch (curve) {
            .x25519 => @import("../curve25519/ladder.zig"),
            .x448 => @import("../curve448/ladder.zig"),
        };
    }

    /// The curve with this number, as a host names it.
    pub fn fromInt(number: u32) error{UnknownAlgorithm}!Curve {
        return std.enums.fromInt(Curve, number) orelse error.UnknownAlgorithm;
    }
};

pub fn Xdh(comptime curve: Curve) type {
    return struct {
        const ladder = curve.Ladder();
        /// Of private keys, public keys and shared secrets.
        pub const bytes = ladder.bytes;

        /// The public key of a private key.
        pub fn publicKey(key: *const [bytes]u8, public_key: *[bytes]u8) void {
            defer secret.wipeStack();
            ladder.multiplyBase(key, public_key);
        }

        /// Any bytes are a public key. False, and no more told, if the shared secret is all zero: of points of small
        /// order it is.
        pub fn derive(key: *const [bytes]u8, public_key: *const [bytes]u8, shared: *[bytes]u8) bool {
            defer secret.wipeStack();
            ladder.multiply(key, public_key, shared);
            const zeros: [bytes]u8 = @splat(0);
            return !ct.declassified(ct.equal(shared, &zeros));
        }
    };
}

const testing = std.testing;

fn fromHex(comptime hex: []const u8) [hex.len / 2]u8 {
    var result: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&result, hex) catch unreachable;
    return result;
}

test "RFC 7748, section 6.1" {
    const X = Xdh(.x25519);
    const alice = fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const bob = fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    var public_key: [32]u8 = undefined;
    X.publicKey(&alice, &public_key);
    try testing.expectEqual(fromHex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), public_key);
    X.publicKey(&bob, &public_key);
    try testing.expectEqual(fromHex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), public_key);
    var shared: [32]u8 = undefined;
    try testing.expect(X.derive(&alice, &public_key, &shared));
    try testing.expectEqual(fromHex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"), shared);
}

test "both sides come to the same secret, and points of small order to none" {
    inline for (comptime std.enums.values(Curve)) |curve| {
        const X = Xdh(curve);
        const bytes = X.bytes;
        var prng: std.Random.DefaultPrng = .init(testing.random_seed);
        for (0..10) |_| {
            var keys: [2][bytes]u8 = undefined;
            var public_keys: [2][bytes]u8 = undefined;
            var secrets: [2][bytes]u8 = undefined;
            for (&keys, &public_keys) |*key, *public_key| {
                prng.random().bytes(key);
                X.publicKey(key, public_key);
            }
            for (&secrets, &keys, 0..) |*shared, *key, i| {
                try testing.expect(X.derive(key, &public_keys[1 - i], shared));
            }
            try testing.expectEqual(secrets[0], secrets[1]);
        }
        for (0..2) |u| {
            const point: [bytes]u8 = .{@as(u8, @intCast(u))} ++ .{0} ** (bytes - 1);
            var shared: [bytes]u8 = undefined;
            try testing.expect(!X.derive(&@as([bytes]u8, @splat(3)), &point, &shared));
        }
    }
}
