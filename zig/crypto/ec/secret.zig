//! What secrets need here beyond ct.zig: a way to say that a fact about them is public, and a broom for the stack.

const std = @import("std");
const ct = @import("../ct.zig");

pub const declassified = ct.declassified;

/// The same value, of which LLVM knows nothing. Where it knows that a mask is 0 or -1, it may make a branch of it.
pub inline fn hidden(value: anytype) @TypeOf(value) {
    return asm (""
        : [result] "=r" (-> @TypeOf(value)),
        : [value] "0" (value),
    );
}

/// Wipes what the functions called before left on the stack, deeper than the caller's own variables: values pass
/// through too many places to wipe each. What signs takes less than 22 KB of it.
pub noinline fn wipeStack() void {
    var dead: [24 * 1024]u8 align(16) = undefined;
    ct.wipe(&dead);
}

/// Whether a big-endian integer is from 1 to less than another of the same length.
pub noinline fn isInRange(a: []const u8, end: []const u8) bool {
    var bits: u8 = 0;
    for (a) |byte| bits |= byte;
    return @intFromBool(bits != 0) & @intFromBool(isBelow(a, end)) != 0;
}

/// Whether a big-endian integer is below another of the same length.
pub fn isBelow(a: []const u8, b: []const u8) bool {
    var borrow: u32 = 0;
    var at = a.len;
    while (at > 0) {
        at -= 1;
        borrow = hidden((@as(u32, a[at]) -% b[at] -% borrow) >> 31);
    }
    return borrow != 0;
}
