//! SHA-256, SHA-384 and SHA-512: FIPS 180-4 (August 2015), sections 4.1.2, 4.1.3, 4.2.2, 4.2.3, 5.3 and 6.2
//! to 6.5. This file holds constants and compression functions; padding and lengths are hash.zig's.
//!
//! Constant time: no branch or index depends on the message.
//!
//! Made for 128-bit WebAssembly vectors: they expand the message schedule, a vector of W[t] + K[t] ahead of
//! the scalar rounds that read it back from memory. The rounds are unrolled sixteen at a time: within 4 % of
//! the speed of unrolling all, at half the code to download and to compile before the first digest.

const std = @import("std");

pub const Sha256 = Sha2(u32, fractionsOfRoots(u32, .square, primes[0..8]), 32);
pub const Sha384 = Sha2(u64, fractionsOfRoots(u64, .square, primes[8..16]), 48);
pub const Sha512 = Sha2(u64, fractionsOfRoots(u64, .square, primes[0..8]), 64);

/// One member of the family: a compression function with its initial hash value H(0) and digest length.
fn Sha2(comptime Word_: type, comptime initial_: [8]Word_, comptime digest_bytes_: usize) type {
    return struct {
        pub const Word = Word_;
        pub const state_words = 8;
        pub const block_bytes = Compression(Word).block_bytes;
        pub const digest_bytes = digest_bytes_;
        /// Bytes at the end of the last block that hold the message length in bits (section 5.1).
        pub const length_bytes = 2 * @sizeOf(Word);
        pub const initial = initial_;
        pub const compress = Compression(Word).compress;
    };
}

/// The rotations and shifts of sections 4.1.2 (32-bit words) and 4.1.3 (64-bit words).
const Amounts = struct {
    Sigma0: [3]comptime_int,
    Sigma1: [3]comptime_int,
    sigma0: [3]comptime_int,
    sigma1: [3]comptime_int,
};

