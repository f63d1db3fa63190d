//! SHAKE256: FIPS 202 (August 2015), sections 3, 4 and 6.2. The sponge of Keccak[512] with the suffix 1111, for messages
//! and outputs of any number of bytes.
//!
//! Constant time in the message; lengths are public. The state is wiped by `final`.
//!
//! The 25 lanes are integers of 64 bits, as WebAssembly has them. A round is unrolled, and the rounds are not.

const std = @import("std");
const ct = @import("ct.zig");

/// The bytes of a block: 1600 bits less the capacity of 512.
pub const rate_bytes = 136;

pub const State = extern struct {
    /// Lane (x, y) is lanes[x + 5 * y]: section 3.1.2.
    lanes: Lanes,
    /// How many bytes of the block are there.
    position: u32,

    const Lanes = [25]u64;
};

comptime {
    // Section B.1 has lanes little-endian, and so they are in memory.
    std.debug.assert(@import("builtin").cpu.arch.endian() == .little);
}

pub fn init(state: *State) void {
    state.* = .{ .lanes = @splat(0), .position = 0 };
}

/// Absorbs more of the message.
pub fn update(state: *State, input: []const u8) void {
    const block = std.mem.asBytes(&state.lanes)[0..rate_bytes];
    state.position = @min(state.position, rate_bytes - 1); // More only where a state is forged.
    var rest = input;
    while (rest.len > 0) {
        const taken = rest[0..@min(rest.len, rate_bytes - state.position)];
        absorb(block[state.position..][0..taken.len], taken);
        rest = rest[taken.len..];
        state.position += @intCast(taken.len);
        if (state.position == rate_bytes) {
            permute(&state.lanes);
            state.position = 0;
        }
    }
}

fn absorb(block: []u8, input: []const u8) void {
    if (input.len == rate_bytes) {
        for (@as(*align(1) [rate_bytes / 8]u64, @ptrCast(block)), 0..) |*lane, i| {
            lane.* ^= std.mem.readInt(u64, input[8 * i ..][0..8], .little);
        }
    } else for (block, input) |*byte, other| byte.* ^= other;
}

/// Squeezes as many bytes as the output has room for, and wipes the state.
pub fn final(state: *State, output: []u8) void {
    const block = std.mem.asBytes(&state.lanes)[0..rate_bytes];
    // The suffix, and the first and the last bit of the padding: sections 6.2 and 5.1.
    block[@min(state.position, rate_bytes - 1)] ^= 0x1f;
    block[rate_bytes - 1] ^= 0x80;
    var rest = output;
    while (rest.len > 0) {
        permute(&state.lanes);
        const taken = @min(rest.len, rate_bytes);
        @memcpy(rest[0..taken], block[0..taken]);
        rest = rest[taken..];
    }
    ct.wipe(std.mem.asBytes(state));
}

/// Keccak-p[1600, 24]: section 3.3. Not inlined: an engine that has optimized it uses it for the next block.
noinline fn permute(state: *State.Lanes) void {
    var a = state.*;
    for (round_constants) |constant| {
        // Theta, section 3.2.1.
        var c: [5]u64 = undefined;
        inline for (&c, 0..) |*parity, x| parity.* = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        var d: [5]u64 = undefined;
        inline for (&d, 0..) |*both, x| both.* = c[(x + 4) % 5] ^ std.math.rotl(u64, c[(x + 1) % 5], 1);
        // Rho and pi, sections 3.2.2 and 3.2.3: lane (x, y) goes to (y, 2x + 3y).
        var b: State.Lanes = undefined;
        inline for (0..5) |y| inline for (0..5) |x| {
            b[y + 5 * ((2 * x + 3 * y) % 5)] = std.math.rotl(u64, a[x + 5 * y] ^ d[x], offsets[x + 5 * y]);
        };
        // Chi, section 3.2.4.
        inline for (0..5) |y| inline for (0..5) |x| {
            a[x + 5 * y] = b[x + 5 * y] ^ (~b[(x + 1) % 5 + 5 * y] & b[(x + 2) % 5 + 5 * y]);
        };
        // Iota, section 3.2.5.
        a[0] ^= constant;
    }
    state.* = a;
}

