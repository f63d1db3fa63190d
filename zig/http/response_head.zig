//! The response head of HTTP/1.1, as a client reads it: RFC 9112 sections 2, 4 and 5, and section 6.3, by which the
//! length of what follows is known.
//!
//!     HTTP-version SP status-code SP [ reason-phrase ] CRLF  *( field-name ":" OWS field-value OWS CRLF )  CRLF
//!
//! Strict as request_head.zig is. Three things differ, because the standard says so:
//!   - A field line that goes on in the next one (obs-fold) is joined by spaces, in place (RFC 9112 section 5.2: a user
//!     agent must). Only the byte behind a field line tells, so a line is whole when that byte is here.
//!   - Content-Length may be repeated, or a list, if all of it is one number (RFC 9112 section 6.3, item 5).
//!   - Nothing may precede the status line, and the space behind the status code may be missing where no reason
//!     follows (RFC 9112 section 4: word boundaries may decide; servers that leave it out are many).
//!
//! Incremental, and in place, as request_head.zig is.

const std = @import("std");
const chars = @import("chars.zig");
const head_zig = @import("head.zig");
const Head = head_zig.Head;
const Span = head_zig.Span;
const equals = head_zig.equals;
const is = head_zig.is;

pub const Limits = struct {
    /// From the first byte of input to the empty line that ends the head.
    head_bytes: u32 = 64 * 1024,
    field_count: u32 = 1000,
};

pub const Error = head_zig.Error || error{
    /// Not a version, a status from 100 to 999 and a reason without control characters, between single spaces.
    InvalidStatusLine,
};

/// What of the request's method matters: RFC 9112 section 6.3, items 1 and 2.
pub const Method = enum(u32) {
    head,
    connect,
    _,
};

/// What follows the head (RFC 9112 section 6.3).
pub const Framing = enum(u32) {
    /// Nothing: HEAD, 1xx, 204 and 304 have no content, whatever their fields say.
    none,
    /// As many bytes as Content-Length says.
    length,
    /// Content in the chunked coding.
    chunked,
    /// All that comes before the connection is closed.
    close,
    /// Not HTTP: a tunnel after 2xx to CONNECT, another protocol after 101.
    tunnel,
};

/// What the head says, and how far it has been read. All zero is the state before the first byte.
pub const ResponseHead = extern struct {
    head: Head = .{},
    /// 100 to 999; 0 until the status line has been read.
    status: u32 = 0,
    framing: Framing = .none,
    /// May be empty.
    reason: Span = .{},
    /// How long the server keeps an idle connection, in seconds and 1 more; 0 if it does not say. (Keep-Alive: timeout,
    /// RFC 2068 section 19.7.1.1; no later standard has it, and most servers send it.)
    keep_alive_timeout: u32 = 0,
    unused: u32 = 0,
};

comptime {
    // The host reads it as 32-bit words.
    std.debug.assert(@sizeOf(ResponseHead) == 14 * 4 and @offsetOf(ResponseHead, "status") == 8 * 4);
    std.debug.assert(@offsetOf(ResponseHead, "framing") == 9 * 4 and @offsetOf(ResponseHead, "reason") == 10 * 4);
    std.debug.assert(@offsetOf(ResponseHead, "keep_alive_timeout") == 12 * 4);
}

/// Reads the head that begins at `input[0]`, of a response to a request with `method`. The length of the head, or null
/// if more bytes are needed: then call again with the same `response`, `method` and `limits`, and an input that holds
/// the earlier bytes, as they are now, at the same offsets.
pub fn parse(input: []u8, response: *ResponseHead, method: Method, limits: Limits) Error!?u32 {
    const head = &response.head;
    const window = input[0..@min(input.len, limits.head_bytes)];

    if (response.status == 0) {
        const expected = "HTTP/";
        const begin = window[0..@min(window.len, expected.len)];
        if (!std.mem.eql(u8, begin, expected[0..begin.len])) return error.InvalidStatusLine;
        const line = try head.nextLine(window, chars.notFieldText, error.InvalidStatusLine) orelse
            return head_zig.incomplete(window, limits.head_bytes);
        try statusLine(window, line, response);
    }
    while (true) {
        const line = try nextFieldLine(window, head) orelse return head_zig.incomplete(window, limits.head_bytes);
        if (line.len == 0) return try finish(window, response, method);
        const field = try head.takeField(window, line, limits.field_count);
        try interpret(field.name, field.value.in(window), response);
    }
}

