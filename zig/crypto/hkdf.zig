//! HKDF: RFC 5869 (May 2010), section 2, over every algorithm of hash.zig: extract, then expand.
//!
//! Constant time in the input keying material, salt and info; lengths are public. Scratch is wiped.

const std = @import("std");
const ct = @import("ct.zig");
const hash = @import("hash.zig");
const hmac = @import("hmac.zig");

/// More output than 255 times the digest (section 2.3).
pub const LengthError = error{InvalidLength};

/// Section 2.2: the pseudorandom key, prepared for HMAC. No salt is as good as one of zeros.
pub fn extract(algorithm: hash.Algorithm, salt: []const u8, ikm: []const u8, prk: *hmac.Prepared) void {
    var salted: hmac.Prepared = undefined;
    defer ct.wipe(std.mem.asBytes(&salted));
    hmac.prepare(algorithm, salt, &salted);
    var storage: [hash.digest_bytes_max]u8 = undefined;
    defer ct.wipe(&storage);
    const length = hmac.sign(&salted, ikm, &storage) catch unreachable; // Prepared, with room for every digest.
    hmac.prepare(algorithm, storage[0..length], prk);
}

/// Section 2.3: fills `output`, with the algorithm that the pseudorandom key was extracted with.
pub fn expand(prk: *const hmac.Prepared, info: []const u8, output: []u8) (hash.StateError || LengthError)!void {
    const digest_bytes = hash.digestBytes(try hmac.algorithmOf(prk));
    if (output.len > 255 * digest_bytes) return error.InvalidLength;
    var key = prk.*; // Output may lie over it, when a host is wrong.
    defer ct.wipe(std.mem.asBytes(&key));
    var state: hmac.State = undefined;
    defer ct.wipe(std.mem.asBytes(&state));
    var storage: [hash.digest_bytes_max]u8 = undefined;
    defer ct.wipe(&storage);
    const block = storage[0..digest_bytes];
    var at: usize = 0;
    var number: u8 = 1;
    while (at < output.len) : (number +%= 1) {
        mac(&key, &state, if (at == 0) "" else block, info, &.{number}, block) catch unreachable; // Prepared.
        const taken = @min(digest_bytes, output.len - at);
        @memcpy(output[at..][0..taken], block[0..taken]);
        at += taken;
    }
}

/// HMAC of three parts, one after the other.
fn mac(
    prk: *const hmac.Prepared,
    state: *hmac.State,
    previous: []const u8,
    info: []const u8,
    number: []const u8,
    output: []u8,
) !void {
    try hmac.init(prk, state);
    try hmac.update(state, previous);
    try hmac.update(state, info);
    try hmac.update(state, number);
    _ = try hmac.final(state, output);
}

const testing = std.testing;

fn expectOutput(
    algorithm: hash.Algorithm,
    ikm: []const u8,
    salt: []const u8,
    info: []const u8,
    comptime expected_hex: []const u8,
) !void {
    var expected: [expected_hex.len / 2]u8 = undefined;
    _ = try std.fmt.hexToBytes(&expected, expected_hex);
    var prk: hmac.Prepared = undefined;
    extract(algorithm, salt, ikm, &prk);
    var actual: [expected.len]u8 = undefined;
    try expand(&prk, info, &actual);
    try testing.expectEqual(expected, actual);
}

/// So many bytes, counting up.
fn counting(comptime from: u8, comptime length: usize) [length]u8 {
    var bytes: [length]u8 = undefined;
    for (&bytes, 0..) |*byte, i| byte.* = @intCast(from + i);
    return bytes;
}

test "RFC 5869, appendix A: all seven test cases" {
    const ikm = "\x0b" ** 22;
    const salt = counting(0, 13);
    const info = counting(0xf0, 10);
    const long_ikm = counting(0, 80);
    const long_salt = counting(0x60, 80);
    const long_info = counting(0xb0, 80);
    try expectOutput(.sha256, ikm, &salt, &info, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf" ++
        "34007208d5b887185865");
    try expectOutput(.sha256, &long_ikm, &long_salt, &long_info, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8" ++
        "a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87" ++
        "c14c01d5c1f3434f1d87");
    try expectOutput(.sha256, ikm, "", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d" ++
        "9d201395faa4b61a96c8");
    try expectOutput(.sha1, ikm[0..11], &salt, &info, "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2" ++
        "c22e422478d305f3f896");
    try expectOutput(.sha1, &long_ikm, &long_salt, &long_info, "0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe" ++
        "8fa3f1a4e5ad79f3f334b3b202b2173c486ea37ce3d397ed034c7f9dfeb15c5e927336d0441f4c4300e2cff0d0900b52d3b4");
    try expectOutput(.sha1, ikm, "", "", "0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0" ++
        "ea00033de03984d34918");
    try expectOutput(.sha1, "\x0c" ** 22, "", "", "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5" ++
        "673a081d70cce7acfc48");
}

test "random inputs give what std gives, and more than 255 digests are refused" {
    var prng: std.Random.DefaultPrng = .init(5869);
    const random = prng.random();
    var bytes: [600]u8 = undefined;
    var expected: [255 * 64]u8 = undefined;
    var actual: [255 * 64 + 1]u8 = undefined;
    inline for (.{ .sha256, .sha512 }, .{ std.crypto.kdf.hkdf.HkdfSha256, std.crypto.kdf.hkdf.HkdfSha512 }) |algorithm, Other| {
        for (0..60) |round| {
            random.bytes(&bytes);
            const ikm = bytes[0..random.uintAtMost(usize, 200)];
            const salt = bytes[200..][0..random.uintAtMost(usize, 200)];
            const info = bytes[400..][0..random.uintAtMost(usize, 200)];
            const most = 255 * Other.prk_length;
            const length = if (round == 0) most else random.uintAtMost(usize, 300);
            const std_prk = Other.extract(salt, ikm);
            Other.expand(expected[0..length], info, std_prk);
            var prk: hmac.Prepared = undefined;
            extract(algorithm, salt, ikm, &prk);
            try expand(&prk, info, actual[0..length]);
            try testing.expectEqualSlices(u8, expected[0..length], actual[0..length]);
            try testing.expectError(error.InvalidLength, expand(&prk, info, actual[0 .. most + 1]));
        }
    }
}
