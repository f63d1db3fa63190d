//! chunked.zig against a second decoder, written from the grammar: on whole bodies, on bodies cut at every byte, on
//! bodies with every byte replaced by every other, and on bodies mutated at random.

const std = @import("std");
const testing = std.testing;
const chunked = @import("chunked.zig");
const Decoder = chunked.Decoder;

const golden = [_][]const u8{
    "0\r\n\r\n",
    "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
    "00000000000000A\r\n0123\r\n6789\r\n000\r\nA: b\r\nExpires:\t\r\n\r\n",
    "3 ;a\r\nabc\r\n1;a=b;c=\"d\\\"\xe9;\" ; e\t= f\r\n\r\r\n0;last\r\nX-Checksum: caf\xe9\r\n\r\n",
};

const Reading = struct { consumed: usize, body: []const u8 };

/// RFC 9112 section 7.1 by recursive descent over a whole body; null is one that is refused or not whole.
const Reference = struct {
    bytes: []const u8,
    at: usize = 0,

    /// The body is put together in `buffer`, which is as long as `bytes`.
    fn read(bytes: []const u8, buffer: []u8) ?Reading {
        var cursor: Reference = .{ .bytes = bytes };
        return cursor.chunkedBody(buffer) catch null;
    }

    fn chunkedBody(cursor: *Reference, buffer: []u8) error{No}!Reading {
        var len: usize = 0;
        while (true) {
            const digits = try cursor.run(std.ascii.isHex, 1);
            if (digits.len > 16) return error.No;
            const size = std.fmt.parseInt(u53, digits, 16) catch return error.No;
            while (cursor.peek() != '\r') try cursor.extension();
            try cursor.crlf();
            if (size == 0) break;
            if (size > cursor.bytes.len - cursor.at) return error.No;
            @memcpy(buffer[len..][0..size], cursor.bytes[cursor.at..][0..size]);
            len += size;
            cursor.at += size;
            try cursor.crlf();
        }
        while (cursor.peek() != '\r') {
            _ = try cursor.run(isToken, 1);
            try cursor.take(':');
            _ = try cursor.run(isText, 0);
            try cursor.crlf();
        }
        try cursor.crlf();
        return .{ .consumed = cursor.at, .body = buffer[0..len] };
    }

    fn extension(cursor: *Reference) error{No}!void {
        try cursor.spaces();
        try cursor.take(';');
        try cursor.spaces();
        _ = try cursor.run(isToken, 1);
        const after_name = cursor.at;
        try cursor.spaces();
        if (cursor.peek() != '=') {
            cursor.at = after_name;
            return;
        }
        cursor.at += 1;
        try cursor.spaces();
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

    fn peek(cursor: *Reference) ?u8 {
        return if (cursor.at < cursor.bytes.len) cursor.bytes[cursor.at] else null;
    }

    fn take(cursor: *Reference, byte: u8) error{No}!void {
        if (cursor.peek() != byte) return error.No;
        cursor.at += 1;
    }

    fn crlf(cursor: *Reference) error{No}!void {
        try cursor.take('\r');
        try cursor.take('\n');
    }

    fn spaces(cursor: *Reference) error{No}!void {
        while (cursor.peek() == ' ' or cursor.peek() == '\t') cursor.at += 1;
    }

    fn run(cursor: *Reference, comptime belongs: fn (u8) bool, min: usize) error{No}![]const u8 {
        const start = cursor.at;
        while (cursor.peek()) |byte| : (cursor.at += 1) if (!belongs(byte)) break;
        return if (cursor.at - start < min) error.No else cursor.bytes[start..cursor.at];
    }

    fn isToken(byte: u8) bool {
        return switch (byte) {
            'a'...'z', 'A'...'Z', '0'...'9' => true,
            '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~' => true,
            else => false,
        };
    }

    fn isText(byte: u8) bool {
        return byte == 0x09 or (byte >= 0x20 and byte <= 0x7e) or byte >= 0x80;
    }
};

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

/// Both decoders agree on whether `input` begins with a chunked body, and on what it holds. `input` is
/// copied to the end of the page, so that a read beyond it is a read beyond the page.
fn expectAgreement(page: []u8, input: []const u8) !void {
    errdefer std.debug.print("input: {f}\n", .{std.ascii.hexEscape(input, .lower)});
    const exact = page[page.len - input.len ..];
    @memcpy(exact, input);
    var buffer: [4096]u8 = undefined;
    var expected_buffer: [4096]u8 = undefined;
    const actual = decodeInPieces(exact, &.{}, &buffer) catch null;
    const expected = Reference.read(exact, &expected_buffer);
    try testing.expectEqual(expected != null, actual != null);
    if (expected) |reading| {
        try testing.expectEqual(reading.consumed, actual.?.consumed);
        try testing.expectEqualStrings(reading.body, actual.?.body);
    }
}

/// The answer, its error included, is the same with the cuts as without.
fn expectSameInPieces(input: []const u8, cuts: []const usize) !void {
    errdefer std.debug.print("input: {f}\ncuts: {any}\n", .{ std.ascii.hexEscape(input, .lower), cuts });
    var buffer: [4096]u8 = undefined;
    var whole_buffer: [4096]u8 = undefined;
    const whole = decodeInPieces(input, &.{}, &whole_buffer) catch |whole_error| {
        return testing.expectError(whole_error, decodeInPieces(input, cuts, &buffer));
    };
    const actual = try decodeInPieces(input, cuts, &buffer);
    try testing.expectEqual(whole != null, actual != null);
    if (whole) |reading| {
        try testing.expectEqual(reading.consumed, actual.?.consumed);
        try testing.expectEqualStrings(reading.body, actual.?.body);
    }
}

test "every golden body is whole, and the reference agrees" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    for (golden) |input| {
        var buffer: [256]u8 = undefined;
        try testing.expect(Reference.read(input, &buffer) != null);
        try expectAgreement(page, input);
    }
}