/// As `Head.nextLine`, but over every fold.
fn nextFieldLine(window: []u8, head: *Head) error{ InvalidState, InvalidFieldLine }!?Span {
    while (true) {
        const end = try head.lineEnd(window, chars.notFieldText, error.InvalidFieldLine) orelse return null;
        if (end == head.line_start) return head.takeLine(end);
        const next = end + 2;
        if (next == window.len) return null;
        if (!head_zig.isWhitespace(window[next])) return head.takeLine(end);
        window[end..][0..2].* = "  ".*;
        head.scanned = next;
    }
}

/// RFC 9112 section 4.
fn statusLine(window: []const u8, line: Span, response: *ResponseHead) Error!void {
    const text = line.in(window);
    const status_start = "HTTP/1.1 ".len;
    const status_end = status_start + 3;
    if (text.len < status_end or text[status_start - 1] != ' ') return error.InvalidStatusLine;
    if (text.len > status_end and text[status_end] != ' ') return error.InvalidStatusLine;
    response.head.minor_version = head_zig.httpVersion(text[0 .. status_start - 1]) catch |err| switch (err) {
        error.InvalidVersion => return error.InvalidStatusLine,
        error.UnsupportedVersion => |unsupported| return unsupported,
    };
    var status: u32 = 0;
    for (text[status_start..status_end]) |digit| {
        if (!std.ascii.isDigit(digit)) return error.InvalidStatusLine;
        status = status * 10 + (digit - '0');
    }
    if (status < 100) return error.InvalidStatusLine;
    const reason_start = @min(status_end + 1, text.len);
    response.reason = .{
        .offset = @intCast(line.offset + reason_start),
        .len = @intCast(text.len - reason_start),
    };
    response.status = status;
    response.head.fields_start = response.head.line_start;
}

/// Takes note of the fields that frame the message or tell how long its connection lives.
fn interpret(name: []const u8, value: []const u8, response: *ResponseHead) Error!void {
    const head = &response.head;
    switch (name.len) {
        "connection".len => if (is(name, "connection")) {
            head.connection(value);
        } else if (is(name, "keep-alive")) {
            keepAlive(value, response);
        },
        "content-length".len => if (is(name, "content-length")) {
            if (head.flags.chunked) return error.InvalidContentLength;
            try contentLengths(value, head);
        },
        "transfer-encoding".len => if (is(name, "transfer-encoding")) try head.transferEncoding(value),
        else => {},
    }
}

/// RFC 9112 section 6.3, item 5: one number, however often.
fn contentLengths(value: []const u8, head: *Head) error{InvalidContentLength}!void {
    var members = std.mem.splitScalar(u8, value, ',');
    while (members.next()) |member| {
        const length = try head_zig.contentLength(head_zig.trim(member));
        if (head.flags.has_content_length and length != head.content_length) return error.InvalidContentLength;
        head.content_length = length;
        head.flags.has_content_length = true;
    }
}

/// What is malformed says nothing, since nothing depends on it but how long a connection is kept.
fn keepAlive(value: []const u8, response: *ResponseHead) void {
    var parameters = std.mem.splitScalar(u8, value, ',');
    while (parameters.next()) |text| {
        const parameter = head_zig.trim(text);
        const name = "timeout=";
        if (parameter.len <= name.len or !equals(parameter[0..name.len], name)) continue;
        const seconds = std.fmt.parseInt(u16, parameter[name.len..], 10) catch continue;
        response.keep_alive_timeout = @as(u32, seconds) + 1;
    }
}

