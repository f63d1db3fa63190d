//! PBKDF2: RFC 8018 (January 2017), section 5.2, with HMAC over every algorithm of hash.zig as its pseudorandom function.
//!
//! What takes long is here: the iterations after the first. The first one is hmac.zig's, of the salt and a block's number;
//! whoever has done that goes on as many iterations at a time as it likes, on as many blocks at once.
//!
//! An iteration is two calls of the compression function: both padded keys are in the prepared key already, and what
//! either pads is the digest of the other. Constant time in password and salt; lengths and iterations are public. Scratch
//! is wiped.

const std = @import("std");
const ct = @import("ct.zig");
const hash = @import("hash.zig");
const hmac = @import("hmac.zig");

/// Not a whole number of digests.
pub const LengthError = error{InvalidLength};

/// U_j and the sum T of U_1 to U_j of each block, all U before all T: so many further iterations of each.
pub fn iterate(
    prepared: *const hmac.Prepared,
    us: []u8,
    sums: []u8,
    count: u32,
) (hash.StateError || LengthError)!void {
    std.debug.assert(us.len == sums.len);
    const algorithm = try hmac.algorithmOf(prepared);
    const digest_bytes = hash.digestBytes(algorithm);
    if (us.len % digest_bytes != 0) return error.InvalidLength;
    switch (algorithm) {
        inline else => |comptime_algorithm| {
            const Function = comptime_algorithm.Function();
            var at: usize = 0;
            while (at < us.len) : (at += Function.digest_bytes) {
                const u = us[at..][0..Function.digest_bytes];
                iterateBlock(Function, prepared, u, sums[at..][0..Function.digest_bytes], count);
            }
        },
    }
}

fn iterateBlock(
    comptime Function: type,
    prepared: *const hmac.Prepared,
    u: *[Function.digest_bytes]u8,
    sum: *[Function.digest_bytes]u8,
    count: u32,
) void {
    const Work = struct {
        keys: hmac.Prepared,
        state: [Function.state_words]Function.Word,
        sum: [words]Function.Word,
        block: [Function.block_bytes]u8 align(16),

        const words = Function.digest_bytes / @sizeOf(Function.Word);
    };
    var work: Work = undefined;
    defer ct.wipe(std.mem.asBytes(&work));
    work.keys = prepared.*;
    const inner = work.keys.inner.of(Function);
    const outer = work.keys.outer.of(Function);
    work.sum = load(Function, sum);

    // A message of a digest, behind the padded key's block: FIPS 180-4, section 5.1.
    @memset(&work.block, 0);
    work.block[Function.digest_bytes] = 0x80;
    const message_bits = 8 * (Function.block_bytes + Function.digest_bytes);
    std.mem.writeInt(u16, work.block[Function.block_bytes - 2 ..], message_bits, .big);
    const digest = work.block[0..Function.digest_bytes];
    digest.* = u.*;

    for (0..count) |_| {
        work.state = inner.*;
        Function.compress(&work.state, &work.block);
        store(Function, &work.state, digest);
        work.state = outer.*;
        Function.compress(&work.state, &work.block);
        store(Function, &work.state, digest);
        for (&work.sum, work.state[0..Work.words]) |*word, more| word.* ^= more;
    }
    u.* = digest.*;
    store(Function, &work.sum, sum);
}

/// Section 3.1 of FIPS 180-4: words are big-endian.
inline fn load(
    comptime Function: type,
    digest: *const [Function.digest_bytes]u8,
) [Function.digest_bytes / @sizeOf(Function.Word)]Function.Word {
    var words: [Function.digest_bytes / @sizeOf(Function.Word)]Function.Word = undefined;
    for (&words, 0..) |*word, i| {
        word.* = std.mem.readInt(Function.Word, digest[i * @sizeOf(Function.Word) ..][0..@sizeOf(Function.Word)], .big);
    }
    return words;
}

inline fn store(comptime Function: type, words: []const Function.Word, digest: *[Function.digest_bytes]u8) void {
    inline for (0..Function.digest_bytes / @sizeOf(Function.Word)) |i| {
        std.mem.writeInt(Function.Word, digest[i * @sizeOf(Function.Word) ..][0..@sizeOf(Function.Word)], words[i], .big);
    }
}

const testing = std.testing;

