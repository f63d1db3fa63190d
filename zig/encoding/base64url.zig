//! Base 64 with URL and filename safe alphabet, without padding: RFC 4648 section 5, as JSON Web Keys use it (RFC 7515
//! section 2). Strict: nothing but the alphabet, no length that encodes no bytes, and no stray bits at the end (RFC 4648
//! section 3.5), so that bytes have one text.
//!
//! Constant time in what is encoded, keys for the most part: characters are computed, never looked up, sixteen at a
//! time, and what is wrong is asked once, at the end. Lengths are public.

const std = @import("std");

pub const Error = error{
    /// Text that encodes no bytes.
    InvalidBase64url,
};

/// Sixteen characters, or the values of 0 to 63 that they stand for.
const Block = @Vector(16, u8);
/// The same in groups of four: 24 bits that three bytes make up.
const Groups = @Vector(4, u32);

/// Writes what the text stands for: `decodedBytes` of them, or, for what is no base64url, anything.
pub fn decode(text: []const u8, bytes: []u8) Error!void {
    if (text.len % 4 == 1) return error.InvalidBase64url;
    var wrong = splat(0);
    var at: usize = 0;
    var end: usize = 0;
    while (at < text.len) : ({
        at += 16;
        end += 12;
    }) {
        // An A is zeros: those that it adds at the end are beyond the bytes, and nothing else may be there.
        const block = bytesOf(load(text[at..], 'A'), &wrong);
        const room = bytes[end..];
        wrong |= @select(u8, std.simd.iota(u8, 16) < @as(Block, @splat(@min(16, room.len))), splat(0), block);
        store(block, room);
    }
    if (@reduce(.Or, wrong) != 0) return error.InvalidBase64url;
}

/// Writes the text of the bytes: `encodedBytes` of characters.
pub fn encode(bytes: []const u8, text: []u8) void {
    var at: usize = 0;
    var end: usize = 0;
    while (at < bytes.len) : ({
        at += 12;
        end += 16;
    }) store(charactersOf(load(bytes[at..], 0)), text[end..]);
}

pub fn decodedBytes(text_len: usize) usize {
    return text_len / 4 * 3 + text_len % 4 * 3 / 4;
}

pub fn encodedBytes(len: usize) usize {
    return len / 3 * 4 + (len % 3 * 4 + 2) / 3;
}

/// The first sixteen bytes; fewer are filled up.
inline fn load(bytes: []const u8, comptime filler: u8) Block {
    return if (bytes.len >= 16) bytes[0..16].* else loadLast(bytes, filler);
}

noinline fn loadLast(bytes: []const u8, filler: u8) Block {
    var block: [16]u8 = @splat(filler);
    defer std.crypto.secureZero(u8, &block);
    @memcpy(block[0..bytes.len], bytes);
    return block;
}

/// Writes sixteen bytes, or as many as there is room for.
inline fn store(block: Block, room: []u8) void {
    if (room.len >= 16) room[0..16].* = block else storeLast(block, room);
}

noinline fn storeLast(block: Block, room: []u8) void {
    var bytes: [16]u8 = block;
    defer std.crypto.secureZero(u8, &bytes);
    @memcpy(room, bytes[0..room.len]);
}

/// Twelve bytes, and four zeros. Whatever is not in the alphabet sets bits in `wrong`.
inline fn bytesOf(characters: Block, wrong: *Block) Block {
    const upper = within(characters, 'A', 'Z');
    const lower = within(characters, 'a', 'z');
    const digit = within(characters, '0', '9');
    const dash = within(characters, '-', '-');
    const underscore = within(characters, '_', '_');
    const values = (upper & (characters -% splat('A'))) | (lower & (characters -% splat('a' - 26))) |
        (digit & (characters +% splat(52 - '0'))) | (dash & splat(62)) | (underscore & splat(63));
    wrong.* |= ~(upper | lower | digit | dash | underscore);
    // Little-endian, so the first value is lowest, and of the number of 24 bits the last byte.
    const groups: Groups = @bitCast(values);
    const numbers = (groups << @splat(18)) | ((groups << @splat(4)) & bits(0x3f000)) |
        ((groups >> @splat(10)) & bits(0xfc0)) | (groups >> @splat(24));
    const big_endian = [16]i32{ 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1 };
    return @shuffle(u8, @as(Block, @bitCast(numbers)), splat(0), big_endian);
}