/// The empty line has been read: what only the whole head can say.
fn finish(
    window: []const u8,
    response: *ResponseHead,
    method: Method,
) error{ InvalidContentLength, InvalidTransferEncoding }!u32 {
    const head = &response.head;
    const flags = &head.flags;
    const length = head.finish(window);
    const announces_content = flags.chunked or (flags.has_content_length and head.content_length > 0);
    if (response.status < 200) {
        // RFC 9110 section 8.6, RFC 9112 section 6.1: a server must not. If it did send content, this would be taken
        // for the response that is still to come.
        if (flags.chunked) return error.InvalidTransferEncoding;
        if (announces_content) return error.InvalidContentLength;
    }
    response.framing = if (response.status == 101 or (method == .connect and response.status / 100 == 2))
        .tunnel
    else if (method == .head or response.status < 200 or response.status == 204 or response.status == 304)
        .none
    else if (flags.chunked)
        .chunked
    else if (flags.has_content_length)
        .length
    else
        .close;
    switch (response.framing) {
        .close, .tunnel => flags.keep_alive = false,
        // A 204 that speaks of content may be followed by some, which would be taken for the next response.
        .none => if (response.status == 204 and announces_content) {
            flags.keep_alive = false;
        },
        .length, .chunked => {},
    }
    return length;
}

const testing = std.testing;
const Fields = @import("head_fields.zig").Fields;

test {
    _ = @import("response_head_fuzz.zig");
}

/// One head, parsed whole.
const Parsed = struct {
    text: [70_000]u8 = undefined,
    response: ResponseHead = .{},
    consumed: ?usize = null,

    fn of(input: []const u8, method: Method, limits: Limits) Error!Parsed {
        var parsed: Parsed = .{};
        @memcpy(parsed.text[0..input.len], input);
        if (try parse(parsed.text[0..input.len], &parsed.response, method, limits)) |end| parsed.consumed = end;
        return parsed;
    }

    fn fields(parsed: *const Parsed) Fields {
        return .of(parsed.text[0..parsed.consumed.?], parsed.response.head);
    }
};

const get: Method = @enumFromInt(2);

fn expectHead(input: []const u8, method: Method) !Parsed {
    const parsed = try Parsed.of(input, method, .{});
    try testing.expectEqual(input.len, parsed.consumed);
    return parsed;
}

fn expectErrors(expected: Error, inputs: []const []const u8) !void {
    for (inputs) |input| {
        errdefer std.debug.print("input: {f}\n", .{std.ascii.hexEscape(input, .lower)});
        try testing.expectError(expected, Parsed.of(input, get, .{}));
    }
}

const ok = "HTTP/1.1 200 OK\r\n";

test "a head gives its parts" {
    const input = ok ++ "Content-TYPE:\t text/plain \t\r\nContent-Length: 12\r\nX-Empty:\r\n\r\nhello, world";
    const parsed = try Parsed.of(input, get, .{});
    const response = parsed.response;
    try testing.expectEqual(input.len - "hello, world".len, parsed.consumed);
    try testing.expectEqual(200, response.status);
    try testing.expectEqualStrings("OK", response.reason.in(input));
    try testing.expectEqual(Framing.length, response.framing);
    try testing.expectEqual(12, response.head.content_length);
    const flags: head_zig.Flags = .{ .has_content_length = true, .keep_alive = true, .ascii = true };
    try testing.expectEqual(flags, response.head.flags);
    var fields = parsed.fields();
    const expected = .{ .{ "content-type", "text/plain" }, .{ "content-length", "12" }, .{ "x-empty", "" } };
    inline for (expected) |pair| {
        const name, const value = fields.next().?;
        try testing.expectEqualStrings(pair[0], name);
        try testing.expectEqualStrings(pair[1], value);
    }
    try testing.expectEqual(null, fields.next());
}

