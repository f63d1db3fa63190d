//! request_head.zig against a second parser, written from the grammar one byte at a time: see fuzz.zig.

const std = @import("std");
const testing = std.testing;
const authority = @import("authority.zig");
const fuzzing = @import("fuzz.zig");
const request_head = @import("request_head.zig");
const Cursor = fuzzing.Cursor;
const Fields = @import("head_fields.zig").Fields;
const RequestHead = request_head.RequestHead;
const isDigit = fuzzing.isDigit;
const isText = fuzzing.isText;
const isToken = fuzzing.isToken;

/// Small enough that mutations meet them.
const limits: request_head.Limits = .{ .head_bytes = 900, .field_count = 18, .target_bytes = 100 };

/// What a head says, in the reference's words and in the parser's.
const Reading = struct {
    consumed: usize,
    method: []const u8,
    target: []const u8,
    fields: [limits.field_count][2][]const u8 = undefined,
    field_count: usize = 0,
    content_length: ?u64 = null,
    chunked: bool = false,
};

/// RFC 9112 as a chain of demands on single bytes.
fn readHead(cursor: *Cursor, reading: *Reading) error{No}!void {
    var empty_lines: usize = 0;
    while (cursor.peek() == '\r') : (empty_lines += 1) try cursor.literal("\r\n");
    if (empty_lines > 4) return error.No;

    const method = try cursor.run(isToken, 1);
    if (method.len > 32) return error.No;
    try cursor.literal(" ");
    const target = try cursor.run(isTarget, 1);
    if (target.len > limits.target_bytes) return error.No;
    try cursor.literal(" HTTP/1.");
    const minor = try cursor.run(isDigit, 1);
    if (minor.len != 1) return error.No;
    try cursor.literal("\r\n");
    if (!targetSuits(target, method)) return error.No;

    reading.* = .{ .consumed = 0, .method = method, .target = target };
    var hosts: usize = 0;
    while (cursor.peek() != '\r') {
        const name = try cursor.run(isToken, 1);
        try cursor.literal(":");
        const value = std.mem.trim(u8, try cursor.run(isText, 0), " \t");
        try cursor.literal("\r\n");
        if (reading.field_count == limits.field_count) return error.No;
        reading.fields[reading.field_count] = .{ name, value };
        reading.field_count += 1;

        var buffer: [64]u8 = undefined;
        if (name.len > buffer.len) continue;
        const lower = std.ascii.lowerString(&buffer, name);
        if (std.mem.eql(u8, lower, "host")) {
            hosts += 1;
            _ = authority.parse(value) catch return error.No;
        } else if (std.mem.eql(u8, lower, "content-length")) {
            for (value) |byte| if (!isDigit(byte)) return error.No;
            if (reading.content_length != null) return error.No;
            reading.content_length = std.fmt.parseInt(u53, value, 10) catch return error.No;
        } else if (std.mem.eql(u8, lower, "transfer-encoding")) {
            if (reading.chunked or minor[0] == '0' or !std.ascii.eqlIgnoreCase(value, "chunked")) return error.No;
            reading.chunked = true;
        }
    }
    try cursor.literal("\r\n");
    if (cursor.at > limits.head_bytes) return error.No;
    if (hosts > 1 or (hosts == 0 and minor[0] != '0')) return error.No;
    if (reading.chunked and reading.content_length != null) return error.No;
    reading.consumed = cursor.at;
}

fn isTarget(byte: u8) bool {
    return byte >= 0x21 and byte <= 0x7e and byte != '#';
}

fn targetSuits(target: []const u8, method: []const u8) bool {
    if (std.mem.eql(u8, method, "CONNECT")) {
        const parsed = authority.parse(target) catch return false;
        return parsed.host.len > 0 and parsed.port != null;
    }
    if (target[0] == '/') return true;
    if (std.mem.eql(u8, target, "*")) return std.mem.eql(u8, method, "OPTIONS");
    for ([_][]const u8{ "http://", "https://" }) |scheme| {
        if (target.len < scheme.len or !std.ascii.eqlIgnoreCase(target[0..scheme.len], scheme)) continue;
        var end = scheme.len;
        while (end < target.len and target[end] != '/' and target[end] != '?') end += 1;
        const parsed = authority.parse(target[scheme.len..end]) catch return false;
        return parsed.host.len > 0;
    }
    return false;
}

