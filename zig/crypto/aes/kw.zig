//! AES Key Wrap: RFC 3394 (September 2002), sections 2.2.1 and 2.2.2 in their indexing form, with the default initial
//! value of section 2.2.3.1. Six steps for each eight bytes, as many at a time as the caller likes.
//!
//! The data are the register A, eight bytes, and behind it the registers R[1] to R[n], eight bytes each, n from 2 on:
//! the wrapped key has this order, and a key to be wrapped is put behind room for A.
//!
//! Constant time in the wrapping key and in what is wrapped; lengths are public, and so is whether what was unwrapped had
//! been wrapped with this key.

const std = @import("std");
const cipher = @import("cipher.zig");
const ct = @import("../ct.zig");
const decipher = @import("decipher.zig");
const key_module = @import("key.zig");
const vector = @import("vector.zig");

const LengthError = key_module.LengthError;
const Prepared = key_module.Prepared;
const StateError = key_module.StateError;

/// What was unwrapped is not what was wrapped with this key.
pub const UnwrapError = error{AuthenticationFailed};

pub const register_bytes = 8;
const initial_value: [register_bytes]u8 = @splat(0xa6);

/// How many steps there are for data of so many bytes: 6n.
pub fn steps(data_bytes: usize) LengthError!u32 {
    if (data_bytes % register_bytes != 0 or data_bytes < 3 * register_bytes) return error.InvalidLength;
    return std.math.cast(u32, 6 * (data_bytes / register_bytes - 1)) orelse error.InvalidLength;
}

/// The first and the last of some steps. Of wrapping, 1 is the first of all, of unwrapping the last.
pub const Steps = struct { from: u32, to: u32 };

/// Section 2.2.1, step 2, for t from `from` to `to`; before the first of all, A is set.
pub fn wrap(prepared: *const Prepared, data: []u8, range: Steps) (StateError || LengthError)!void {
    const schedule = try prepared.scheduleOf();
    const last = try steps(data.len);
    if (range.from < 1 or range.to > last) return error.InvalidLength;
    const registers: [][register_bytes]u8 = @ptrCast(data);
    if (range.from == 1) registers[0] = initial_value;
    const n = registers.len - 1;
    var i = (range.from - 1) % n + 1;
    var t = range.from;
    while (t <= range.to) : (t += 1) {
        const block = cipher.encryptBlock(schedule, joined(registers[0], registers[i]));
        registers[0], registers[i] = parted(block);
        addStep(&registers[0], t);
        i = if (i == n) 1 else i + 1;
    }
}

/// Section 2.2.2, step 2, for t from `from` down to `to`; after the last of all, A is compared.
pub fn unwrap(prepared: *const Prepared, data: []u8, range: Steps) (StateError || LengthError || UnwrapError)!void {
    const schedule = try prepared.scheduleOf();
    const first = try steps(data.len);
    if (range.from > first or range.to < 1) return error.InvalidLength;
    const registers: [][register_bytes]u8 = @ptrCast(data);
    const n = registers.len - 1;
    var t = range.from;
    if (t < range.to) return;
    var i = (t - 1) % n + 1;
    while (t >= range.to) : (t -= 1) {
        addStep(&registers[0], t);
        const block = decipher.decryptBlock(schedule, joined(registers[0], registers[i]));
        registers[0], registers[i] = parted(block);
        i = if (i == 1) n else i - 1;
    }
    if (range.to > 1) return;
    if (!ct.declassified(ct.equal(&registers[0], &initial_value))) return error.AuthenticationFailed;
}

inline fn joined(a: [register_bytes]u8, r: [register_bytes]u8) vector.Block {
    return a ++ r;
}

inline fn parted(block: vector.Block) [2][register_bytes]u8 {
    return @bitCast(block);
}

/// A = A xor t, where t is a number of 64 bits.
inline fn addStep(a: *[register_bytes]u8, t: u32) void {
    const sum = std.mem.readInt(u64, a, .big) ^ t;
    std.mem.writeInt(u64, a, sum, .big);
}