test "a status line is version, three digits from 100, and a reason, between single spaces" {
    const cases = .{
        .{ "HTTP/1.1 200 OK", 200, "OK", 1 },
        .{ "HTTP/1.0 404 Not Found", 404, "Not Found", 0 },
        .{ "HTTP/1.2 999 ", 999, "", 1 },
        .{ "HTTP/1.1 100", 100, "", 1 },
        .{ "HTTP/1.1 600  \tcaf\xe9 ", 600, " \tcaf\xe9 ", 1 },
    };
    inline for (cases) |case| {
        const input = case[0] ++ "\r\n\r\n";
        const response = (try expectHead(input, get)).response;
        try testing.expectEqual(case[1], response.status);
        try testing.expectEqualStrings(case[2], response.reason.in(input));
        try testing.expectEqual(case[3], response.head.minor_version);
    }
    try expectErrors(error.InvalidStatusLine, &.{
        "\r\nHTTP/1.1 200 OK\r\n",
        " HTTP/1.1 200 OK\r\n",
        "http/1.1 200 OK\r\n",
        "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1\t200 OK\r\n",
        "HTTP/1.1 200\tOK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 20\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 000\r\n",
        "HTTP/1.1 +20 OK\r\n",
        "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 200OK\r\n",
        "HTTP/1.1200 OK\r\n",
        "HTTP/1.1\r\n",
        "HTTP/1.10 200 OK\r\n",
        "HTTP/1 200 OK\r\n",
        "HTTP/1,1 200 OK\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 O\rK\r\n",
        "HTTP/1.1 200 O\x00K\r\n",
        "HTTP/1.1 200 O\x7fK\r\n",
        "HTTP/1.1 200 OK\r\r\n",
    });
    try expectErrors(error.UnsupportedVersion, &.{ "HTTP/2.0 200 OK\r\n", "HTTP/0.9 200 OK\r\n" });
}

test "what begins no response is refused at its first wrong byte" {
    try expectErrors(error.InvalidStatusLine, &.{
        "SSH", "<", "ICY 200 OK", "HTTPS", "hTTP", "\x15\x03", "\x00", "\n", "\r", "220 smtp", "HTTP/\x00",
    });
}

test "what follows the head is known from method, status and fields" {
    const length = "Content-Length: 5\r\n";
    const chunked = "Transfer-Encoding: Chunked\r\n";
    const cases = .{
        .{ get, "200", "", Framing.close, false },
        .{ get, "200", length, Framing.length, true },
        .{ get, "200", "Content-Length: 0\r\n", Framing.length, true },
        .{ get, "200", chunked, Framing.chunked, true },
        .{ get, "404", length ++ "Connection: close\r\n", Framing.length, false },
        .{ get, "999", chunked, Framing.chunked, true },
        .{ get, "205", "", Framing.close, false },
        .{ get, "204", "", Framing.none, true },
        .{ get, "204", "Content-Length: 0\r\n", Framing.none, true },
        .{ get, "204", length, Framing.none, false },
        .{ get, "204", chunked, Framing.none, false },
        .{ get, "304", length, Framing.none, true },
        .{ get, "304", chunked, Framing.none, true },
        .{ get, "100", "", Framing.none, true },
        .{ get, "103", "Link: </a>\r\nContent-Length: 0\r\n", Framing.none, true },
        .{ get, "101", "Upgrade: websocket\r\nConnection: upgrade\r\n", Framing.tunnel, false },
        .{ Method.head, "200", length, Framing.none, true },
        .{ Method.head, "200", chunked, Framing.none, true },
        .{ Method.head, "404", "", Framing.none, true },
        .{ Method.connect, "200", "", Framing.tunnel, false },
        .{ Method.connect, "299", length, Framing.tunnel, false },
        .{ Method.connect, "204", chunked, Framing.tunnel, false },
        .{ Method.connect, "407", length, Framing.length, true },
        .{ Method.connect, "302", "", Framing.close, false },
        .{ Method.connect, "100", "", Framing.none, true },
    };
    inline for (cases) |case| {
        const parsed = try expectHead("HTTP/1.1 " ++ case[1] ++ "\r\n" ++ case[2] ++ "\r\n", case[0]);
        try testing.expectEqual(case[3], parsed.response.framing);
        try testing.expectEqual(case[4], parsed.response.head.flags.keep_alive);
    }
}

test "1xx with content is refused" {
    try expectErrors(error.InvalidContentLength, &.{
        "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 5\r\n\r\n",
    });
    try expectErrors(error.InvalidTransferEncoding, &.{"HTTP/1.1 103\r\nTransfer-Encoding: chunked\r\n\r\n"});
}

