//! HMAC: FIPS 198-1 (July 2008), RFC 2104, over every algorithm of hash.zig.
//!
//! H((K0 ^ opad) || H((K0 ^ ipad) || message)). Both padded keys fill one block, so a key is prepared once,
//! as the two chaining values after those blocks; each message then starts from copies of them.
//!
//! Constant time in key, message and MAC; lengths are public. Scratch is wiped, and the State at `final`;
//! a Prepared key is as secret as the key and is wiped by its owner.

const std = @import("std");
const ct = @import("ct.zig");
const hash = @import("hash.zig");

const Algorithm = hash.Algorithm;
const Chain = hash.Chain;
const StateError = hash.StateError;
const OutputError = hash.OutputError;

/// A key ready for any number of messages, at the same time too.
pub const Prepared = extern struct {
    tag: u32 align(16),
    /// After K0 ^ ipad.
    inner: Chain,
    /// After K0 ^ opad.
    outer: Chain,
};

pub fn preparedBytes(_: Algorithm) u32 {
    return @sizeOf(Prepared);
}

/// FIPS 198-1 section 4, steps 1 to 4 and 7. Any key length: WebCrypto refuses the empty key, HMAC does not.
pub fn prepare(algorithm: Algorithm, key: []const u8, prepared: *Prepared) void {
    var storage: [hash.block_bytes_max]u8 align(16) = undefined;
    defer ct.wipe(&storage);
    const block = storage[0..hash.blockBytes(algorithm)];
    @memset(block, 0);
    if (key.len <= block.len) {
        @memcpy(block[0..key.len], key);
    } else {
        _ = hash.digest(algorithm, key, block) catch unreachable; // A block holds every digest.
    }

    const ipad = 0x36;
    const opad = 0x5c;
    for (block) |*byte| byte.* ^= ipad;
    prepared.inner.start(algorithm);
    _ = prepared.inner.absorb(algorithm, block);
    for (block) |*byte| byte.* ^= ipad ^ opad;
    prepared.outer.start(algorithm);
    _ = prepared.outer.absorb(algorithm, block);
    prepared.tag = hash.Kind.hmac_key.tag(algorithm);
}

/// Which algorithm a key was prepared for.
pub fn algorithmOf(prepared: *const Prepared) StateError!Algorithm {
    return hash.Kind.hmac_key.check(prepared.tag);
}

/// The MAC of input, in the first bytes of output; gives its length. They may overlap.
pub fn sign(prepared: *const Prepared, input: []const u8, output: []u8) (StateError || OutputError)!u32 {
    const algorithm = try hash.Kind.hmac_key.check(prepared.tag);
    const length = hash.digestBytes(algorithm);
    if (output.len < length) return error.OutputTooShort;
    signAs(algorithm, prepared, input, output[0..length]);
    return length;
}

/// Whether mac is the MAC of input, whole: a shorter or longer one is false.
pub fn verify(prepared: *const Prepared, input: []const u8, mac: []const u8) StateError!bool {
    const algorithm = try hash.Kind.hmac_key.check(prepared.tag);
    var storage: [hash.digest_bytes_max]u8 = undefined;
    defer ct.wipe(&storage);
    const expected = storage[0..hash.digestBytes(algorithm)];
    signAs(algorithm, prepared, input, expected);
    return ct.equal(expected, mac);
}

fn signAs(algorithm: Algorithm, prepared: *const Prepared, input: []const u8, output: []u8) void {
    var chain = prepared.inner;
    defer chain.wipe();
    const tail = chain.absorb(algorithm, input);
    var storage: [hash.digest_bytes_max]u8 align(16) = undefined;
    defer ct.wipe(&storage);
    const digest = storage[0..output.len];
    chain.finish(algorithm, tail, hash.blockBytes(algorithm) + input.len, digest);
    chain = prepared.outer;
    chain.finish(algorithm, digest, hash.blockBytes(algorithm) + digest.len, output);
}

/// A MAC under way. Independent of the Prepared key that it began with.
pub const State = extern struct {
    /// Digest of the padded key and the message; its tag says that it is HMAC's.
    inner: hash.State,
    outer: Chain,
};

