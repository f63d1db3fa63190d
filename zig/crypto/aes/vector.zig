//! A block of sixteen bytes as a 128-bit vector, and the one instruction beyond plain Zig that AES and GHASH
//! lean on: a table lookup that reads no memory.

const builtin = @import("builtin");

/// Byte i of a block in lane i.
pub const Block = @Vector(16, u8);

pub const block_bytes = 16;

pub inline fn load(bytes: *const [block_bytes]u8) Block {
    return bytes.*;
}

pub inline fn store(bytes: *[block_bytes]u8, block: Block) void {
    bytes.* = block;
}

/// The same value, of which the optimizer knows nothing any more. Otherwise LLVM makes one long chain of a tree of sums;
/// and it adds an offset to an address that it knows, instead of leaving that to the load, where it costs nothing.
pub inline fn hidden(value: anytype) @TypeOf(value) {
    if (comptime !builtin.cpu.arch.isWasm()) return value;
    return asm (""
        : [result] "=r" (-> @TypeOf(value)),
        : [value] "0" (value),
    );
}

pub inline fn splat(byte: u8) Block {
    return @splat(byte);
}

/// In each lane, the byte of `table` that the lane of `indices` names, and 0 for 16 and above. Constant time in
/// both: in WebAssembly one instruction, which every supported engine turns into a shuffle of registers.
pub const swizzle = if (builtin.cpu.arch.isWasm()) wasmSwizzle else select;

inline fn wasmSwizzle(table: Block, indices: Block) Block {
    return @"llvm.wasm.swizzle"(table, indices);
}

extern fn @"llvm.wasm.swizzle"(Block, Block) Block;

/// The same for the native tests: all of the table is read, whatever the indices.
fn select(table: Block, indices: Block) Block {
    var found = splat(0);
    for (@as([block_bytes]u8, table), 0..) |byte, i| {
        found |= @select(u8, indices == splat(@intCast(i)), splat(byte), splat(0));
    }
    return found;
}

/// Which byte of a block comes where.
pub const Order = [block_bytes]u8;

/// The bytes of a block in the order given: byte i of the result was byte order[i]. In WebAssembly a swizzle with
/// constant indices, which V8 keeps in a register or on the stack; those of a shuffle it makes anew each time.
pub inline fn permute(block: Block, comptime order: Order) Block {
    if (comptime builtin.cpu.arch.isWasm()) return wasmSwizzle(block, order);
    return @shuffle(u8, block, undefined, @as(@Vector(block_bytes, i32), @as(Block, order)));
}

test "a swizzle looks up, and gives 0 for what is no index" {
    const std = @import("std");
    var table: [16]u8 = undefined;
    for (&table, 100..) |*byte, value| byte.* = @intCast(value);
    for (0..256) |first| {
        var indices: [16]u8 = undefined;
        for (&indices, 0..) |*index, i| index.* = @truncate(first + 17 * i);
        const found: [16]u8 = swizzle(table, indices);
        for (found, indices) |byte, index| {
            try std.testing.expectEqual(if (index < 16) 100 + index else 0, byte);
        }
    }
}
