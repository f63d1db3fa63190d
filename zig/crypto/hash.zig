//! Message digests: one table of algorithms over the compression functions of sha1.zig and sha2.zig, with
//! the padding and length encoding of FIPS 180-4 (August 2015), section 5.1.
//!
//! One-shot `digest`, or `init`, `update` and `final` over a State that the caller keeps. A message may be of
//! any length: bytes are counted in 64 bits, which no machine can exhaust.
//!
//! Constant time in the message; lengths are public. Chaining values and message bytes are wiped from every
//! scratch buffer, and from the State at `final`.

const std = @import("std");
const ct = @import("ct.zig");
const sha2 = @import("sha2.zig");
const Sha1 = @import("sha1.zig").Sha1;

pub const Algorithm = enum(u32) {
    sha1 = 1,
    sha256 = 2,
    sha384 = 3,
    sha512 = 4,

    /// Its constants and its compression function.
    pub fn Function(comptime algorithm: Algorithm) type {
        return switch (algorithm) {
            .sha1 => Sha1,
            .sha256 => sha2.Sha256,
            .sha384 => sha2.Sha384,
            .sha512 => sha2.Sha512,
        };
    }

    /// The algorithm with this number, as a host names it.
    pub fn fromInt(number: u32) error{UnknownAlgorithm}!Algorithm {
        return std.enums.fromInt(Algorithm, number) orelse error.UnknownAlgorithm;
    }
};

pub fn digestBytes(algorithm: Algorithm) u32 {
    return switch (algorithm) {
        inline else => |comptime_algorithm| comptime_algorithm.Function().digest_bytes,
    };
}

pub fn blockBytes(algorithm: Algorithm) u32 {
    return switch (algorithm) {
        inline else => |comptime_algorithm| comptime_algorithm.Function().block_bytes,
    };
}

pub const digest_bytes_max = 64;
pub const block_bytes_max = 128;

/// The state was not initialised, has been finished, or belongs to another kind of operation.
pub const StateError = error{InvalidState};
/// The output is shorter than the digest.
pub const OutputError = error{OutputTooShort};

/// The digest of input, in the first bytes of output; gives its length. They may overlap.
pub fn digest(algorithm: Algorithm, input: []const u8, output: []u8) OutputError!u32 {
    const length = digestBytes(algorithm);
    if (output.len < length) return error.OutputTooShort;
    var chain: Chain = undefined;
    defer chain.wipe();
    chain.start(algorithm);
    const tail = chain.absorb(algorithm, input);
    chain.finish(algorithm, tail, input.len, output[0..length]);
    return length;
}

/// A digest under way. Its bytes may be copied while it lasts, to branch off from a common prefix.
pub const State = extern struct {
    /// Which operation, of which algorithm: tells a live state from any other memory.
    tag: u32 align(16),
    /// Of the message so far; this modulo the block's bytes is how many of them wait in `block`.
    message_bytes: u64,
    chain: Chain,
    block: [block_bytes_max]u8 align(16),
};

pub fn stateBytes(_: Algorithm) u32 {
    return @sizeOf(State);
}

pub fn init(algorithm: Algorithm, state: *State) void {
    state.tag = Kind.digest.tag(algorithm);
    state.message_bytes = 0;
    state.chain.start(algorithm);
}

pub fn update(state: *State, input: []const u8) StateError!void {
    append(state, try Kind.digest.check(state.tag), input);
}

/// Writes the digest into the first bytes of output, gives its length, and wipes the state.
/// After an error the state is as it was.
pub fn final(state: *State, output: []u8) (StateError || OutputError)!u32 {
    const algorithm = try Kind.digest.check(state.tag);
    const length = digestBytes(algorithm);
    if (output.len < length) return error.OutputTooShort;
    finish(state, algorithm, output[0..length]);
    ct.wipe(std.mem.asBytes(state));
    return length;
}

/// Which digest is under way.
pub fn algorithmOf(state: *const State) StateError!Algorithm {
    return Kind.digest.check(state.tag);
}

