//! SHA-1: FIPS 180-4 (August 2015), sections 4.1.1, 4.2.1, 5.3.1 and 6.1. This file holds constants and the
//! compression function; padding and lengths are hash.zig's.
//!
//! Collisions have been found: SHA-1 is here because Web Cryptography and old protocols ask for it. Under
//! HMAC it is not known to be broken.
//!
//! Constant time: no branch or index depends on the message. As in sha2.zig, vectors expand the message
//! schedule and scalar rounds read W[t] + K[t] back from memory.

const std = @import("std");

pub const Sha1 = struct {
    pub const Word = u32;
    pub const state_words = 5;
    pub const block_bytes = 64;
    pub const digest_bytes = 20;
    /// Bytes at the end of the last block that hold the message length in bits (section 5.1.1).
    pub const length_bytes = 8;
    pub const initial = [5]u32{ 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };

    /// Runs the message blocks through the state; blocks.len is a multiple of block_bytes.
    /// Not inlined: one copy of the rounds serves every caller.
    pub noinline fn compress(state: *[5]u32, blocks: []const u8) void {
        @setEvalBranchQuota(10_000);
        std.debug.assert(blocks.len % block_bytes == 0);

        // Volatile for the reason given in sha2.zig.
        var memory: [4]V = undefined;
        const summands: *volatile [4]V = &memory;
        const summand: *volatile [16]u32 = @ptrCast(&memory);
        defer summands.* = @splat(@splat(0));

        var s = state.*;
        var at: usize = 0;
        while (at < blocks.len) : (at += block_bytes) {
            var w: [4]V = undefined;
            inline for (0..4) |i| {
                w[i] = load(blocks[at + 16 * i ..][0..16]);
                summands[i] = w[i] +% @as(V, @splat(K[0]));
            }
            inline for (0..20) |quad| {
                const i = quad % 4;
                const last = quad >= 16;
                if (!last) w[i] = expand(&w, i);
                inline for (0..4) |lane| round(&s, 4 * quad + lane, summand[4 * i + lane]);
                // These are W[t] of four quads later; a constant lasts five quads, twenty rounds.
                if (!last) summands[i] = w[i] +% @as(V, @splat(K[(quad + 4) / 5]));
            }
            inline for (&s, state) |*word, previous| word.* +%= previous;
            state.* = s;
        }
    }
};

const V = @Vector(4, u32);
const K = [4]u32{ 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };

/// Section 6.1.2 step 3. Instead of moving a..e along, the five words stay and the names move: in round t,
/// a is s[-t mod 5].
inline fn round(s: *[5]u32, comptime t: usize, summand: u32) void {
    const a, const b, const c, const d =
        .{ s[(80 - t) % 5], s[(81 - t) % 5], s[(82 - t) % 5], s[(83 - t) % 5] };
    const e = &s[(84 - t) % 5];
    e.* = e.* +% summand +% switch (t / 20) {
        0 => d ^ (b & (c ^ d)), // Ch
        2 => (b & c) +% (d & (b ^ c)), // Maj; the two parts share no bit
        else => b ^ c ^ d, // Parity
    } +% rotl(a, 5);
    s[(81 - t) % 5] = rotl(b, 30);
}

/// The vector of the schedule that follows the window, which begins at w[i]:
/// W[t] = rotl(W[t - 3] ^ W[t - 8] ^ W[t - 14] ^ W[t - 16], 1).
inline fn expand(w: *const [4]V, comptime i: usize) V {
    const zero: V = @splat(0);
    const minus_3 = @shuffle(u32, w[(i + 3) % 4], zero, [4]i32{ 1, 2, 3, -1 });
    const minus_14 = @shuffle(u32, w[i], w[(i + 1) % 4], [4]i32{ 2, 3, -1, -2 });
    const x = minus_3 ^ w[(i + 2) % 4] ^ minus_14 ^ w[i];
    // The fourth lane's W[t - 3] is the first lane, rotated once already.
    const late = @shuffle(u32, x, zero, [4]i32{ -1, -1, -1, 0 });
    return rotl(x, 1) ^ rotl(late, 2);
}

/// Section 3.1: words are big-endian.
inline fn load(bytes: *const [16]u8) V {
    const order = [16]i32{ 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 };
    return @bitCast(@shuffle(u8, @as(@Vector(16, u8), bytes.*), undefined, order));
}

inline fn rotl(x: anytype, comptime bits: comptime_int) @TypeOf(x) {
    return std.math.rotl(@TypeOf(x), x, bits);
}
