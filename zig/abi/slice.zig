//! Checked slices: what a host passes as address and length becomes a slice only if it lies in the heap, and so
//! neither in the core's stack nor in its static data, where a write would change what the core itself does.
//! Asserts vanish in release builds, so these are real tests with a real answer.

const std = @import("std");
const builtin = @import("builtin");

pub const Error = error{OutOfBounds};

/// The bytes at `address`, which the core reads. A length of zero is allowed at any address, null included.
pub fn input(address: u32, len: u32) Error![]const u8 {
    if (len == 0) return &.{};
    try check(address, len);
    return @as([*]const u8, @ptrFromInt(address))[0..len];
}

/// The bytes at `address`, which the core writes.
pub fn output(address: u32, len: u32) Error![]u8 {
    if (len == 0) return &.{};
    try check(address, len);
    return @as([*]u8, @ptrFromInt(address))[0..len];
}

/// A struct at `address`, which must have the alignment of `T`.
pub fn pointer(comptime T: type, address: u32) Error!*T {
    if (!std.mem.isAligned(address, @alignOf(T))) return error.OutOfBounds;
    try check(address, @sizeOf(T));
    return @ptrFromInt(address);
}

/// `count` elements of `T` at `address`.
pub fn elements(comptime T: type, address: u32, count: u32) Error![]T {
    if (count == 0) return &.{};
    const len = std.math.mul(u32, count, @sizeOf(T)) catch return error.OutOfBounds;
    if (!std.mem.isAligned(address, @alignOf(T))) return error.OutOfBounds;
    try check(address, len);
    return @as([*]T, @ptrFromInt(address))[0..count];
}

/// The linker's: the heap begins here, above null, the stack and static data.
extern const __heap_base: u8;

fn check(address: u32, len: u32) Error!void {
    const end = @as(u64, address) + len;
    if (address < @intFromPtr(&__heap_base) or end > memoryBytes()) return error.OutOfBounds;
}

fn memoryBytes() u64 {
    return @as(u64, @wasmMemorySize(0)) * std.wasm.page_size;
}

comptime {
    std.debug.assert(builtin.cpu.arch == .wasm32);
}
