//! chunked.zig against a second decoder, written from the grammar one byte at a time: see fuzz.zig.

const std = @import("std");
const testing = std.testing;
const chunked = @import("chunked.zig");
const fuzzing = @import("fuzz.zig");
const Cursor = fuzzing.Cursor;
const Decoder = chunked.Decoder;
const isText = fuzzing.isText;
const isToken = fuzzing.isToken;

const Reading = struct { consumed: usize, body: []const u8 };

/// RFC 9112 section 7.1 by recursive descent. The body is put together in `buffer`.
fn readBody(cursor: *Cursor, buffer: []u8) error{No}!Reading {
    var len: usize = 0;
    while (true) {
        const digits = try cursor.run(std.ascii.isHex, 1);
        if (digits.len > 16) return error.No;
        const size = std.fmt.parseInt(u53, digits, 16) catch return error.No;
        while (cursor.peek() != '\r') try extension(cursor);
        try cursor.literal("\r\n");
        if (size == 0) break;
        if (size > cursor.bytes.len - cursor.at) return error.No;
        @memcpy(buffer[len..][0..size], cursor.bytes[cursor.at..][0..size]);
        len += size;
        cursor.at += size;
        try cursor.literal("\r\n");
    }
    while (cursor.peek() != '\r') {
        _ = try cursor.run(isToken, 1);
        try cursor.literal(":");
        _ = try cursor.run(isText, 0);
        try cursor.literal("\r\n");
    }
    try cursor.literal("\r\n");
    return .{ .consumed = cursor.at, .body = buffer[0..len] };
}

fn extension(cursor: *Cursor) error{No}!void {
    spaces(cursor);
    try cursor.literal(";");
    spaces(cursor);
    _ = try cursor.run(isToken, 1);
    const after_name = cursor.at;
    spaces(cursor);
    if (cursor.peek() != '=') {
        cursor.at = after_name;
        return;
    }
    cursor.at += 1;
    spaces(cursor);
    if (cursor.peek() != '"') {
        _ = try cursor.run(isToken, 1);
        return;
    }
    cursor.at += 1;
    while (cursor.peek() != '"') {
        if (cursor.peek() == '\\') cursor.at += 1;
        if (!isText(cursor.peek() orelse return error.No)) return error.No;
        cursor.at += 1;
    }
    cursor.at += 1;
}

fn spaces(cursor: *Cursor) void {
    while (cursor.peek() == ' ' or cursor.peek() == '\t') cursor.at += 1;
}

/// Null for what is refused or not whole.
fn read(input: []const u8, buffer: []u8) ?Reading {
    var cursor: Cursor = .{ .bytes = input };
    return readBody(&cursor, buffer) catch null;
}

/// Decodes an input that arrives in pieces, the cuts at ascending offsets, and puts the body together in `buffer`.
fn decodeInPieces(input: []const u8, cuts: []const usize, buffer: []u8) chunked.Error!?Reading {
    var decoder: Decoder = .init(.{});
    // One segment a time, and a few bytes of a piece, so that full lists and data left out are met as well.
    var segments: [1]chunked.Segment = undefined;
    const shown_max = 3;
    var at: usize = 0;
    var len: usize = 0;
    for (0..cuts.len + 1) |index| {
        const end = if (index < cuts.len) cuts[index] else input.len;
        while (at < end and decoder.done == 0) {
            const piece = input[at..end];
            const count = try decoder.feed(piece[0..@min(piece.len, shown_max)], @intCast(piece.len), &segments);
            for (segments[0..count]) |segment| {
                @memcpy(buffer[len..][0..segment.len], piece[segment.offset..][0..segment.len]);
                len += segment.len;
            }
            at += decoder.consumed;
        }
    }
    return if (decoder.done == 1) .{ .consumed = at, .body = buffer[0..len] } else null;
}

const Subject = struct {
    pub const golden = [_][]const u8{
        "0\r\n\r\n",
        "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
        "00000000000000A\r\n0123\r\n6789\r\n000\r\nA: b\r\nExpires:\t\r\n\r\n",
        "3 ;a\r\nabc\r\n1;a=b;c=\"d\\\"\xe9;\" ; e\t= f\r\n\r\r\n0;last\r\nX-Checksum: caf\xe9\r\n\r\n",
    };

    pub const splinters = [_][]const u8{
        "\r\n",
        "\r",
        "\n",
        ";",
        ";a",
        ";a=\"b\"",
        "=",
        "\"",
        "\\",
        " ",
        "\t",
        ":",
        "0",
        "f",
        "\x00",
        "\xff",
        "A: b\r\n",
        "0\r\n",
        "1\r\na\r\n",
        "0000000000000000",
        "1fffffffffffff",
    };

    pub const variants = 1;

    pub fn consumed(input: []const u8, _: usize) ?usize {
        var buffer: [1024]u8 = undefined;
        return if (read(input, &buffer)) |reading| reading.consumed else null;
    }

    const Parsed = struct { consumed: usize, body_bytes: usize, body_hash: u64 };

    pub fn parse(input: []u8, cuts: []const usize, _: usize) chunked.Error!?Parsed {
        var buffer: [1024]u8 = undefined;
        const reading = try decodeInPieces(input, cuts, &buffer) orelse return null;
        return .{
            .consumed = reading.consumed,
            .body_bytes = reading.body.len,
            .body_hash = std.hash.Wyhash.hash(0, reading.body),
        };
    }

    pub fn agree(input: []const u8, text: []u8, _: usize) !void {
        var buffer: [1024]u8 = undefined;
        var expected_buffer: [1024]u8 = undefined;
        const actual = decodeInPieces(text, &.{}, &buffer) catch null;
        const expected = read(input, &expected_buffer) orelse return testing.expectEqual(null, actual);
        try testing.expect(actual != null);
        try testing.expectEqual(expected.consumed, actual.?.consumed);
        try testing.expectEqualStrings(expected.body, actual.?.body);
    }
};

const fuzz = fuzzing.Fuzz(Subject);

test "every golden body is whole, and the reference agrees" {
    try fuzz.whole();
}

test "a body cut at any byte, or into single bytes, reads as the whole does, and is not whole before its end" {
    try fuzz.cut();
}

test "a body with any byte replaced by any other is accepted exactly where the reference accepts it" {
    try fuzz.replaced();
}

test "bodies mutated at random, whole and in random pieces, are accepted exactly where the reference accepts them" {
    try fuzz.mutated();
}
