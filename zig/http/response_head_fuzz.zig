//! response_head.zig against a second parser, written from the grammar one byte at a time, for every kind of method: see
//! fuzz.zig.

const std = @import("std");
const testing = std.testing;
const fuzzing = @import("fuzz.zig");
const response_head = @import("response_head.zig");
const Cursor = fuzzing.Cursor;
const Fields = @import("head_fields.zig").Fields;
const Framing = response_head.Framing;
const Method = response_head.Method;
const ResponseHead = response_head.ResponseHead;
const isDigit = fuzzing.isDigit;
const isText = fuzzing.isText;
const isToken = fuzzing.isToken;

/// Small enough that mutations meet them.
const limits: response_head.Limits = .{ .head_bytes = 600, .field_count = 18 };

const methods = [_]Method{ .head, .connect, @enumFromInt(2) };

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

/// RFC 9112 as a chain of demands on single bytes.
fn readHead(cursor: *Cursor, method: Method, reading: *Reading) error{No}!void {
    try cursor.literal("HTTP/1.");
    const minor = try cursor.run(isDigit, 1);
    if (minor.len != 1) return error.No;
    try cursor.literal(" ");
    const digits = try cursor.run(isDigit, 3);
    if (digits.len != 3 or digits[0] == '0') return error.No;
    const status = std.fmt.parseInt(u32, digits, 10) catch unreachable;
    if (cursor.peek() != '\r') try cursor.literal(" ");
    reading.* = .{ .consumed = 0, .status = status, .reason = try cursor.run(isText, 0) };
    try cursor.literal("\r\n");

    var chunked = false;
    while (cursor.peek() != '\r') {
        const name = try cursor.run(isToken, 1);
        try cursor.literal(":");
        const value = trim(try foldedValue(cursor));
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
}

fn content(status: u32, chunked: bool, content_length: ?u64) Framing {
    if (status == 204 or status == 304) return .none;
    return if (chunked) .chunked else if (content_length != null) .length else .close;
}

/// Text, over line ends before white space; its CRLF is taken too.
fn foldedValue(cursor: *Cursor) error{No}![]const u8 {
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

/// False for what is refused or not whole.
fn read(input: []const u8, method: Method, reading: *Reading) bool {
    var cursor: Cursor = .{ .bytes = input };
    readHead(&cursor, method, reading) catch return false;
    return true;
}

const Subject = struct {
    pub const golden = [_][]const u8{
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404 Not Found\r\nConnection: Keep-Alive\r\nContent-Length: 12\r\n\r\nhello, world",
        "HTTP/1.1 304\r\nETag: \"a\"\r\nContent-Length: 5, 05\r\ncontent-length:5\r\n\r\n",
        "HTTP/1.1 204 \r\nKeep-Alive: timeout=5, max=10\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00",
        "HTTP/1.1 200 caf\xe9\r\nTransfer-Encoding: Chunked\r\n" ++
            "X-Folded: a\r\n b\r\n\t\r\n  c\t\r\nX-Empty: \t \r\n\r\n0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Apache/2.4.1 (Unix)\r\n" ++
            "Location: https://example.org/\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n" ++
            "Content-Type: text/html; charset=iso-8859-1\r\nContent-Length: 0\r\n\r\n",
    };

    pub const splinters = [_][]const u8{
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

    pub const variants = methods.len;

    pub fn consumed(input: []const u8, variant: usize) ?usize {
        var reading: Reading = undefined;
        return if (read(input, methods[variant], &reading)) reading.consumed else null;
    }

    const Parsed = struct { consumed: u32, response: ResponseHead };

    pub fn parse(input: []u8, cuts: []const usize, variant: usize) response_head.Error!?Parsed {
        var response: ResponseHead = .{};
        for (cuts) |cut| {
            if (try response_head.parse(input[0..cut], &response, methods[variant], limits)) |length| {
                return .{ .consumed = length, .response = response };
            }
        }
        const length = try response_head.parse(input, &response, methods[variant], limits) orelse return null;
        return .{ .consumed = length, .response = response };
    }

    pub fn agree(input: []const u8, text: []u8, variant: usize) !void {
        const parsed = parse(text, &.{}, variant) catch null;
        var reading: Reading = undefined;
        if (!read(input, methods[variant], &reading)) return testing.expectEqual(null, parsed);
        try testing.expect(parsed != null);
        const response = parsed.?.response;
        try testing.expectEqual(reading.consumed, parsed.?.consumed);
        try testing.expectEqual(reading.status, response.status);
        try testing.expectEqualStrings(reading.reason, response.reason.in(text));
        try testing.expectEqual(reading.framing, response.framing);
        try testing.expectEqual(reading.content_length != null, response.head.flags.has_content_length);
        try testing.expectEqual(reading.content_length orelse 0, response.head.content_length);
        try testing.expectEqual(reading.field_count, response.head.field_count);
        var fields: Fields = .of(text[0..reading.consumed], response.head);
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
};

const fuzz = fuzzing.Fuzz(Subject);

test "every golden head is whole, and the reference agrees" {
    try fuzz.whole();
}

test "a head cut at any byte, or into single bytes, reads as the whole does, and is not whole before its end" {
    try fuzz.cut();
}

test "a head with any byte replaced by any other is accepted exactly where the reference accepts it" {
    try fuzz.replaced();
}

test "heads mutated at random, whole and in random pieces, are accepted exactly where the reference accepts them" {
    try fuzz.mutated();
}