pub fn stateBytes(_: Algorithm) u32 {
    return @sizeOf(State);
}

pub fn init(prepared: *const Prepared, state: *State) StateError!void {
    const algorithm = try hash.Kind.hmac_key.check(prepared.tag);
    state.inner.chain = prepared.inner;
    state.inner.message_bytes = hash.blockBytes(algorithm);
    state.outer = prepared.outer;
    state.inner.tag = hash.Kind.hmac.tag(algorithm);
}

/// Which algorithm a MAC is under way with.
pub fn algorithmOfState(state: *const State) StateError!Algorithm {
    return hash.Kind.hmac.check(state.inner.tag);
}

pub fn update(state: *State, input: []const u8) StateError!void {
    hash.append(&state.inner, try hash.Kind.hmac.check(state.inner.tag), input);
}

/// Writes the MAC into the first bytes of output, gives its length, and wipes the state.
/// After an error the state is as it was.
pub fn final(state: *State, output: []u8) (StateError || OutputError)!u32 {
    const algorithm = try hash.Kind.hmac.check(state.inner.tag);
    const length = hash.digestBytes(algorithm);
    if (output.len < length) return error.OutputTooShort;
    finalAs(algorithm, state, output[0..length]);
    return length;
}

/// `final` that compares, as `verify` does, instead of giving the MAC away.
pub fn verifyFinal(state: *State, mac: []const u8) StateError!bool {
    const algorithm = try hash.Kind.hmac.check(state.inner.tag);
    var storage: [hash.digest_bytes_max]u8 = undefined;
    defer ct.wipe(&storage);
    const expected = storage[0..hash.digestBytes(algorithm)];
    finalAs(algorithm, state, expected);
    return ct.equal(expected, mac);
}

fn finalAs(algorithm: Algorithm, state: *State, output: []u8) void {
    defer ct.wipe(std.mem.asBytes(state));
    var storage: [hash.digest_bytes_max]u8 align(16) = undefined;
    defer ct.wipe(&storage);
    const digest = storage[0..output.len];
    hash.finish(&state.inner, algorithm, digest);
    state.outer.finish(algorithm, digest, hash.blockBytes(algorithm) + digest.len, output);
}

const testing = std.testing;

fn expectMac(
    algorithm: Algorithm,
    key: []const u8,
    message: []const u8,
    comptime expected_hex: []const u8,
) !void {
    var expected: [expected_hex.len / 2]u8 = undefined;
    _ = try std.fmt.hexToBytes(&expected, expected_hex);
    var prepared: Prepared = undefined;
    prepare(algorithm, key, &prepared);
    var actual: [hash.digest_bytes_max]u8 = undefined;
    const length = try sign(&prepared, message, &actual);
    try testing.expectEqual(hash.digestBytes(algorithm), length);
    try testing.expectEqualSlices(u8, &expected, actual[0..expected.len]);
    try testing.expect(try verify(&prepared, message, actual[0..length]));
}

fn expectSha2Macs(key: []const u8, message: []const u8, comptime expected_hex: [3][]const u8) !void {
    inline for (.{ .sha256, .sha384, .sha512 }, expected_hex) |algorithm, hex| {
        try expectMac(algorithm, key, message, hex);
    }
}

const hi_there = "Hi There";
const for_nothing = "what do ya want for nothing?";
const counting: [25]u8 = blk: {
    var bytes: [25]u8 = undefined;
    for (&bytes, 1..) |*byte, i| byte.* = i;
    break :blk bytes;
};
const truncation = "Test With Truncation";
const larger_key = "Test Using Larger Than Block-Size Key - Hash Key First";

