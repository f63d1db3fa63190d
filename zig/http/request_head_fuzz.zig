//! request_head.zig against a second parser, written from the grammar one byte at a time: on whole heads, on heads cut at
//! every byte, on heads with every byte replaced by every other, and on heads mutated at random.

const std = @import("std");
const testing = std.testing;
const authority = @import("authority.zig");
const request_head = @import("request_head.zig");
const Fields = @import("head_fields.zig").Fields;
const RequestHead = request_head.RequestHead;

/// Small enough that mutations meet them.
const limits: request_head.Limits = .{ .head_bytes = 900, .field_count = 18, .target_bytes = 100 };

const golden = [_][]const u8{
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

/// RFC 9112 as a chain of demands on single bytes; null is a head that is refused or not whole.
const Reference = struct {
    bytes: []const u8,
    at: usize = 0,

    fn read(bytes: []const u8) ?Reading {
        var cursor: Reference = .{ .bytes = bytes };
        return cursor.head() catch null;
    }

    fn head(cursor: *Reference) error{No}!Reading {
        var empty_lines: usize = 0;
        while (cursor.peek() == '\r') : (empty_lines += 1) try cursor.crlf();
        if (empty_lines > 4) return error.No;

        const method = try cursor.run(isToken, 1);
        if (method.len > 32) return error.No;
        try cursor.literal(" ");
        const target = try cursor.run(isTarget, 1);
        if (target.len > limits.target_bytes) return error.No;
        try cursor.literal(" HTTP/1.");
        const minor = try cursor.run(isDigit, 1);
        if (minor.len != 1) return error.No;
        try cursor.crlf();
        if (!targetSuits(target, method)) return error.No;

        var reading: Reading = .{ .consumed = 0, .method = method, .target = target };
        var hosts: usize = 0;
        while (cursor.peek() != '\r') {
            const name = try cursor.run(isToken, 1);
            try cursor.literal(":");
            const value = std.mem.trim(u8, try cursor.run(isText, 0), " \t");
            try cursor.crlf();
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
        try cursor.crlf();
        if (cursor.at > limits.head_bytes) return error.No;
        if (hosts > 1 or (hosts == 0 and minor[0] != '0')) return error.No;
        if (reading.chunked and reading.content_length != null) return error.No;
        reading.consumed = cursor.at;
        return reading;
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

    fn peek(cursor: *Reference) ?u8 {
        return if (cursor.at < cursor.bytes.len) cursor.bytes[cursor.at] else null;
    }

    fn literal(cursor: *Reference, text: []const u8) error{No}!void {
        for (text) |byte| {
            if (cursor.peek() != byte) return error.No;
            cursor.at += 1;
        }
    }

    fn crlf(cursor: *Reference) error{No}!void {
        return cursor.literal("\r\n");
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

    fn isTarget(byte: u8) bool {
        return byte >= 0x21 and byte <= 0x7e and byte != '#';
    }

    fn isText(byte: u8) bool {
        return byte == 0x09 or (byte >= 0x20 and byte <= 0x7e) or byte >= 0x80;
    }

    fn isDigit(byte: u8) bool {
        return byte >= '0' and byte <= '9';
    }
};

/// The parser's answer to an input that arrives in pieces, the cuts at ascending offsets.
fn parseInPieces(input: []u8, cuts: []const usize, request: *RequestHead) request_head.Error!?u32 {
    request.* = .{};
    for (cuts) |cut| {
        if (try request_head.parse(input[0..cut], request, limits)) |consumed| return consumed;
    }
    return request_head.parse(input, request, limits);
}

/// Both parsers agree on whether `input` begins with a head, and on what it says. `input` is copied to the end
/// of the page, so that a read beyond it is a read beyond the page.
fn expectAgreement(page: []u8, input: []const u8) !void {
    errdefer std.debug.print("input: {f}\n", .{std.ascii.hexEscape(input, .lower)});
    const exact = page[page.len - input.len ..];
    @memcpy(exact, input);

    var request: RequestHead = undefined;
    const consumed = parseInPieces(exact, &.{}, &request) catch null;
    const reading = Reference.read(input) orelse return testing.expectEqual(null, consumed);
    try testing.expectEqual(@as(?u32, @intCast(reading.consumed)), consumed);
    try testing.expectEqualStrings(reading.method, request.method.in(exact));
    try testing.expectEqualStrings(reading.target, request.target.in(exact));
    try testing.expectEqual(reading.field_count, request.head.field_count);
    var fields: Fields = .of(exact[0..reading.consumed], request.head);
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

/// The answer, its error and the text included, is the same with the cuts as without.
fn expectSameInPieces(input: []const u8, cuts: []const usize) !void {
    errdefer std.debug.print("input: {f}\ncuts: {any}\n", .{ std.ascii.hexEscape(input, .lower), cuts });
    var whole_buffer: [4096]u8 = undefined;
    var buffer: [4096]u8 = undefined;
    const whole_text = whole_buffer[0..input.len];
    const text = buffer[0..input.len];
    @memcpy(whole_text, input);
    @memcpy(text, input);
    var whole: RequestHead = undefined;
    var request: RequestHead = undefined;
    const expected = parseInPieces(whole_text, &.{}, &whole);
    const actual = parseInPieces(text, cuts, &request);
    try testing.expectEqual(expected, actual);
    if (actual) |_| {
        try testing.expectEqual(whole, request);
        try testing.expectEqualSlices(u8, whole_text, text);
    } else |_| {}
}

test "every golden head is whole, and the reference agrees" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    for (golden) |input| {
        try testing.expect(Reference.read(input) != null);
        try expectAgreement(page, input);
    }
}

test "a head cut at any byte, or into single bytes, reads as the whole does, and is not whole before its end" {
    const page = try std.heap.page_allocator.alloc(u8, std.heap.pageSize());
    defer std.heap.page_allocator.free(page);
    for (golden) |input| {
        const end = Reference.read(input).?.consumed;
        var every_byte: [1024]usize = undefined;
        for (every_byte[0..input.len], 0..) |*cut, at| cut.* = at;
        try expectSameInPieces(input, every_byte[0..input.len]);
        for (0..input.len) |cut| {
            try expectSameInPieces(input, &.{cut});
            var request: RequestHead = undefined;
            var text: [1024]u8 = undefined;
            @memcpy(text[0..cut], input[0..cut]);
            const consumed = try parseInPieces(text[0..cut], &.{}, &request);
            try testing.expectEqual(cut >= end, consumed != null);
            try expectAgreement(page, input[0..cut]);
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
        try expectAgreement(page, bytes.items);

        var cuts: [4]usize = undefined;
        for (&cuts) |*cut| cut.* = random.uintAtMost(usize, bytes.items.len);
        std.mem.sort(usize, &cuts, {}, std.sort.asc(usize));
        try expectSameInPieces(bytes.items, &cuts);
    }
}