test "keep-alive follows the version, then Connection, where close wins" {
    const cases = .{
        .{ "1.1", "", true },
        .{ "1.1", "Connection: close\r\n", false },
        .{ "1.1", "Connection: keep-alive\r\nCONNECTION: x, Close\r\n", false },
        .{ "1.0", "", false },
        .{ "1.0", "Connection: Keep-Alive\r\n", true },
        .{ "1.0", "Connection: close, keep-alive\r\n", false },
    };
    inline for (cases) |case| {
        const parsed = try expectHead("HTTP/" ++ case[0] ++ " 200 OK\r\nContent-Length: 1\r\n" ++ case[1] ++ "\r\n", get);
        try testing.expectEqual(case[2], parsed.response.head.flags.keep_alive);
    }
}

test "Keep-Alive tells for how many seconds" {
    const cases = .{
        .{ "timeout=5", 6 },            .{ "timeout=0", 1 }, .{ "max=100, Timeout=65535", 65536 },
        .{ "timeout=65536", 0 },        .{ "timeout=", 0 },  .{ "timeout=-1", 0 },
        .{ "timeout=5;max=100", 0 },    .{ "", 0 },          .{ "timeout = 5", 0 },
        .{ "timeout=x, timeout=7", 8 },
    };
    inline for (cases) |case| {
        const parsed = try expectHead(ok ++ "Keep-Alive: " ++ case[0] ++ "\r\n\r\n", get);
        try testing.expectEqual(case[1], parsed.response.keep_alive_timeout);
    }
}

test "Content-Length may be repeated or a list, if all of it is one number" {
    inline for (.{ "5", "5,5", "5 ,\t5, 5", "05, 5", "5\r\nContent-length: 5", "5,5\r\nA: b\r\ncontent-length: 5, 5" }) |value| {
        const parsed = try expectHead(ok ++ "Content-Length: " ++ value ++ "\r\n\r\n", get);
        try testing.expectEqual(5, parsed.response.head.content_length);
    }
    inline for (.{
        "",      "+5",                     "-5",               "0x5",                  "5.0",      "5e0",  "5a", "\"5\"", "5 5",                    "5;5",
        "5,",    ",5",                     "5,,5",             "5,6",                  "5, 05, 6", "\xb5", ",",  " ",     "5\r\nContent-Length: 6", "5, +5",
        "5\x0b", "0\r\nContent-Length: 5", "9007199254740992", "18446744073709551621",
    }) |value| {
        const expected = if (comptime std.mem.indexOfScalar(u8, value, 0x0b) == null)
            error.InvalidContentLength
        else
            error.InvalidFieldLine;
        try expectErrors(expected, &.{ok ++ "Content-Length: " ++ value ++ "\r\n\r\n"});
    }
}