fn Compression(comptime Word: type) type {
    const rounds, const amounts: Amounts = switch (Word) {
        u32 => .{ 64, .{
            .Sigma0 = .{ 2, 13, 22 },
            .Sigma1 = .{ 6, 11, 25 },
            .sigma0 = .{ 7, 18, 3 },
            .sigma1 = .{ 17, 19, 10 },
        } },
        u64 => .{ 80, .{
            .Sigma0 = .{ 28, 34, 39 },
            .Sigma1 = .{ 14, 18, 41 },
            .sigma0 = .{ 1, 8, 7 },
            .sigma1 = .{ 19, 61, 6 },
        } },
        else => unreachable,
    };

    return struct {
        const block_bytes = 16 * @sizeOf(Word);
        const lanes = 16 / @sizeOf(Word);
        /// Vectors that hold the sixteen words of the schedule still needed.
        const window = 16 / lanes;
        const V = @Vector(lanes, Word);
        const K: [rounds / lanes]V = @bitCast(fractionsOfRoots(Word, .cube, primes[0..rounds]));

        /// Runs the message blocks through the state; blocks.len is a multiple of block_bytes.
        /// Not inlined: one copy of the rounds serves every caller.
        pub noinline fn compress(state: *[8]Word, blocks: []const u8) void {
            @setEvalBranchQuota(10_000);
            std.debug.assert(blocks.len % block_bytes == 0);

            // Volatile, or LLVM keeps the vectors in registers and extracts their lanes one by one, which
            // costs more than a load that x86 folds into its addition.
            var memory: [window]V = undefined;
            const summands: *volatile [window]V = &memory;
            const summand: *volatile [16]Word = @ptrCast(&memory);
            defer summands.* = @splat(@splat(0));

            var s = state.*;
            var at: usize = 0;
            while (at < blocks.len) : (at += block_bytes) {
                var w: [window]V = undefined;
                inline for (0..window) |i| {
                    w[i] = load(blocks[at + 16 * i ..][0..16]);
                    summands[i] = w[i] +% K[i];
                }
                var b_xor_c = s[1] ^ s[2];
                var k: usize = window;
                while (k < K.len) : (k += window) {
                    inline for (0..window) |i| {
                        w[i] = expand(&w, i);
                        inline for (lanes * i..lanes * (i + 1)) |t| round(&s, t, summand[t], &b_xor_c);
                        summands[i] = w[i] +% K[k + i];
                    }
                }
                inline for (0..16) |t| round(&s, t, summand[t], &b_xor_c);
                inline for (&s, state) |*word, previous| word.* +%= previous;
                state.* = s;
            }
        }

        /// Section 6.2.2 step 3, 6.4.2 step 3. Instead of moving a..h along, the eight words stay and the
        /// names move: in round t, a is s[-t mod 8].
        inline fn round(s: *[8]Word, comptime t: usize, summand: Word, b_xor_c: *Word) void {
            const a, const b, const e, const f, const g =
                .{ s[(16 - t) % 8], s[(17 - t) % 8], s[(20 - t) % 8], s[(21 - t) % 8], s[(22 - t) % 8] };
            const d = &s[(19 - t) % 8];
            const h = &s[(23 - t) % 8];
            // Ch(e, f, g) = (e & f) ^ (~e & g), and Maj(a, b, c) = (a & b) ^ (a & c) ^ (b & c), in which
            // a ^ b serves the next round as its b ^ c.
            const ch = g ^ (e & (f ^ g));
            const a_xor_b = a ^ b;
            const maj = b ^ (a_xor_b & b_xor_c.*);
            b_xor_c.* = a_xor_b;
            const t1 = h.* +% summand +% ch +% Sigma1(e);
            d.* +%= t1;
            h.* = t1 +% Sigma0(a) +% maj;
        }

        /// The three rotations nested, which spares the copies that x86 makes before each: two here.
        inline fn Sigma0(x: Word) Word {
            const r = amounts.Sigma0;
            return rotr(rotr(rotr(x, r[2] - r[1]) ^ x, r[1] - r[0]) ^ x, r[0]);
        }

        /// Nested once only: e is on the critical path, and the full nest would be two operations longer.
        inline fn Sigma1(x: Word) Word {
            const r = amounts.Sigma1;
            return rotr(rotr(x, r[1] - r[0]) ^ x ^ rotr(x, r[2] - r[0]), r[0]);
        }

        /// The vector of the schedule that follows the window, which begins at w[i]:
        /// W[t] = sigma1(W[t - 2]) + W[t - 7] + sigma0(W[t - 15]) + W[t - 16].
        inline fn expand(w: *const [window]V, comptime i: usize) V {
            const first = w[i];
            const last = w[(i + window - 1) % window];
            const minus_15 = straddle(first, w[(i + 1) % window]);
            const minus_7 = straddle(w[(i + window / 2) % window], w[(i + window / 2 + 1) % window]);
            const sum = first +% sigma(minus_15, amounts.sigma0) +% minus_7;
            return switch (Word) {
                u64 => sum +% sigma(last, amounts.sigma1),
                // Four lanes reach into themselves: the upper two need the lower two finished.
                u32 => upper: {
                    const low = sum +% @shuffle(u32, sigma1Pair(last, 2), zero, [4]i32{ 0, 2, -1, -1 });
                    break :upper low +% @shuffle(u32, sigma1Pair(low, 0), zero, [4]i32{ -1, -1, 0, 2 });
                },
                else => unreachable,
            };
        }

        const zero: V = @splat(0);

        /// All lanes of x but the first, then the first lane of y.
        inline fn straddle(x: V, y: V) V {
            return @shuffle(Word, x, y, switch (Word) {
                u64 => [2]i32{ 1, -1 },
                u32 => [4]i32{ 1, 2, 3, -1 },
                else => unreachable,
            });
        }

        inline fn sigma(x: V, comptime r: [3]comptime_int) V {
            return rotr(x, r[0]) ^ rotr(x, r[1]) ^ (x >> @splat(r[2]));
        }

        /// sigma1 of lanes `lane` and `lane + 1`, given in lanes 0 and 2. A word written twice side by side
        /// rotates by one 64-bit shift, where a vector rotation takes two shifts and an or.
        inline fn sigma1Pair(x: @Vector(4, u32), comptime lane: i32) @Vector(4, u32) {
            const r = amounts.sigma1;
            const twice = @shuffle(u32, x, undefined, [4]i32{ lane, lane, lane + 1, lane + 1 });
            const wide: @Vector(2, u64) = @bitCast(twice);
            const first: @Vector(4, u32) = @bitCast(wide >> @splat(r[0]));
            const second: @Vector(4, u32) = @bitCast(wide >> @splat(r[1]));
            return first ^ second ^ (twice >> @splat(r[2]));
        }

        /// Section 3.1: words are big-endian.
        inline fn load(bytes: *const [16]u8) V {
            comptime var order: [16]i32 = undefined;
            inline for (&order, 0..) |*from, i| from.* = i ^ (@sizeOf(Word) - 1);
            return @bitCast(@shuffle(u8, @as(@Vector(16, u8), bytes.*), undefined, order));
        }

        inline fn rotr(x: anytype, comptime bits: comptime_int) @TypeOf(x) {
            return std.math.rotr(@TypeOf(x), x, bits);
        }
    };
}