/// Section 3.2.2, table 2, modulo 64: (t + 1)(t + 2) / 2 for the lane met after t steps from (1, 0).
const offsets: [25]comptime_int = blk: {
    var result: [25]comptime_int = @splat(0);
    var x = 1;
    var y = 0;
    for (0..24) |t| {
        result[x + 5 * y] = (t + 1) * (t + 2) / 2 % 64;
        const next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
    }
    break :blk result;
};

/// Section 3.2.5: bit 2^j - 1 of round i's is the output rc(j + 7i) of a linear feedback shift register.
const round_constants: [24]u64 = blk: {
    @setEvalBranchQuota(10_000);
    var result: [24]u64 = @splat(0);
    var register: u8 = 1;
    for (&result) |*constant| {
        for (0..7) |j| {
            if (register & 1 != 0) constant.* |= 1 << (1 << j) - 1;
            register = register << 1 ^ (if (register >> 7 != 0) 0x71 else 0);
        }
    }
    break :blk result;
};

const testing = std.testing;

fn digest(input: []const u8, output: []u8) void {
    var state: State = undefined;
    init(&state);
    update(&state, input);
    final(&state, output);
}

test "the derived constants are those that the standard prints" {
    try testing.expectEqual(0x8000000080008008, round_constants[23]);
    try testing.expectEqual(0x800000000000808a, round_constants[2]);
    try testing.expectEqual(0x8082, round_constants[1]);
    const printed_offsets = [25]comptime_int{
        0,  1,  62, 28, 27,
        36, 44, 6,  55, 20,
        3,  10, 43, 25, 39,
        41, 45, 15, 21, 8,
        18, 2,  61, 56, 14,
    };
    inline for (printed_offsets, offsets) |printed, offset| try testing.expectEqual(printed, offset);
}

test "NIST's example values: no message, and 1600 bits of it" {
    const examples = .{
        .{ &[_]u8{}, "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762fd75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be" },
        .{ &([_]u8{0xa3} ** 200), "cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d2d700caae7396ece96604440577da4f3aa22aeb8857f961c4cd8e06f0ae6610b" },
    };
    inline for (examples) |example| {
        const input, const hex = example;
        var expected: [hex.len / 2]u8 = undefined;
        _ = try std.fmt.hexToBytes(&expected, hex);
        var output: [expected.len]u8 = undefined;
        digest(input, &output);
        try testing.expectEqual(expected, output);
    }
}

test "messages and outputs of every length around a block, whole and in pieces, as the standard library has them" {
    var message: [2 * rate_bytes + 40]u8 = undefined;
    for (&message, 0..) |*byte, i| byte.* = @truncate(i * 167 + 13);
    for (0..message.len + 1) |length| {
        const input = message[0..length];
        var expected: [2 * rate_bytes + 1]u8 = undefined;
        std.crypto.hash.sha3.Shake256.hash(input, &expected, .{});
        for ([_]usize{ 0, 1, 57, 114, rate_bytes - 1, rate_bytes, expected.len }) |count| {
            var output: [expected.len]u8 = undefined;
            digest(input, output[0..count]);
            try testing.expectEqualSlices(u8, expected[0..count], output[0..count]);
        }
        for ([_]usize{ 1, 7, rate_bytes - 1, rate_bytes, rate_bytes + 1 }) |piece| {
            var state: State = undefined;
            init(&state);
            var at: usize = 0;
            while (at < length) : (at += piece) update(&state, input[at..@min(at + piece, length)]);
            var output: [114]u8 = undefined;
            final(&state, &output);
            try testing.expectEqualSlices(u8, expected[0..114], &output);
            for (std.mem.asBytes(&state)) |byte| try testing.expectEqual(0, byte);
        }
    }
}