/// False for what is refused or not whole.
fn read(input: []const u8, reading: *Reading) bool {
    var cursor: Cursor = .{ .bytes = input };
    readHead(&cursor, reading) catch return false;
    return true;
}

const Subject = struct {
    pub const golden = [_][]const u8{
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\nOPTIONS * HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /index.html HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n",
        "GET http://example.org:80/a%20b?c HTTP/1.1\r\nHost: example.org\r\nExpect: 100-continue\r\n\r\n",
        "POST /upload?x={y|z} HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nContent-Length: 0012\r\n" ++
            "X-Empty: \t \r\n\r\nhello, world",
        "PUT /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\nHost: a.b\r\nUpgrade: h2c\r\n" ++
            "Connection: upgrade, x\r\n\r\n0\r\n\r\n",
        "GET /caf%C3%A9 HTTP/1.1\r\nHost: example.org\r\n" ++
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" ++
            "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" ++
            "Accept-Language: de,en-US;q=0.7,en;q=0.3\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" ++
            "Connection: keep-alive\r\nCookie: a=b; c=\"caf\xe9\"\r\nIf-None-Match: W/\"1a2b\"\r\n\r\n",
    };

    pub const splinters = [_][]const u8{
        "\r\n",
        "\r",
        "\n",
        "\r\n\r\n",
        " ",
        "\t",
        ":",
        ",",
        "*",
        "#",
        "0",
        "\x00",
        "\xff",
        "a" ** 40,
        "CONNECT ",
        "http://",
        "HTTP/1.0",
        "HTTP/1.1",
        "Host: ",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "9007199254740993",
        "A: b\r\n" ** 12,
    };

    pub const variants = 1;

    pub fn consumed(input: []const u8, _: usize) ?usize {
        var reading: Reading = undefined;
        return if (read(input, &reading)) reading.consumed else null;
    }

    const Parsed = struct { consumed: u32, request: RequestHead };

    pub fn parse(input: []u8, cuts: []const usize, _: usize) request_head.Error!?Parsed {
        var request: RequestHead = .{};
        for (cuts) |cut| {
            if (try request_head.parse(input[0..cut], &request, limits)) |length| {
                return .{ .consumed = length, .request = request };
            }
        }
        const length = try request_head.parse(input, &request, limits) orelse return null;
        return .{ .consumed = length, .request = request };
    }

    pub fn agree(input: []const u8, text: []u8, variant: usize) !void {
        const parsed = parse(text, &.{}, variant) catch null;
        var reading: Reading = undefined;
        if (!read(input, &reading)) return testing.expectEqual(null, parsed);
        try testing.expect(parsed != null);
        const request = parsed.?.request;
        try testing.expectEqual(reading.consumed, parsed.?.consumed);
        try testing.expectEqualStrings(reading.method, request.method.in(text));
        try testing.expectEqualStrings(reading.target, request.target.in(text));
        try testing.expectEqual(reading.field_count, request.head.field_count);
        var fields: Fields = .of(text[0..reading.consumed], request.head);
        for (reading.fields[0..reading.field_count]) |pair| {
            const name, const value = fields.next().?;
            try testing.expect(std.ascii.eqlIgnoreCase(pair[0], name));
            for (name) |byte| try testing.expect(!std.ascii.isUpper(byte));
            try testing.expectEqualStrings(pair[1], value);
        }
        try testing.expectEqual(null, fields.next());
        try testing.expectEqual(reading.content_length != null, request.head.flags.has_content_length);
        try testing.expectEqual(reading.content_length orelse 0, request.head.content_length);
        try testing.expectEqual(reading.chunked, request.head.flags.chunked);
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