const primes: [80]comptime_int = blk: {
    @setEvalBranchQuota(10_000);
    var found: [80]comptime_int = undefined;
    var count = 0;
    var candidate = 2;
    next: while (count < found.len) : (candidate += 1) {
        for (found[0..count]) |prime| if (candidate % prime == 0) continue :next;
        found[count] = candidate;
        count += 1;
    }
    break :blk found;
};

const Root = enum { square, cube };

/// The first bits of the fractional parts of the roots of the given primes: how sections 4.2.2, 4.2.3 and
/// 5.3 define every constant of the family.
fn fractionsOfRoots(comptime Word: type, root: Root, of: []const comptime_int) [of.len]Word {
    @setEvalBranchQuota(100_000);
    var words: [of.len]Word = undefined;
    for (&words, of) |*word, prime| {
        // r = floor(root(prime) * 2^bits), found bit by bit; its lowest bits are the fraction.
        const bits = @bitSizeOf(Word);
        var r = 0;
        var bit = 1 << (bits + 5);
        while (bit != 0) : (bit >>= 1) {
            const larger = r + bit;
            const fits = switch (root) {
                .square => larger * larger <= prime << 2 * bits,
                .cube => larger * larger * larger <= prime << 3 * bits,
            };
            if (fits) r = larger;
        }
        word.* = r % (1 << bits);
    }
    return words;
}

test "the derived constants are those that FIPS 180-4 prints" {
    const expectEqual = std.testing.expectEqual;
    const k32: [64]u32 = @bitCast(Compression(u32).K);
    const k64: [80]u64 = @bitCast(Compression(u64).K);
    try expectEqual(0x428a2f98, k32[0]);
    try expectEqual(0xc67178f2, k32[63]);
    try expectEqual(0x428a2f98d728ae22, k64[0]);
    try expectEqual(0x6c44198c4a475817, k64[79]);
    try expectEqual(0x6a09e667, Sha256.initial[0]);
    try expectEqual(0x5be0cd19, Sha256.initial[7]);
    try expectEqual(0xcbbb9d5dc1059ed8, Sha384.initial[0]);
    try expectEqual(0x47b5481dbefa4fa4, Sha384.initial[7]);
    try expectEqual(0x6a09e667f3bcc908, Sha512.initial[0]);
    try expectEqual(0x5be0cd19137e2179, Sha512.initial[7]);
}
