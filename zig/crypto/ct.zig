//! Constant-time comparison, and wiping of secrets.
//!
//! Time depends on lengths only, as far as this module decides it: a WebAssembly engine compiles the code
//! once more and promises nothing about timing. Wiping reaches linear memory, never what the engine itself
//! spilled to its machine stack.

const std = @import("std");

/// Whether a and b are the same bytes. Lengths are public: different lengths are different at once.
pub fn equal(a: []const u8, b: []const u8) bool {
    if (a.len != b.len) return false;
    var difference: u32 = 0;
    for (a, b) |x, y| difference |= x ^ y;
    return opaqueToOptimizer(difference) == 0;
}

/// All ones for 0, or else 0: a mask that the optimizer does not know for one, or it would make a branch of it.
pub fn maskOfZero(value: u32) u32 {
    return 0 -% opaqueToOptimizer((~value & (value -% 1)) >> 31);
}

/// A fact that follows from secrets and that everybody may know, such as that a key is out of range. Branches on
/// anything else that follows from secrets are errors: Valgrind's memcheck finds them where the secrets were marked
/// undefined, and this marks the exceptions. It is nothing in a build without Valgrind's support.
pub fn declassified(fact: bool) bool {
    var copy = fact;
    std.valgrind.memcheck.makeMemDefined(std.mem.asBytes(&copy));
    return copy;
}

/// Writes zeros that the optimizer may not drop, though nobody reads them again.
pub inline fn wipe(bytes: []u8) void {
    std.crypto.secureZero(u8, bytes);
}

/// Hides from the optimizer where a value came from, so that it cannot leave the loop above at the first
/// difference.
fn opaqueToOptimizer(value: u32) u32 {
    return asm volatile (""
        : [result] "=r" (-> u32),
        : [value] "0" (value),
    );
}

test "equal bytes are equal, any flipped bit is not, at every length to 80" {
    var a: [80]u8 = undefined;
    for (&a, 0..) |*byte, i| byte.* = @truncate(i *% 151 +% 7);
    var b = a;
    for (0..a.len + 1) |length| {
        try std.testing.expect(equal(a[0..length], b[0..length]));
        for (0..length) |i| for (0..8) |bit| {
            const mask = @as(u8, 1) << @intCast(bit);
            b[i] ^= mask;
            defer b[i] ^= mask;
            try std.testing.expect(!equal(a[0..length], b[0..length]));
        };
    }
}

test "a mask is all ones for 0 alone" {
    try std.testing.expectEqual(0xffff_ffff, maskOfZero(0));
    for ([_]u32{ 1, 2, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff }) |value| {
        try std.testing.expectEqual(0, maskOfZero(value));
    }
}

test "a prefix is not equal" {
    const a = [_]u8{0} ** 33;
    try std.testing.expect(!equal(a[0..32], &a));
    try std.testing.expect(!equal(&a, a[0..0]));
    try std.testing.expect(equal(a[0..0], a[1..1]));
}

test "wipe zeroes exactly its bytes" {
    var bytes = [_]u8{0xff} ** 40;
    wipe(bytes[3..37]);
    for (bytes, 0..) |byte, i| {
        try std.testing.expectEqual(@as(u8, if (i < 3 or i >= 37) 0xff else 0), byte);
    }
}