/// `update` for a state whose tag has been checked.
pub fn append(state: *State, algorithm: Algorithm, input: []const u8) void {
    const block = state.block[0..blockBytes(algorithm)];
    const waiting = waitingBytes(state, algorithm);
    state.message_bytes +%= input.len;
    var rest = input;
    if (waiting != 0) {
        const taken = @min(block.len - waiting, rest.len);
        copy(block[waiting..][0..taken], rest[0..taken]);
        if (waiting + taken < block.len) return;
        rest = rest[taken..];
        _ = state.chain.absorb(algorithm, block);
    }
    const tail = state.chain.absorb(algorithm, rest);
    copy(block[0..tail.len], tail);
}

/// `final` for a state whose tag has been checked: output is as long as the digest; the state is not wiped.
pub fn finish(state: *State, algorithm: Algorithm, output: []u8) void {
    const tail = state.block[0..waitingBytes(state, algorithm)];
    state.chain.finish(algorithm, tail, state.message_bytes, output);
}

fn waitingBytes(state: *const State, algorithm: Algorithm) usize {
    return @intCast(state.message_bytes & (blockBytes(algorithm) - 1));
}

/// @memmove, because a host may pass overlapping memory, which must be harmless.
fn copy(to: []u8, from: []const u8) void {
    @memmove(to, from);
}

/// The intermediate hash value H(i), in the words of whichever algorithm it was started for.
pub const Chain = extern struct {
    words: [8]u64 align(16),

    pub fn start(chain: *Chain, algorithm: Algorithm) void {
        switch (algorithm) {
            inline else => |comptime_algorithm| {
                const Function = comptime_algorithm.Function();
                chain.of(Function).* = Function.initial;
            },
        }
    }

    /// An engine swaps in optimised code between calls, never within one: had a first long message but one
    /// call, all of it would run in the slow first-tier code.
    const call_bytes_max = 4096;

    /// Compresses the whole blocks of input, in place, and gives the bytes after the last of them.
    pub fn absorb(chain: *Chain, algorithm: Algorithm, input: []const u8) []const u8 {
        const tail_bytes = input.len & (blockBytes(algorithm) - 1);
        const blocks, const tail = .{ input[0 .. input.len - tail_bytes], input[input.len - tail_bytes ..] };
        var at: usize = 0;
        while (at < blocks.len) {
            const part = blocks[at..][0..@min(blocks.len - at, call_bytes_max)];
            switch (algorithm) {
                inline else => |comptime_algorithm| {
                    const Function = comptime_algorithm.Function();
                    Function.compress(chain.of(Function), part);
                },
            }
            at += part.len;
        }
        return tail;
    }

    /// Pads the tail of a message of message_bytes, less than a block, and writes the digest, whose length
    /// is output's.
    pub fn finish(
        chain: *Chain,
        algorithm: Algorithm,
        tail: []const u8,
        message_bytes: u64,
        output: []u8,
    ) void {
        switch (algorithm) {
            .sha1 => chain.finishAs(Sha1, tail, message_bytes, output),
            .sha256 => chain.finishAs(sha2.Sha256, tail, message_bytes, output),
            // SHA-384 is SHA-512 but for its initial value and the truncation.
            .sha384, .sha512 => chain.finishAs(sha2.Sha512, tail, message_bytes, output),
        }
    }

    pub fn wipe(chain: *Chain) void {
        ct.wipe(std.mem.asBytes(chain));
    }

    fn finishAs(
        chain: *Chain,
        comptime Function: type,
        tail: []const u8,
        message_bytes: u64,
        output: []u8,
    ) void {
        const Word = Function.Word;
        const block_bytes = Function.block_bytes;

        // Section 5.1: a one bit, zeros, and the length in bits at the end of a block.
        var last: [2 * block_bytes]u8 align(16) = undefined;
        defer ct.wipe(&last);
        const fits = tail.len < block_bytes - Function.length_bytes;
        const padded = last[0..if (fits) block_bytes else 2 * block_bytes];
        @memset(padded, 0);
        @memcpy(padded[0..tail.len], tail);
        padded[tail.len] = 0x80;
        const message_bits = @as(u128, message_bytes) * 8;
        const Length = std.meta.Int(.unsigned, 8 * Function.length_bytes);
        const length_at = padded.len - Function.length_bytes;
        std.mem.writeInt(Length, padded[length_at..][0..Function.length_bytes], @truncate(message_bits), .big);

        const words = chain.of(Function);
        Function.compress(words, padded);
        for (words[0 .. output.len / @sizeOf(Word)], 0..) |word, i| {
            std.mem.writeInt(Word, output[i * @sizeOf(Word) ..][0..@sizeOf(Word)], word, .big);
        }
    }

    /// The words, for an algorithm with this function.
    pub fn of(chain: *Chain, comptime Function: type) *[Function.state_words]Function.Word {
        return @ptrCast(&chain.words);
    }
};