/// All of it, in pieces of so many iterations.
fn derive(
    algorithm: hash.Algorithm,
    password: []const u8,
    salt: []const u8,
    iterations: u32,
    piece: u32,
    output: []u8,
) !void {
    var prepared: hmac.Prepared = undefined;
    hmac.prepare(algorithm, password, &prepared);
    var us: [1024]u8 = undefined;
    var sums: [1024]u8 = undefined;
    const digest_bytes = hash.digestBytes(algorithm);
    const blocks = std.math.divCeil(usize, output.len, digest_bytes) catch unreachable;
    for (0..blocks) |block| {
        var state: hmac.State = undefined;
        try hmac.init(&prepared, &state);
        try hmac.update(&state, salt);
        try hmac.update(&state, &.{ 0, 0, 0, @intCast(block + 1) });
        _ = try hmac.final(&state, us[block * digest_bytes ..]);
    }
    const all = blocks * digest_bytes;
    @memcpy(sums[0..all], us[0..all]);
    var left = iterations - 1;
    while (left > 0) {
        const some = @min(left, piece);
        try iterate(&prepared, us[0..all], sums[0..all], some);
        left -= some;
    }
    @memcpy(output, sums[0..output.len]);
}

fn expectOutput(
    algorithm: hash.Algorithm,
    password: []const u8,
    salt: []const u8,
    iterations: u32,
    comptime expected_hex: []const u8,
) !void {
    var expected: [expected_hex.len / 2]u8 = undefined;
    _ = try std.fmt.hexToBytes(&expected, expected_hex);
    var actual: [expected.len]u8 = undefined;
    try derive(algorithm, password, salt, iterations, 1000, &actual);
    try testing.expectEqual(expected, actual);
}

test "RFC 6070: PBKDF2 with HMAC-SHA-1" {
    const long_password = "passwordPASSWORDpassword";
    const long_salt = "saltSALTsaltSALTsaltSALTsaltSALTsalt";
    try expectOutput(.sha1, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    try expectOutput(.sha1, "password", "salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
    try expectOutput(.sha1, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1");
    try expectOutput(.sha1, long_password, long_salt, 4096, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
    try expectOutput(.sha1, "pass\x00word", "sa\x00lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3");
}

test "RFC 7914, section 11: PBKDF2 with HMAC-SHA-256" {
    try expectOutput(.sha256, "passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc" ++
        "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
    try expectOutput(.sha256, "Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56" ++
        "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d");
}

test "random inputs give what std gives, in pieces of any size" {
    var prng: std.Random.DefaultPrng = .init(8018);
    const random = prng.random();
    var bytes: [400]u8 = undefined;
    var expected: [300]u8 = undefined;
    var actual: [300]u8 = undefined;
    inline for (comptime std.enums.values(hash.Algorithm)) |algorithm| for (0..25) |_| {
        random.bytes(&bytes);
        const password = bytes[0..random.uintAtMost(usize, 200)];
        const salt = bytes[200..][0..random.uintAtMost(usize, 200)];
        const length = 1 + random.uintLessThan(usize, expected.len);
        const iterations = 1 + random.uintLessThan(u32, 40);
        const Hmac = switch (algorithm) {
            .sha1 => std.crypto.auth.hmac.HmacSha1,
            .sha256 => std.crypto.auth.hmac.sha2.HmacSha256,
            .sha384 => std.crypto.auth.hmac.sha2.HmacSha384,
            .sha512 => std.crypto.auth.hmac.sha2.HmacSha512,
        };
        try std.crypto.pwhash.pbkdf2(expected[0..length], password, salt, iterations, Hmac);
        const piece = 1 + random.uintLessThan(u32, iterations);
        try derive(algorithm, password, salt, iterations, piece, actual[0..length]);
        try testing.expectEqualSlices(u8, expected[0..length], actual[0..length]);
    };
}

test "what is no whole number of digests, or no prepared key, is refused" {
    var prepared: hmac.Prepared = undefined;
    hmac.prepare(.sha256, "password", &prepared);
    var area: [64]u8 = @splat(0);
    try testing.expectError(error.InvalidLength, iterate(&prepared, area[0..31], area[32..63], 1));
    try iterate(&prepared, area[0..0], area[0..0], 1);
    @memset(std.mem.asBytes(&prepared), 0xa5);
    try testing.expectError(error.InvalidState, iterate(&prepared, area[0..32], area[32..], 1));
}