const testing = std.testing;

fn unhex(comptime hex: []const u8) [hex.len / 2]u8 {
    var bytes: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, hex) catch unreachable;
    return bytes;
}

test "RFC 3394, section 4: all six examples, in one piece and in pieces of a step" {
    const key = unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    const plaintext = unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    inline for (.{
        .{ 16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5" },
        .{ 24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d" },
        .{ 32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7" },
        .{ 24, 24, "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2" },
        .{ 32, 24, "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1" },
        .{ 32, 32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
    }) |example| {
        const key_bytes, const text_bytes, const wrapped_hex = example;
        const expected = unhex(wrapped_hex);
        var prepared: Prepared = undefined;
        try key_module.prepare(key[0..key_bytes], &prepared);
        const last = try steps(expected.len);
        for ([_]u32{ 1, 2, 7, last }) |piece| {
            var data: [expected.len]u8 = undefined;
            @memcpy(data[register_bytes..], plaintext[0..text_bytes]);
            var t: u32 = 1;
            while (t <= last) : (t += piece) try wrap(&prepared, &data, .{ .from = t, .to = @min(last, t + piece - 1) });
            try testing.expectEqual(expected, data);
            t = last;
            while (t > 0) : (t -|= piece) try unwrap(&prepared, &data, .{ .from = t, .to = (t -| piece) + 1 });
            try testing.expectEqualSlices(u8, plaintext[0..text_bytes], data[register_bytes..]);
        }
    }
}

test "each flipped bit is found" {
    var prepared: Prepared = undefined;
    try key_module.prepare("0123456789abcdefghijklmn", &prepared);
    var wrapped: [40]u8 = @splat('k');
    try wrap(&prepared, &wrapped, .{ .from = 1, .to = 24 });
    for (0..8 * wrapped.len) |bit| {
        var data = wrapped;
        data[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        try testing.expectError(error.AuthenticationFailed, unwrap(&prepared, &data, .{ .from = 24, .to = 1 }));
    }
    try unwrap(&prepared, &wrapped, .{ .from = 24, .to = 1 });
    try testing.expect(std.mem.allEqual(u8, wrapped[8..], 'k'));
}

test "lengths that are not wrapped, steps that there are not, and keys that are none, are refused" {
    var prepared: Prepared = undefined;
    try key_module.prepare("0123456789abcdef", &prepared);
    var data: [64]u8 = @splat(0);
    for (0..data.len + 1) |length| {
        const part = data[0..length];
        if (length >= 24 and length % 8 == 0) {
            const last: u32 = @intCast(6 * (length / 8 - 1));
            try testing.expectEqual(last, try steps(length));
            for ([_]Steps{ .{ .from = 0, .to = 1 }, .{ .from = 1, .to = last + 1 } }) |range| {
                try testing.expectError(error.InvalidLength, wrap(&prepared, part, range));
                const back: Steps = .{ .from = range.to, .to = range.from };
                try testing.expectError(error.InvalidLength, unwrap(&prepared, part, back));
            }
            // None at all.
            try wrap(&prepared, part, .{ .from = 2, .to = 1 });
            try unwrap(&prepared, part, .{ .from = 1, .to = 2 });
            try testing.expect(std.mem.allEqual(u8, part, 0));
        } else {
            try testing.expectError(error.InvalidLength, steps(length));
            try testing.expectError(error.InvalidLength, wrap(&prepared, part, .{ .from = 1, .to = 1 }));
            try testing.expectError(error.InvalidLength, unwrap(&prepared, part, .{ .from = 1, .to = 1 }));
        }
    }
    @memset(std.mem.asBytes(&prepared), 0xa5);
    try testing.expectError(error.InvalidState, wrap(&prepared, data[0..24], .{ .from = 1, .to = 1 }));
    try testing.expectError(error.InvalidState, unwrap(&prepared, data[0..24], .{ .from = 1, .to = 1 }));
}