/// What a state belongs to. Arbitrary numbers, unlikely elsewhere in memory, with room for the algorithm in
/// the low byte.
pub const Kind = enum(u32) {
    digest = 0xd19e5700,
    hmac_key = 0x4ac6ce00,
    hmac = 0x4ac5a300,

    /// The first word of a live state.
    pub fn tag(kind: Kind, algorithm: Algorithm) u32 {
        return @intFromEnum(kind) | @intFromEnum(algorithm);
    }

    pub fn check(kind: Kind, found: u32) StateError!Algorithm {
        return Algorithm.fromInt(found ^ @intFromEnum(kind)) catch error.InvalidState;
    }
};

const testing = std.testing;

fn expectDigest(algorithm: Algorithm, message: []const u8, comptime expected_hex: []const u8) !void {
    var expected: [expected_hex.len / 2]u8 = undefined;
    _ = try std.fmt.hexToBytes(&expected, expected_hex);
    var actual: [digest_bytes_max]u8 = undefined;
    const length = try digest(algorithm, message, &actual);
    try testing.expectEqualSlices(u8, &expected, actual[0..length]);
}

/// The second implementation: std's.
fn stdDigest(algorithm: Algorithm, message: []const u8, output: *[digest_bytes_max]u8) []u8 {
    switch (algorithm) {
        inline else => |comptime_algorithm| {
            const Other = switch (comptime_algorithm) {
                .sha1 => std.crypto.hash.Sha1,
                .sha256 => std.crypto.hash.sha2.Sha256,
                .sha384 => std.crypto.hash.sha2.Sha384,
                .sha512 => std.crypto.hash.sha2.Sha512,
            };
            Other.hash(message, output[0..Other.digest_length], .{});
            return output[0..Other.digest_length];
        },
    }
}