test "RFC 2202 section 3: HMAC-SHA-1" {
    const larger_both = "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data";
    try expectMac(.sha1, "\x0b" ** 20, hi_there, "b617318655057264e28bc0b6fb378c8ef146be00");
    try expectMac(.sha1, "Jefe", for_nothing, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    try expectMac(.sha1, "\xaa" ** 20, "\xdd" ** 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
    try expectMac(.sha1, &counting, "\xcd" ** 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da");
    try expectMac(.sha1, "\x0c" ** 20, truncation, "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04");
    try expectMac(.sha1, "\xaa" ** 80, larger_key, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    try expectMac(.sha1, "\xaa" ** 80, larger_both, "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
}

test "RFC 4231 section 4: HMAC-SHA-256, HMAC-SHA-384 and HMAC-SHA-512" {
    const larger_both = "This is a test using a larger than block-size key and a larger than block-size data. " ++
        "The key needs to be hashed before being used by the HMAC algorithm.";
    try expectSha2Macs("\x0b" ** 20, hi_there, .{
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6" ++
            "82aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" ++
            "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    });
    try expectSha2Macs("Jefe", for_nothing, .{
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47" ++
            "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" ++
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    });
    try expectSha2Macs("\xaa" ** 20, "\xdd" ** 50, .{
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9feb" ++
            "e83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
        "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39" ++
            "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
    });
    try expectSha2Macs(&counting, "\xcd" ** 50, .{
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        "3e8a69b7783c25851933ab6290af6ca77a9981480850009c" ++
            "c5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
        "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db" ++
            "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
    });
    // Truncated to 128 bits.
    try expectSha2Macs("\x0c" ** 20, truncation, .{
        "a3b6167473100ee06e0c796c2955552b",
        "3abf34c3503b2a23a46efc619baef897",
        "415fad6271580a531d4179bc891d87a6",
    });
    try expectSha2Macs("\xaa" ** 131, larger_key, .{
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f" ++
            "3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352" ++
            "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
    });
    try expectSha2Macs("\xaa" ** 131, larger_both, .{
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9a" ++
            "dccebb82461e99c5a678cc31e799176d3860e6110c46523e",
        "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944" ++
            "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
    });
}

/// The second implementation: std's.
fn stdMac(
    algorithm: Algorithm,
    key: []const u8,
    message: []const u8,
    output: *[hash.digest_bytes_max]u8,
) []u8 {
    switch (algorithm) {
        inline else => |comptime_algorithm| {
            const Other = std.crypto.auth.hmac.Hmac(switch (comptime_algorithm) {
                .sha1 => std.crypto.hash.Sha1,
                .sha256 => std.crypto.hash.sha2.Sha256,
                .sha384 => std.crypto.hash.sha2.Sha384,
                .sha512 => std.crypto.hash.sha2.Sha512,
            });
            Other.create(output[0..Other.mac_length], message, key);
            return output[0..Other.mac_length];
        },
    }
}

test "every key length to past the block, and messages in random parts, are what std computes" {
    var bytes: [2000]u8 = undefined;
    var prng: std.Random.DefaultPrng = .init(198);
    const random = prng.random();
    random.bytes(&bytes);
    for (std.enums.values(Algorithm)) |algorithm| for (0..2 * hash.block_bytes_max + 2) |key_bytes| {
        const key = bytes[0..key_bytes];
        const message = bytes[random.uintLessThan(usize, 64)..][0..random.uintLessThan(usize, 1900)];
        var prepared: Prepared = undefined;
        prepare(algorithm, key, &prepared);
        var storage: [hash.digest_bytes_max]u8 = undefined;
        const expected = stdMac(algorithm, key, message, &storage);
        var actual: [hash.digest_bytes_max]u8 = undefined;
        try testing.expectEqual(expected.len, try sign(&prepared, message, &actual));
        try testing.expectEqualSlices(u8, expected, actual[0..expected.len]);
        try testing.expect(try verify(&prepared, message, expected));

        var state: State = undefined;
        try init(&prepared, &state);
        const first = random.uintAtMost(usize, message.len);
        const second = random.intRangeAtMost(usize, first, message.len);
        try update(&state, message[0..first]);
        try update(&state, message[first..second]);
        try update(&state, message[second..]);
        var copied = state;
        try testing.expectEqual(expected.len, try final(&state, &actual));
        try testing.expectEqualSlices(u8, expected, actual[0..expected.len]);
        try testing.expect(try verifyFinal(&copied, expected));
    };
}

test "each flipped bit, each truncation and any excess byte fails verification" {
    const message = "the message";
    for (std.enums.values(Algorithm)) |algorithm| {
        var prepared: Prepared = undefined;
        prepare(algorithm, "key", &prepared);
        var storage = [_]u8{0} ** (hash.digest_bytes_max + 1);
        const length = try sign(&prepared, message, &storage);
        const mac = storage[0..length];
        var state: State = undefined;
        for (0..8 * length) |bit| {
            const mask = @as(u8, 1) << @intCast(bit % 8);
            mac[bit / 8] ^= mask;
            defer mac[bit / 8] ^= mask;
            try testing.expect(!try verify(&prepared, message, mac));
            try init(&prepared, &state);
            try update(&state, message);
            try testing.expect(!try verifyFinal(&state, mac));
        }
        for (0..length) |shorter| try testing.expect(!try verify(&prepared, message, mac[0..shorter]));
        try testing.expect(!try verify(&prepared, message, storage[0 .. length + 1]));
        try testing.expect(!try verify(&prepared, "the messagf", mac));
        try testing.expect(try verify(&prepared, message, mac));
    }
}

test "a state outlives its prepared key, is wiped when done, and is refused then" {
    var output: [hash.digest_bytes_max]u8 = undefined;
    for (std.enums.values(Algorithm)) |algorithm| {
        var prepared: Prepared = undefined;
        prepare(algorithm, "key", &prepared);
        var storage: [hash.digest_bytes_max]u8 = undefined;
        const expected = storage[0..try sign(&prepared, "message", &storage)];
        var state: State = undefined;
        try init(&prepared, &state);
        var verifying = state;
        @memset(std.mem.asBytes(&prepared), 0);
        try update(&state, "message");
        try testing.expectError(error.OutputTooShort, final(&state, output[0 .. expected.len - 1]));
        try testing.expectEqual(expected.len, try final(&state, &output));
        try testing.expectEqualSlices(u8, expected, output[0..expected.len]);
        try testing.expect(!try verifyFinal(&verifying, expected));
        for ([_]*State{ &state, &verifying }) |done| {
            try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(done), 0));
            try testing.expectError(error.InvalidState, update(done, "x"));
            try testing.expectError(error.InvalidState, final(done, &output));
            try testing.expectError(error.InvalidState, verifyFinal(done, expected));
        }
    }
}

test "digest state, MAC state and prepared key are not taken for each other" {
    var output: [hash.digest_bytes_max]u8 = undefined;
    for (std.enums.values(Algorithm)) |algorithm| {
        var prepared: Prepared = undefined;
        prepare(algorithm, "key", &prepared);
        var state: State = undefined;
        try init(&prepared, &state);
        try testing.expectError(error.InvalidState, hash.update(&state.inner, "x"));
        try testing.expectError(error.InvalidState, hash.final(&state.inner, &output));
        try testing.expectError(error.InvalidState, sign(@ptrCast(&state), "x", &output));

        hash.init(algorithm, &state.inner);
        try testing.expectError(error.InvalidState, update(&state, "x"));
        try testing.expectError(error.InvalidState, final(&state, &output));
        try testing.expectError(error.InvalidState, verifyFinal(&state, &output));

        prepared.tag = hash.Kind.digest.tag(algorithm);
        try testing.expectError(error.InvalidState, init(&prepared, &state));
        try testing.expectError(error.InvalidState, sign(&prepared, "x", &output));
        try testing.expectError(error.InvalidState, verify(&prepared, "x", &output));
    }
}

test "the MAC may be written over its message, and not into too little room" {
    for (std.enums.values(Algorithm)) |algorithm| {
        var prepared: Prepared = undefined;
        prepare(algorithm, "key", &prepared);
        var message = [_]u8{'m'} ** 200;
        var expected: [hash.digest_bytes_max]u8 = undefined;
        const length = try sign(&prepared, &message, &expected);
        try testing.expectError(error.OutputTooShort, sign(&prepared, &message, expected[0 .. length - 1]));
        _ = try sign(&prepared, &message, message[100..]);
        try testing.expectEqualSlices(u8, expected[0..length], message[100..][0..length]);
    }
}