/// Sixteen characters for the first twelve bytes.
inline fn charactersOf(bytes: Block) Block {
    const big_endian = [16]i32{ 2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1 };
    const numbers: Groups = @bitCast(@shuffle(u8, bytes, splat(0), big_endian));
    const values: Block = @bitCast((numbers >> @splat(18)) | ((numbers >> @splat(4)) & bits(0x3f00)) |
        ((numbers << @splat(10)) & bits(0x3f0000)) | ((numbers << @splat(24)) & bits(0x3f000000)));
    // From A on, and further on where a new range has begun.
    return values +% splat('A') +% (within(values, 26, 63) & splat('a' - 'Z' - 1)) -%
        (within(values, 52, 63) & splat('z' + 1 - '0')) -%
        (within(values, 62, 63) & splat('9' + 1 - '-')) +% (within(values, 63, 63) & splat('_' - '-' - 1));
}

/// All ones where a byte is from `first` to `last`.
inline fn within(block: Block, comptime first: u8, comptime last: u8) Block {
    return @select(u8, block -% splat(first) <= splat(last - first), splat(0xff), splat(0));
}

inline fn splat(comptime byte: u8) Block {
    return @splat(byte);
}

inline fn bits(comptime mask: u32) Groups {
    return @splat(mask);
}

const testing = std.testing;
const reference = std.base64.url_safe_no_pad;

test "bytes of every length go to the text that std makes of them, and back" {
    var bytes: [200]u8 = undefined;
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    errdefer std.debug.print("seed: {d}\n", .{testing.random_seed});
    prng.random().bytes(&bytes);
    for (0..bytes.len + 1) |len| {
        var expected: [300]u8 = undefined;
        const text = reference.Encoder.encode(&expected, bytes[0..len]);
        var room: [300]u8 = @splat(0xa5);
        encode(bytes[0..len], room[0..encodedBytes(len)]);
        try testing.expectEqualStrings(text, room[0..encodedBytes(len)]);
        try testing.expect(std.mem.allEqual(u8, room[encodedBytes(len)..], 0xa5));
        try testing.expectEqual(len, decodedBytes(text.len));
        var decoded: [200]u8 = @splat(0xa5);
        try decode(text, decoded[0..len]);
        try testing.expectEqualSlices(u8, bytes[0..len], decoded[0..len]);
        try testing.expect(std.mem.allEqual(u8, decoded[len..], 0xa5));
    }
}

test "every character at every place, and every end, is taken exactly where it may be" {
    var text: [40]u8 = undefined;
    for (0..text.len + 1) |len| {
        for (0..len) |at| for (0..256) |character| {
            @memset(&text, 'A');
            text[at] = @intCast(character);
            var room: [30]u8 = undefined;
            var decoded: [30]u8 = undefined;
            const bytes = decoded[0..decodedBytes(len)];
            if (decodeByReference(text[0..len], &room)) |expected| {
                try decode(text[0..len], bytes);
                try testing.expectEqualSlices(u8, expected, bytes);
            } else |_| {
                try testing.expectError(error.InvalidBase64url, decode(text[0..len], bytes));
            }
        };
    }
}

fn decodeByReference(text: []const u8, room: []u8) ![]u8 {
    const bytes = room[0..try reference.Decoder.calcSizeForSlice(text)];
    try reference.Decoder.decode(bytes, text);
    return bytes;
}
