//! The keystream of counter mode: NIST SP 800-38A (December 2001), section 6.5, with the counter of GCM
//! (SP 800-38D, section 6.2): the last 32 bits of a block, big-endian, and they wrap.
//!
//! Constant time in key, counter and data.

const std = @import("std");
const vector = @import("vector.zig");
const cipher = @import("cipher.zig");

const Block = vector.Block;
const block_bytes = vector.block_bytes;

/// Counter blocks are encrypted so many at a time.
pub const batch_bytes = 8 * block_bytes;
pub const Batch = [batch_bytes]u8;

/// Adds the keystream from `counter` on to whole batches, and moves the counter past them. Output may be where input
/// is. Not inlined: one copy serves every caller.
pub noinline fn addKeystream(
    key: *const cipher.Key,
    counter: *Block,
    input: []const Batch,
    output: []Batch,
) void {
    std.debug.assert(input.len == output.len);
    var numbers: Numbers = @bitCast(swapBytes(counter.*));
    for (input, output) |*from, *to| {
        var blocks: cipher.Planes = undefined;
        inline for (&blocks) |*block| {
            block.* = swapBytes(@bitCast(numbers)) ^ key.first;
            numbers +%= Numbers{ 0, 0, 0, 1 };
        }
        cipher.transpose(&blocks);
        cipher.encrypt(&blocks, key);
        inline for (blocks, 0..) |block, i| {
            const at = i * block_bytes;
            vector.store(to[at..][0..block_bytes], block ^ vector.load(from[at..][0..block_bytes]));
        }
    }
    counter.* = swapBytes(@bitCast(numbers));
}

/// A block as four numbers, of which the last is counted.
const Numbers = @Vector(4, u32);

/// Between big-endian numbers, as blocks hold them, and little-endian ones.
inline fn swapBytes(block: Block) Block {
    return vector.permute(block, .{ 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 });
}

/// The next batch of the keystream itself.
pub fn keystream(key: *const cipher.Key, counter: *Block, output: *Batch) void {
    addKeystream(key, counter, &.{zeros}, @as(*[1]Batch, output));
}

const zeros: Batch = @splat(0);