test "Transfer-Encoding is chunked, alone, in HTTP/1.1" {
    inline for (.{ "", "xchunked", "identity", "gzip", "chunked, gzip", "chunked, chunked", "\"chunked\"" }) |value| {
        try expectErrors(error.InvalidTransferEncoding, &.{ok ++ "Transfer-Encoding: " ++ value ++ "\r\n\r\n"});
    }
    try expectErrors(error.UnknownTransferCoding, &.{ok ++ "Transfer-Encoding: gzip, chunked\r\n\r\n"});
    try expectErrors(error.InvalidTransferEncoding, &.{
        ok ++ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        ok ++ "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    });
    try expectErrors(error.InvalidContentLength, &.{ok ++ "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"});
}

test "a folded line is joined by spaces, and framing fields are read when they are whole" {
    const input = ok ++ "A: b\r\n c\r\n\t\r\n  d \r\nContent-Length:\r\n 1\r\nB:\r\n\t\r\n\r\n";
    const parsed = try expectHead(input, get);
    var fields = parsed.fields();
    const expected = .{ .{ "a", "b   c  \t    d" }, .{ "content-length", "1" }, .{ "b", "" } };
    inline for (expected) |pair| {
        const name, const value = fields.next().?;
        try testing.expectEqualStrings(pair[0], name);
        try testing.expectEqualStrings(pair[1], value);
    }
    try testing.expectEqual(3, parsed.response.head.field_count);
    try testing.expectEqual(1, parsed.response.head.content_length);

    try testing.expectEqual(null, (try Parsed.of(ok ++ "A: b\r\n", get, .{})).consumed);
    try testing.expectEqual(null, (try Parsed.of(ok ++ "Content-Length: 5\r\n", get, .{})).consumed);
    try expectErrors(error.InvalidContentLength, &.{
        ok ++ "Content-Length: 1\r\n 2\r\n\r\n",
        ok ++ "Content-Length: 1\r\n\t\r\n ,2\r\n\r\n",
    });
    try expectErrors(error.InvalidTransferEncoding, &.{ok ++ "Transfer-Encoding: chunked\r\n , gzip\r\n\r\n"});
    try expectErrors(error.InvalidFieldLine, &.{
        ok ++ " A: b\r\n\r\n",
        ok ++ "\tA: b\r\n\r\n",
        ok ++ "A\r\n : b\r\n\r\n",
        ok ++ "A\r\n b: c\r\n\r\n",
        ok ++ "A: b\r\n c\n\r\n",
        ok ++ "A: b\r\n c\rd\r\n\r\n",
    });
}

test "a field line is token, colon, text and CRLF" {
    try expectErrors(error.InvalidFieldLine, &.{
        ok ++ "A : b\r\n\r\n",
        ok ++ ": b\r\n\r\n",
        ok ++ "A\r\n\r\n",
        ok ++ "A B: b\r\n\r\n",
        ok ++ "A\x80: b\r\n\r\n",
        ok ++ "A: b\n\r\n",
        ok ++ "A: b\r\n\n",
        ok ++ "A: b\rc\r\n\r\n",
        ok ++ "A: b\x00c\r\n\r\n",
        ok ++ "A: b\x7fc\r\n\r\n",
        ok ++ "\r\r\n",
    });
}

test "each limit is met exactly and has its own error" {
    const input = ok ++ "A: b\r\nC: d\r\n\r\n";
    const exact: Limits = .{ .head_bytes = input.len, .field_count = 2 };
    try testing.expectEqual(input.len, (try Parsed.of(input, get, exact)).consumed);
    try testing.expectError(error.HeadTooLarge, Parsed.of(input, get, .{ .head_bytes = input.len - 1 }));
    try testing.expectError(error.HeadTooLarge, Parsed.of(input, get, .{ .head_bytes = 0 }));
    try testing.expectError(error.TooManyFields, Parsed.of(input, get, .{ .field_count = 1 }));
    try expectErrors(error.HeadTooLarge, &.{
        "HTTP/1.1 200 " ++ "a" ** 66_000,
        ok ++ "A: " ++ "a" ** 66_000,
        ok ++ "A: b\r\n" ++ " \r\n" ** 22_000,
    });
}

test "a head that this input did not produce is refused" {
    var input = "HTTP/1.1 200 OK\r\nA: b\r\n".*;
    for ([_]Head{ .{ .scanned = 25 }, .{ .line_start = 2, .scanned = 1 } }) |head| {
        for ([_]u32{ 0, 200 }) |status| {
            var response: ResponseHead = .{ .head = head, .status = status };
            try testing.expectError(error.InvalidState, parse(&input, &response, get, .{}));
        }
    }
}

test "CVE-2022-35256, CVE-2022-32215 and CVE-2023-30589 in the other direction: line ends that only some see" {
    try expectErrors(error.InvalidFieldLine, &.{
        ok ++ "X-Abc:\rContent-Length: 5\r\n\r\nhello",
        ok ++ "X-Abc: a\nContent-Length: 5\r\n\r\nhello",
        ok ++ "X-Abc:\r\n\rContent-Length: 5\r\n\r\n",
    });
}

test "CVE-2026-1528, of frames there: lengths that need 64 bits" {
    try expectErrors(error.InvalidContentLength, &.{
        ok ++ "Content-Length: 18446744073709551615\r\n\r\n",
        ok ++ "Content-Length: 18446744073709551616\r\n\r\n",
        ok ++ "Content-Length: 9223372036854775808\r\n\r\n",
    });
}
