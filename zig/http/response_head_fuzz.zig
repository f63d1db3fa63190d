//! response_head.zig against a second parser, written from the grammar one byte at a time: on whole heads, on heads cut
//! at every byte, on heads with every byte replaced by every other, and on heads mutated at random; for every method.

const std = @import("std");
const testing = std.testing;
const response_head = @import("response_head.zig");
const Fields = @import("head_fields.zig").Fields;
const Framing = response_head.Framing;
const Method = response_head.Method;
const ResponseHead = response_head.ResponseHead;

/// Small enough that mutations meet them.
const limits: response_head.Limits = .{ .head_bytes = 600, .field_count = 18 };

const methods = [_]Method{ .head, .connect, @enumFromInt(2) };

const golden = [_][]const u8{
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404 Not Found\r\nConnection: Keep-Alive\r\nContent-Length: 12\r\n\r\nhello, world",
    "HTTP/1.1 304\r\nETag: \"a\"\r\nContent-Length: 5, 05\r\ncontent-length:5\r\n\r\n",
    "HTTP/1.1 204 \r\nKeep-Alive: timeout=5, max=10\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00",
    "HTTP/1.1 200 caf\xe9\r\nTransfer-Encoding: Chunked\r\nX-Folded: a\r\n b\r\n\t\r\n  c\t\r\nX-Empty: \t \r\n\r\n0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Apache/2.4.1 (Unix)\r\n" ++
        "Location: https://example.org/\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n" ++
        "Content-Type: text/html; charset=iso-8859-1\r\nContent-Length: 0\r\n\r\n",
};

/// What a head says, in the reference's words and in the parser's.
const Reading = struct {
    consumed: usize,
    status: u32,
    reason: []const u8,
    /// A value is what lies between the white space at its ends; a fold in it is three spaces or tabs or more.
    fields: [limits.field_count][2][]const u8 = undefined,
    field_count: usize = 0,
    framing: Framing = .close,
    content_length: ?u64 = null,
};