test "FIPS 180-4 examples: abc" {
    try expectDigest(.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    try expectDigest(.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    try expectDigest(.sha384, "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163" ++
        "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    try expectDigest(.sha512, "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" ++
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

test "FIPS 180-4 examples: two blocks" {
    const bits_448 = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const bits_896 = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" ++
        "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
    try expectDigest(.sha1, bits_448, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    try expectDigest(.sha256, bits_448, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    try expectDigest(.sha384, bits_896, "09330c33f71147e83d192fc782cd1b4753111b173b3b05d2" ++
        "2fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039");
    try expectDigest(.sha512, bits_896, "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018" ++
        "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
}

test "FIPS 180-4 examples: a million times the letter a" {
    const million = try testing.allocator.alloc(u8, 1_000_000);
    defer testing.allocator.free(million);
    @memset(million, 'a');
    try expectDigest(.sha1, million, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    try expectDigest(.sha256, million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    try expectDigest(.sha384, million, "9d0e1809716474cb086e834e310a4a1ced149e9c00f24852" ++
        "7972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985");
    try expectDigest(.sha512, million, "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb" ++
        "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

test "every length to three blocks is what std computes" {
    var message: [3 * block_bytes_max]u8 = undefined;
    for (&message, 0..) |*byte, i| byte.* = @truncate(i *% 167 +% 13);
    for (std.enums.values(Algorithm)) |algorithm| for (0..message.len + 1) |length| {
        var storage: [digest_bytes_max]u8 = undefined;
        const expected = stdDigest(algorithm, message[0..length], &storage);
        var actual: [digest_bytes_max]u8 = undefined;
        try testing.expectEqual(expected.len, try digest(algorithm, message[0..length], &actual));
        try testing.expectEqualSlices(u8, expected, actual[0..expected.len]);
    };
}

test "messages around the padding boundaries, cut in two anywhere or fed by bytes, give the same digest" {
    var message: [260]u8 = undefined;
    for (&message, 0..) |*byte, i| byte.* = @truncate(i *% 59 +% 1);
    const lengths = [_]usize{
        0,   1,   55,  56,  57,  63,  64,  65,  111, 112, 113,
        119, 120, 121, 127, 128, 129, 191, 192, 239, 240, 260,
    };
    for (std.enums.values(Algorithm)) |algorithm| for (lengths) |length| {
        var expected: [digest_bytes_max]u8 = undefined;
        const digest_bytes = try digest(algorithm, message[0..length], &expected);
        var actual: [digest_bytes_max]u8 = undefined;
        var state: State = undefined;
        for (0..length + 1) |cut| {
            init(algorithm, &state);
            try update(&state, message[0..cut]);
            try update(&state, message[cut..length]);
            try testing.expectEqual(digest_bytes, try final(&state, &actual));
            try testing.expectEqualSlices(u8, expected[0..digest_bytes], actual[0..digest_bytes]);
        }
        init(algorithm, &state);
        for (0..length) |i| try update(&state, message[i..][0..1]);
        _ = try final(&state, &actual);
        try testing.expectEqualSlices(u8, expected[0..digest_bytes], actual[0..digest_bytes]);
    };
}

test "random lengths in random parts are what std computes" {
    const message = try testing.allocator.alloc(u8, 20_000);
    defer testing.allocator.free(message);
    var prng: std.Random.DefaultPrng = .init(4);
    const random = prng.random();
    random.bytes(message);
    for (std.enums.values(Algorithm)) |algorithm| for (0..100) |_| {
        // Unaligned, and beyond the bytes of one call of the compression function.
        const from = random.uintLessThan(usize, 64);
        const part = message[from..random.intRangeAtMost(usize, from, message.len)];
        const part_bytes_max = random.intRangeAtMost(usize, 1, 1 + part.len);
        var state: State = undefined;
        init(algorithm, &state);
        var at: usize = 0;
        while (at < part.len) {
            const end = @min(part.len, at + random.uintAtMost(usize, part_bytes_max));
            try update(&state, part[at..end]);
            at = end;
        }
        var storage: [digest_bytes_max]u8 = undefined;
        const expected = stdDigest(algorithm, part, &storage);
        var actual: [digest_bytes_max]u8 = undefined;
        try testing.expectEqual(expected.len, try final(&state, &actual));
        try testing.expectEqualSlices(u8, expected, actual[0..expected.len]);
        _ = try digest(algorithm, part, &actual);
        try testing.expectEqualSlices(u8, expected, actual[0..expected.len]);
    };
}

test "the length field holds more than 32 bits, and for 64-bit words more than 64" {
    // The midstate of a message too long to hash here: only its count can be set, and std's is set alike.
    const message_bytes: u64 = 3 << 61 | 5 << 32;
    inline for (.{
        .{ Algorithm.sha256, std.crypto.hash.sha2.Sha256 },
        .{ Algorithm.sha512, std.crypto.hash.sha2.Sha512 },
    }) |pair| {
        const algorithm, const Other = pair;
        var state: State = undefined;
        init(algorithm, &state);
        state.message_bytes = message_bytes;
        var other = Other.init(.{});
        other.total_len = message_bytes;
        try update(&state, "tail");
        other.update("tail");
        var actual: [Other.digest_length]u8 = undefined;
        _ = try final(&state, &actual);
        try testing.expectEqualSlices(u8, &other.finalResult(), &actual);
    }
}

test "a copied state goes its own way" {
    for (std.enums.values(Algorithm)) |algorithm| {
        var state: State = undefined;
        init(algorithm, &state);
        try update(&state, "common prefix, ");
        var copied = state;
        try update(&state, "one end");
        try update(&copied, "another end");
        var expected: [digest_bytes_max]u8 = undefined;
        var actual: [digest_bytes_max]u8 = undefined;
        const length = try final(&state, &actual);
        _ = try digest(algorithm, "common prefix, one end", &expected);
        try testing.expectEqualSlices(u8, expected[0..length], actual[0..length]);
        _ = try final(&copied, &actual);
        _ = try digest(algorithm, "common prefix, another end", &expected);
        try testing.expectEqualSlices(u8, expected[0..length], actual[0..length]);
    }
}

test "final wipes the state, and a finished, blank or foreign state is refused" {
    var output: [digest_bytes_max]u8 = undefined;
    for (std.enums.values(Algorithm)) |algorithm| {
        var state: State = undefined;
        init(algorithm, &state);
        try update(&state, "secret");
        _ = try final(&state, &output);
        try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(&state), 0));
        try testing.expectError(error.InvalidState, update(&state, ""));
        try testing.expectError(error.InvalidState, final(&state, &output));

        for ([_]u8{ 0x00, 0x01, 0xaa, 0xff }) |byte| {
            @memset(std.mem.asBytes(&state), byte);
            try testing.expectError(error.InvalidState, update(&state, "x"));
            try testing.expectError(error.InvalidState, final(&state, &output));
        }
        init(algorithm, &state);
        for (0..32) |bit| {
            const mask = @as(u32, 1) << @intCast(bit);
            state.tag ^= mask;
            defer state.tag ^= mask;
            const other = Kind.digest.check(state.tag) catch continue;
            try testing.expect(other != algorithm); // Another algorithm's tag, and nothing else, passes.
        }
        state.tag = Kind.hmac.tag(algorithm);
        try testing.expectError(error.InvalidState, update(&state, "x"));
    }
}

test "a forged state gives a wrong digest and touches nothing else" {
    for (std.enums.values(Algorithm)) |algorithm| {
        var guarded: extern struct { before: [64]u8 align(16), state: State, after: [64]u8 } = undefined;
        @memset(std.mem.asBytes(&guarded), 0xff);
        guarded.state.tag = Kind.digest.tag(algorithm);
        var output: [digest_bytes_max]u8 = undefined;
        try update(&guarded.state, "x" ** 300);
        _ = try final(&guarded.state, &output);
        try testing.expect(std.mem.allEqual(u8, &guarded.before, 0xff));
        try testing.expect(std.mem.allEqual(u8, &guarded.after, 0xff));
    }
}

test "an output too short is refused and leaves the state as it was" {
    for (std.enums.values(Algorithm)) |algorithm| {
        const length = digestBytes(algorithm);
        var expected: [digest_bytes_max]u8 = undefined;
        var output: [digest_bytes_max]u8 = undefined;
        try testing.expectError(error.OutputTooShort, digest(algorithm, "abc", output[0 .. length - 1]));
        var state: State = undefined;
        init(algorithm, &state);
        try update(&state, "abc");
        try testing.expectError(error.OutputTooShort, final(&state, output[0..0]));
        try testing.expectError(error.OutputTooShort, final(&state, output[0 .. length - 1]));
        try testing.expectEqual(length, try final(&state, &output));
        _ = try digest(algorithm, "abc", &expected);
        try testing.expectEqualSlices(u8, expected[0..length], output[0..length]);
    }
}

test "output may lie within input, and input within the state" {
    for (std.enums.values(Algorithm)) |algorithm| {
        var message = [_]u8{'m'} ** 200;
        var expected: [digest_bytes_max]u8 = undefined;
        const length = try digest(algorithm, &message, &expected);
        _ = try digest(algorithm, &message, message[100..]);
        try testing.expectEqualSlices(u8, expected[0..length], message[100..][0..length]);

        var state: State = undefined;
        init(algorithm, &state);
        @memset(&state.block, 0);
        try update(&state, "x");
        try update(&state, state.block[0..100]); // Any digest will do, no trap.
        _ = try final(&state, &expected);
    }
}
