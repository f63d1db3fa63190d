//! Two signed 64-bit numbers in a vector: what WebAssembly does well with them.

const builtin = @import("builtin");
const std = @import("std");
const secret = @import("secret.zig");

pub const Lanes = @Vector(2, i64);

/// Two numbers as factors of 32 bits each, in the first two lanes.
pub const Factors = @Vector(4, i32);

/// The lowest 32 bits of lane i, and of lane j.
pub inline fn factors(numbers: Lanes, comptime i: comptime_int, comptime j: comptime_int) Factors {
    const words: Factors = @bitCast(numbers);
    return hidden(@shuffle(i32, words, words, [4]i32{ 2 * i, 2 * j, 2 * i, 2 * j }));
}

/// i64x2.extmul_low_i32x4_s
pub inline fn multiplied(x: Factors, y: Factors) Lanes {
    const x_low: @Vector(2, i32) = @shuffle(i32, x, undefined, [2]i32{ 0, 1 });
    const y_low: @Vector(2, i32) = @shuffle(i32, y, undefined, [2]i32{ 0, 1 });
    return @as(Lanes, x_low) *% @as(Lanes, y_low);
}

/// numbers >> count. x86 has no such shift of signed 64-bit lanes, and what engines do instead takes longer.
pub inline fn shifted(numbers: Lanes, comptime count: comptime_int) Lanes {
    const unsigned: @Vector(2, u64) = @bitCast(hidden(numbers ^ @as(Lanes, @splat(std.math.minInt(i64)))));
    return @as(Lanes, @bitCast(unsigned >> @splat(count))) - @as(Lanes, @splat(1 << 63 - count));
}

/// The same value, of which LLVM knows nothing where its knowing would make the code slower.
pub inline fn hidden(value: anytype) @TypeOf(value) {
    return if (builtin.cpu.arch == .wasm32) secret.hidden(value) else value;
}