/// RFC 9112 as a chain of demands on single bytes; null is a head that is refused or not whole.
const Reference = struct {
    bytes: []const u8,
    at: usize = 0,

    fn read(bytes: []const u8, method: Method) ?Reading {
        var cursor: Reference = .{ .bytes = bytes };
        return cursor.head(method) catch null;
    }

    fn head(cursor: *Reference, method: Method) error{No}!Reading {
        try cursor.literal("HTTP/1.");
        const minor = try cursor.run(isDigit, 1);
        if (minor.len != 1) return error.No;
        try cursor.literal(" ");
        const digits = try cursor.run(isDigit, 3);
        if (digits.len != 3 or digits[0] == '0') return error.No;
        const status = std.fmt.parseInt(u32, digits, 10) catch unreachable;
        if (cursor.peek() != '\r') try cursor.literal(" ");
        var reading: Reading = .{ .consumed = 0, .status = status, .reason = try cursor.run(isText, 0) };
        try cursor.literal("\r\n");

        var chunked = false;
        while (cursor.peek() != '\r') {
            const name = try cursor.run(isToken, 1);
            try cursor.literal(":");
            const value = trim(try cursor.foldedValue());
            if (reading.field_count == limits.field_count) return error.No;
            reading.fields[reading.field_count] = .{ name, value };
            reading.field_count += 1;

            var buffer: [64]u8 = undefined;
            if (name.len > buffer.len) continue;
            const lower = std.ascii.lowerString(&buffer, name);
            if (std.mem.eql(u8, lower, "content-length")) {
                var members = std.mem.splitScalar(u8, value, ',');
                while (members.next()) |member| {
                    const number = trim(member);
                    for (number) |byte| if (!isDigit(byte)) return error.No;
                    const length = std.fmt.parseInt(u53, number, 10) catch return error.No;
                    if (length != reading.content_length orelse length) return error.No;
                    reading.content_length = length;
                }
            } else if (std.mem.eql(u8, lower, "transfer-encoding")) {
                if (chunked or minor[0] == '0' or !std.ascii.eqlIgnoreCase(value, "chunked")) return error.No;
                chunked = true;
            }
        }
        try cursor.literal("\r\n");
        if (cursor.at > limits.head_bytes) return error.No;
        if (chunked and reading.content_length != null) return error.No;
        if (status < 200 and (chunked or reading.content_length orelse 0 > 0)) return error.No;
        reading.framing = switch (status) {
            101 => .tunnel,
            100, 102...199 => .none,
            else => switch (method) {
                .connect => if (status < 300) .tunnel else content(status, chunked, reading.content_length),
                .head => .none,
                else => content(status, chunked, reading.content_length),
            },
        };
        reading.consumed = cursor.at;
        return reading;
    }

    fn content(status: u32, chunked: bool, content_length: ?u64) Framing {
        if (status == 204 or status == 304) return .none;
        return if (chunked) .chunked else if (content_length != null) .length else .close;
    }

    /// Text, over line ends before white space; its CRLF is taken too.
    fn foldedValue(cursor: *Reference) error{No}![]const u8 {
        const start = cursor.at;
        while (true) {
            _ = try cursor.run(isText, 0);
            const end = cursor.at;
            try cursor.literal("\r\n");
            const next = cursor.peek() orelse return error.No;
            if (next != ' ' and next != '\t') return cursor.bytes[start..end];
        }
    }

    fn trim(text: []const u8) []const u8 {
        return std.mem.trim(u8, text, " \t\r\n");
    }

    fn peek(cursor: *Reference) ?u8 {
        return if (cursor.at < cursor.bytes.len) cursor.bytes[cursor.at] else null;
    }

    fn literal(cursor: *Reference, text: []const u8) error{No}!void {
        for (text) |byte| {
            if (cursor.peek() != byte) return error.No;
            cursor.at += 1;
        }
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

    fn isDigit(byte: u8) bool {
        return byte >= '0' and byte <= '9';
    }
};

/// The parser's answer to an input that arrives in pieces, the cuts at ascending offsets.
fn parseInPieces(
    input: []u8,
    cuts: []const usize,
    response: *ResponseHead,
    method: Method,
) response_head.Error!?u32 {
    response.* = .{};
    for (cuts) |cut| {
        if (try response_head.parse(input[0..cut], response, method, limits)) |consumed| return consumed;
    }
    return response_head.parse(input, response, method, limits);
}

/// Both parsers agree on whether `input` begins with a head, and on what it says. `input` is copied to the end
/// of the page, so that a read beyond it is a read beyond the page.
fn expectAgreement(page: []u8, input: []const u8, method: Method) !void {
    errdefer std.debug.print("method: {any}, input: {f}\n", .{ method, std.ascii.hexEscape(input, .lower) });
    const exact = page[page.len - input.len ..];
    @memcpy(exact, input);

    var response: ResponseHead = undefined;
    const consumed = parseInPieces(exact, &.{}, &response, method) catch null;
    const reading = Reference.read(input, method) orelse return testing.expectEqual(null, consumed);
    try testing.expectEqual(@as(?u32, @intCast(reading.consumed)), consumed);
    try testing.expectEqual(reading.status, response.status);
    try testing.expectEqualStrings(reading.reason, response.reason.in(exact));
    try testing.expectEqual(reading.framing, response.framing);
    try testing.expectEqual(reading.content_length != null, response.head.flags.has_content_length);
    try testing.expectEqual(reading.content_length orelse 0, response.head.content_length);
    try testing.expectEqual(reading.field_count, response.head.field_count);
    var fields: Fields = .of(exact[0..reading.consumed], response.head);
    for (reading.fields[0..reading.field_count]) |pair| {
        const name, const value = fields.next().?;
        try testing.expect(std.ascii.eqlIgnoreCase(pair[0], name));
        for (name) |byte| try testing.expect(!std.ascii.isUpper(byte));
        try testing.expectEqual(pair[1].len, value.len);
        for (pair[1], value) |was, now| {
            try testing.expectEqual(if (was == '\r' or was == '\n') ' ' else was, now);
        }
    }
    try testing.expectEqual(null, fields.next());
}

/// The answer, its error and the text included, is the same with the cuts as without.
fn expectSameInPieces(input: []const u8, cuts: []const usize, method: Method) !void {
    errdefer std.debug.print("input: {f}\ncuts: {any}\n", .{ std.ascii.hexEscape(input, .lower), cuts });
    var whole_buffer: [4096]u8 = undefined;
    var buffer: [4096]u8 = undefined;
    const whole_text = whole_buffer[0..input.len];
    const text = buffer[0..input.len];
    @memcpy(whole_text, input);
    @memcpy(text, input);
    var whole: ResponseHead = undefined;
    var response: ResponseHead = undefined;
    const expected = parseInPieces(whole_text, &.{}, &whole, method);
    const actual = parseInPieces(text, cuts, &response, method);
    try testing.expectEqual(expected, actual);
    if (actual) |_| {
        try testing.expectEqual(whole, response);
        try testing.expectEqualSlices(u8, whole_text, text);
    } else |_| {}
}

test "every golden head is whole, and the reference agrees" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    for (golden) |input| {
        for (methods) |method| {
            try testing.expect(Reference.read(input, method) != null);
            try expectAgreement(page, input, method);
        }
    }
}