test "a body cut at any byte, or into single bytes, reads as the whole does" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    for (golden) |input| {
        var every_byte: [256]usize = undefined;
        for (every_byte[0..input.len], 0..) |*cut, at| cut.* = at;
        try expectSameInPieces(input, every_byte[0..input.len]);
        for (0..input.len) |cut| {
            try expectSameInPieces(input, &.{cut});
            try expectAgreement(page, input[0..cut]);
        }
    }
}

test "a body with any byte replaced by any other is accepted exactly where the reference accepts it" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    var buffer: [256]u8 = undefined;
    for (golden) |input| {
        const bytes = buffer[0..input.len];
        @memcpy(bytes, input);
        for (input, 0..) |original, at| {
            defer bytes[at] = original;
            for (0..256) |value| {
                bytes[at] = @intCast(value);
                try expectAgreement(page, bytes);
            }
        }
    }
}

/// What a mutation is likely to trip over.
const splinters = [_][]const u8{
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

test "bodies mutated at random, whole and in random pieces, are accepted exactly where the reference accepts them" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    const seed = testing.random_seed;
    errdefer std.debug.print("seed: {d}\n", .{seed});
    var prng: std.Random.DefaultPrng = .init(seed);
    const random = prng.random();

    for (0..150_000) |_| {
        var buffer: [1024]u8 = undefined;
        var bytes: std.ArrayList(u8) = .initBuffer(&buffer);
        bytes.appendSliceAssumeCapacity(golden[random.uintLessThan(usize, golden.len)]);
        for (0..random.intRangeAtMost(usize, 1, 3)) |_| {
            const at = random.uintAtMost(usize, bytes.items.len);
            const len = random.uintAtMost(usize, @min(bytes.items.len - at, 8));
            const splinter = splinters[random.uintLessThan(usize, splinters.len)];
            switch (random.uintLessThan(u8, 3)) {
                0 => bytes.replaceRangeAssumeCapacity(at, 0, splinter),
                1 => bytes.replaceRangeAssumeCapacity(at, len, ""),
                else => bytes.replaceRangeAssumeCapacity(at, len, splinter),
            }
        }
        try expectAgreement(page, bytes.items);

        var cuts: [4]usize = undefined;
        for (&cuts) |*cut| cut.* = random.uintAtMost(usize, bytes.items.len);
        std.mem.sort(usize, &cuts, {}, std.sort.asc(usize));
        try expectSameInPieces(bytes.items, &cuts);
    }
}