test "a head cut at any byte, or into single bytes, reads as the whole does, and is not whole before its end" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    for (golden) |input| {
        for (methods) |method| {
            const end = Reference.read(input, method).?.consumed;
            var every_byte: [1024]usize = undefined;
            for (every_byte[0..input.len], 0..) |*cut, at| cut.* = at;
            try expectSameInPieces(input, every_byte[0..input.len], method);
            for (0..input.len) |cut| {
                try expectSameInPieces(input, &.{cut}, method);
                var response: ResponseHead = undefined;
                var text: [1024]u8 = undefined;
                @memcpy(text[0..cut], input[0..cut]);
                const consumed = try parseInPieces(text[0..cut], &.{}, &response, method);
                try testing.expectEqual(cut >= end, consumed != null);
                try expectAgreement(page, input[0..cut], method);
            }
        }
    }
}

test "a head with any byte replaced by any other is accepted exactly where the reference accepts it" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    var buffer: [1024]u8 = undefined;
    for (golden) |input| {
        const bytes = buffer[0..input.len];
        @memcpy(bytes, input);
        for (input, 0..) |original, at| {
            defer bytes[at] = original;
            for (0..256) |value| {
                bytes[at] = @intCast(value);
                try expectAgreement(page, bytes, methods[(at + value) % methods.len]);
            }
        }
    }
}

/// What a mutation is likely to trip over.
const splinters = [_][]const u8{
    "\r\n",
    "\r",
    "\n",
    "\r\n\r\n",
    "\r\n ",
    "\r\n\t",
    " ",
    ":",
    ",",
    "0",
    "5",
    "\x00",
    "\xff",
    "a" ** 40,
    "HTTP/1.0",
    "HTTP/1.1 204 ",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "9007199254740993",
    "A: b\r\n" ** 12,
};

test "heads mutated at random, whole and in random pieces, are accepted exactly where the reference accepts them" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    const seed = testing.random_seed;
    errdefer std.debug.print("seed: {d}\n", .{seed});
    var prng: std.Random.DefaultPrng = .init(seed);
    const random = prng.random();

    for (0..150_000) |_| {
        var buffer: [4096]u8 = undefined;
        var bytes: std.ArrayList(u8) = .initBuffer(&buffer);
        bytes.appendSliceAssumeCapacity(golden[random.uintLessThan(usize, golden.len)]);
        for (0..random.intRangeAtMost(usize, 1, 4)) |_| {
            const at = random.uintAtMost(usize, bytes.items.len);
            const len = random.uintAtMost(usize, @min(bytes.items.len - at, 20));
            const splinter = splinters[random.uintLessThan(usize, splinters.len)];
            switch (random.uintLessThan(u8, 3)) {
                0 => bytes.replaceRangeAssumeCapacity(at, 0, splinter),
                1 => bytes.replaceRangeAssumeCapacity(at, len, ""),
                else => bytes.replaceRangeAssumeCapacity(at, len, splinter),
            }
        }
        const method = methods[random.uintLessThan(usize, methods.len)];
        try expectAgreement(page, bytes.items, method);

        var cuts: [4]usize = undefined;
        for (&cuts) |*cut| cut.* = random.uintAtMost(usize, bytes.items.len);
        std.mem.sort(usize, &cuts, {}, std.sort.asc(usize));
        try expectSameInPieces(bytes.items, &cuts, method);
    }
}
