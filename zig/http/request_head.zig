//! The request head of HTTP/1.1: RFC 9112 sections 2 to 6, with the fields that frame or steer a message (Host,
//! Content-Length, Transfer-Encoding, Connection, Expect, Upgrade) read as RFC 9110 defines them.
//!
//!     *CRLF  method SP request-target SP HTTP-version CRLF  *( field-name ":" OWS field-value OWS CRLF )  CRLF
//!
//! Strict: there is no lenient mode, and where the standard leaves a choice that another party on the path might
//! make differently, the message is refused. Above the standard: Content-Length and Transfer-Encoding appear at
//! most once, never together, and lists of either are refused.
//! One thing is left to whoever parses the target as a URL: it may hold any visible ASCII character but "#", because
//! browsers send "|", "{" and their like in queries as they are.
//!
//! Incremental: `parse` answers null until the head is whole and takes up where it stopped, so that a head costs
//! one look at each byte however it is cut into pieces. Results are offsets into the input, which stays as it is but
//! for the case of field names (head.zig).

const std = @import("std");
const chars = @import("chars.zig");
const authority = @import("authority.zig");
const head_zig = @import("head.zig");
const Head = head_zig.Head;
const Span = head_zig.Span;
const equals = head_zig.equals;
const is = head_zig.is;

/// A longer method is none that anybody implements (RFC 9112 section 3).
pub const method_bytes_max = 32;

/// Empty lines that may precede a request line. RFC 9112 section 2.2 asks for one at least: some clients end a
/// body with a CRLF that they don't count.
pub const empty_lines_max = 4;

pub const Limits = struct {
    /// From the first byte of input to the empty line that ends the head.
    head_bytes: u32 = 16 * 1024,
    field_count: u32 = 100,
    target_bytes: u32 = 8 * 1024,
};

/// The answer that RFC 9112 or 9110 demands for each is the number in front; for those of head.zig it is 400, but
/// 431 for what is too much, 501 for an unknown coding and 505 for a version.
pub const Error = head_zig.Error || error{
    /// 400: not three parts between single spaces, a method that is no token, or a byte that is not visible ASCII.
    InvalidRequestLine,
    /// 400: a target in none of the four forms, or in one that its method does not take.
    InvalidTarget,
    /// 400: no Host in HTTP/1.1, more than one, or one that is not host [ ":" port ].
    InvalidHost,
    /// 414: a target longer than its limit.
    TargetTooLong,
    /// 501: a method longer than `method_bytes_max`.
    MethodTooLong,
};

/// RFC 9112 section 3.2. The forms differ in where the target's authority comes from.
pub const TargetForm = enum(u32) {
    /// `/path?query`; the authority is Host's.
    origin,
    /// `http://authority/path?query`, which makes Host count for nothing (section 3.2.2).
    absolute,
    /// `host:port`, of CONNECT alone.
    authority,
    /// `*`, of OPTIONS alone; the authority is Host's.
    asterisk,
};

/// What the head says, and how far it has been read. All zero is the state before the first byte.
pub const RequestHead = extern struct {
    head: Head = .{},
    /// Empty until the request line has been read.
    method: Span = .{},
    target: Span = .{},
    target_form: TargetForm = .origin,
    empty_lines: u32 = 0,
    /// Host and port of the target: from an absolute-form or authority-form target, else from Host. May be empty.
    authority: Span = .{},
};

comptime {
    // The host reads it as 32-bit words.
    std.debug.assert(@sizeOf(RequestHead) == 16 * 4 and @offsetOf(RequestHead, "method") == 8 * 4);
    std.debug.assert(@offsetOf(RequestHead, "target_form") == 12 * 4);
    std.debug.assert(@offsetOf(RequestHead, "authority") == 14 * 4);
}

/// Reads the head that begins at `input[0]`. The length of the head, or null if more bytes are needed: then call
/// again with the same `request` and `limits`, and an input that holds the earlier bytes, as they are now, at the same
/// offsets.
pub fn parse(input: []u8, request: *RequestHead, limits: Limits) Error!?u32 {
    const head = &request.head;
    const window = input[0..@min(input.len, limits.head_bytes)];

    while (request.method.len == 0) {
        const line_max = method_bytes_max + " ".len + @as(u64, limits.target_bytes) + " HTTP/1.1".len;
        const line_window = window[0..@min(window.len, head.line_start + line_max + "\r\n".len)];
        const line = try head.nextLine(line_window, chars.notRequestLineText, error.InvalidRequestLine) orelse {
            const begun = line_window[head.line_start..];
            return if (begun.len < line_max + "\r\n".len)
                head_zig.incomplete(window, limits.head_bytes)
            else
                overlong(begun);
        };
        if (line.len == 0) {
            if (request.empty_lines >= empty_lines_max) return error.InvalidRequestLine;
            request.empty_lines += 1;
        } else {
            try requestLine(window, line, request, limits);
        }
    }
    while (true) {
        const line = try head.nextLine(window, chars.notFieldText, error.InvalidFieldLine) orelse
            return head_zig.incomplete(window, limits.head_bytes);
        if (line.len == 0) return try finish(window, request);
        const field = try head.takeField(window, line, limits.field_count);
        try interpret(field.name, field.value, window, request);
    }
}

/// What is wrong with a line that is longer than any request line may be.
fn overlong(line: []const u8) Error {
    const method = line[0..@min(line.len, method_bytes_max + 1)];
    return if (std.mem.indexOfScalar(u8, method, ' ') == null) error.MethodTooLong else error.TargetTooLong;
}

/// RFC 9112 section 3. The version is judged before the target, so that HTTP/2's preface gets its 505.
fn requestLine(window: []const u8, line: Span, request: *RequestHead, limits: Limits) Error!void {
    const text = line.in(window);
    const method_end = std.mem.indexOfScalar(u8, text, ' ') orelse return error.InvalidRequestLine;
    const method = text[0..method_end];
    if (method.len == 0) return error.InvalidRequestLine;
    for (method) |byte| if (!chars.tchar.has(byte)) return error.InvalidRequestLine;
    if (method.len > method_bytes_max) return error.MethodTooLong;

    const target_start = method_end + 1;
    const target_len = std.mem.indexOfScalar(u8, text[target_start..], ' ') orelse return error.InvalidRequestLine;
    if (target_len == 0) return error.InvalidRequestLine;
    const target: Span = .{ .offset = @intCast(line.offset + target_start), .len = @intCast(target_len) };
    if (target.len > limits.target_bytes) return error.TargetTooLong;

    request.head.minor_version = head_zig.httpVersion(text[target_start + target_len + 1 ..]) catch |err| switch (err) {
        error.InvalidVersion => return error.InvalidRequestLine,
        error.UnsupportedVersion => |unsupported| return unsupported,
    };
    try requestTarget(window, method, target, request);
    request.target = target;
    request.method = .{ .offset = line.offset, .len = @intCast(method.len) };
    request.head.fields_start = request.head.line_start;
}

/// RFC 9112 section 3.2. Sets the form and, where the target names it, the authority.
fn requestTarget(
    window: []const u8,
    method: []const u8,
    target: Span,
    request: *RequestHead,
) error{InvalidTarget}!void {
    const text = target.in(window);
    if (std.mem.indexOfScalar(u8, text, '#') != null) return error.InvalidTarget;

    if (std.mem.eql(u8, method, "CONNECT")) {
        // RFC 9110 section 9.3.6: both host and port are required.
        const parsed = authority.parse(text) catch return error.InvalidTarget;
        if (parsed.host.len == 0 or parsed.port == null) return error.InvalidTarget;
        request.target_form = .authority;
        request.authority = target;
    } else if (text[0] == '/') {
        request.target_form = .origin;
    } else if (text.len == 1 and text[0] == '*') {
        if (!std.mem.eql(u8, method, "OPTIONS")) return error.InvalidTarget;
        request.target_form = .asterisk;
    } else {
        const scheme_len = inline for (.{ "http://", "https://" }) |scheme| {
            if (std.ascii.startsWithIgnoreCase(text, scheme)) break scheme.len;
        } else return error.InvalidTarget;
        const end = std.mem.indexOfAnyPos(u8, text, scheme_len, "/?") orelse text.len;
        const parsed = authority.parse(text[scheme_len..end]) catch return error.InvalidTarget;
        // RFC 9110 section 4.2.1: an http URI without a host is invalid.
        if (parsed.host.len == 0) return error.InvalidTarget;
        request.target_form = .absolute;
        request.authority = .{ .offset = @intCast(target.offset + scheme_len), .len = @intCast(end - scheme_len) };
    }
}

/// Takes note of the fields that frame the message or steer the connection.
fn interpret(name: []const u8, value_span: Span, window: []const u8, request: *RequestHead) Error!void {
    const value = value_span.in(window);
    const head = &request.head;
    const flags = &head.flags;
    switch (name.len) {
        "host".len => if (is(name, "host")) {
            if (flags.has_host) return error.InvalidHost;
            _ = authority.parse(value) catch return error.InvalidHost;
            flags.has_host = true;
            if (request.authority.len == 0) request.authority = value_span;
        },
        "expect".len => if (is(name, "expect")) {
            if (equals(value, "100-continue")) flags.expect_continue = true else flags.expect_unknown = true;
        },
        "upgrade".len => if (is(name, "upgrade")) {
            flags.has_upgrade = true;
        },
        "connection".len => if (is(name, "connection")) head.connection(value),
        "content-length".len => if (is(name, "content-length")) {
            if (flags.has_content_length or flags.chunked) return error.InvalidContentLength;
            head.content_length = try head_zig.contentLength(value);
            flags.has_content_length = true;
        },
        "transfer-encoding".len => if (is(name, "transfer-encoding")) try head.transferEncoding(value),
        else => {},
    }
}

/// The empty line has been read: what only the whole head can say.
fn finish(window: []const u8, request: *RequestHead) error{InvalidHost}!u32 {
    const flags = &request.head.flags;
    const is_http_1_1 = request.head.minor_version == 1;
    if (is_http_1_1 and !flags.has_host) return error.InvalidHost;
    // An HTTP/1.0 client knows neither (RFC 9110 sections 10.1.1 and 7.8).
    flags.expect_continue = flags.expect_continue and is_http_1_1;
    flags.upgrade = flags.has_upgrade and flags.connection_upgrade and is_http_1_1;
    return request.head.finish(window);
}

const testing = std.testing;
const Fields = @import("head_fields.zig").Fields;

test {
    _ = @import("request_head_fuzz.zig");
}

/// One head, parsed whole.
const Parsed = struct {
    text: [20_000]u8 = undefined,
    request: RequestHead = .{},
    consumed: ?usize = null,

    fn of(input: []const u8, limits: Limits) Error!Parsed {
        var parsed: Parsed = .{};
        @memcpy(parsed.text[0..input.len], input);
        if (try parse(parsed.text[0..input.len], &parsed.request, limits)) |consumed| parsed.consumed = consumed;
        return parsed;
    }

    fn fields(parsed: *const Parsed) Fields {
        return .of(parsed.text[0..parsed.consumed.?], parsed.request.head);
    }
};

fn expectHead(input: []const u8) !Parsed {
    const parsed = try Parsed.of(input, .{});
    try testing.expectEqual(input.len, parsed.consumed);
    return parsed;
}

fn expectErrors(expected: Error, inputs: []const []const u8) !void {
    for (inputs) |input| {
        errdefer std.debug.print("input: {f}\n", .{std.ascii.hexEscape(input, .lower)});
        try testing.expectError(expected, Parsed.of(input, .{}));
    }
}

const host = "Host: x\r\n";

test "a head gives its parts as offsets into the input" {
    const input = "POST /a?b=%20 HTTP/1.1\r\n" ++
        "Host: example.org:8080\r\n" ++
        "content-LENGTH:\t 12 \t\r\n" ++
        "X-Empty:\r\n" ++
        "\r\n" ++
        "hello, world";
    const parsed = try Parsed.of(input, .{});
    const request = parsed.request;
    const head = request.head;
    try testing.expectEqual(input.len - "hello, world".len, parsed.consumed);
    try testing.expectEqualStrings("POST", request.method.in(input));
    try testing.expectEqualStrings("/a?b=%20", request.target.in(input));
    try testing.expectEqual(TargetForm.origin, request.target_form);
    try testing.expectEqualStrings("example.org:8080", request.authority.in(input));
    try testing.expectEqual(1, head.minor_version);
    try testing.expectEqual(12, head.content_length);
    const flags: head_zig.Flags = .{ .has_content_length = true, .keep_alive = true, .has_host = true, .ascii = true };
    try testing.expectEqual(flags, head.flags);
    try testing.expectEqual(3, head.field_count);
    var fields = parsed.fields();
    const expected = .{ .{ "host", "example.org:8080" }, .{ "content-length", "12" }, .{ "x-empty", "" } };
    inline for (expected) |pair| {
        const name, const value = fields.next().?;
        try testing.expectEqualStrings(pair[0], name);
        try testing.expectEqualStrings(pair[1], value);
    }
    try testing.expectEqual(null, fields.next());
}

test "empty lines before the request line are skipped, up to a limit" {
    _ = try expectHead("\r\n" ++ "GET / HTTP/1.1\r\n" ++ host ++ "\r\n");
    _ = try expectHead("\r\n" ** empty_lines_max ++ "GET / HTTP/1.1\r\n" ++ host ++ "\r\n");
    try expectErrors(error.InvalidRequestLine, &.{ "\r\n" ** (empty_lines_max + 1), "\n", "\r\r\n" });
}

test "a request line is method, target and version between single spaces" {
    try expectErrors(error.InvalidRequestLine, &.{
        "GET  / HTTP/1.1\r\n",
        "GET /  HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n",
        " GET / HTTP/1.1\r\n",
        "GET / a HTTP/1.1\r\n",
        "GET\t/ HTTP/1.1\r\n",
        "GET /\tHTTP/1.1\r\n",
        "GET /\r\n",
        "GET\r\n",
        "GET /HTTP/1.1\r\n",
        "GET  HTTP/1.1\r\n",
        " / HTTP/1.1\r\n",
        "G@T / HTTP/1.1\r\n",
        "GET: / HTTP/1.1\r\n",
        "G\xc3\x89T / HTTP/1.1\r\n",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r \n",
        "GET / HTTP/1.1\x00\r\n",
    });
}

test "control characters, bytes above 0x7e and # are refused in a target" {
    for (0..256) |value| {
        const byte: u8 = @intCast(value);
        var input = "GET /aXb HTTP/1.1\r\nHost: x\r\n\r\n".*;
        input["GET /a".len] = byte;
        const parsed = Parsed.of(&input, .{});
        if (byte == '#') {
            try testing.expectError(error.InvalidTarget, parsed);
        } else if (byte > ' ' and byte < 0x7f) {
            try testing.expectEqual(input.len, (try parsed).consumed);
        } else {
            try testing.expectError(error.InvalidRequestLine, parsed);
        }
    }
}

test "each target form belongs to its methods" {
    const cases = .{
        .{ "GET /", TargetForm.origin, "x" },
        .{ "GET //example.org/..", TargetForm.origin, "x" },
        .{ "OPTIONS /", TargetForm.origin, "x" },
        .{ "OPTIONS *", TargetForm.asterisk, "x" },
        .{ "GET http://example.org", TargetForm.absolute, "example.org" },
        .{ "GET HTTP://example.org:80/p?q", TargetForm.absolute, "example.org:80" },
        .{ "OPTIONS https://[::1]?q", TargetForm.absolute, "[::1]" },
        .{ "CONNECT example.org:443", TargetForm.authority, "example.org:443" },
        .{ "CONNECT [::1]:443", TargetForm.authority, "[::1]:443" },
    };
    inline for (cases) |case| {
        const input = case[0] ++ " HTTP/1.1\r\n" ++ host ++ "\r\n";
        const parsed = try expectHead(input);
        try testing.expectEqual(case[1], parsed.request.target_form);
        try testing.expectEqualStrings(case[2], parsed.request.authority.in(input));
    }
    try expectErrors(error.InvalidTarget, &.{
        "GET * HTTP/1.1\r\n",
        "OPTIONS ** HTTP/1.1\r\n",
        "GET example.org:443 HTTP/1.1\r\n",
        "GET a HTTP/1.1\r\n",
        "GET ?a HTTP/1.1\r\n",
        "GET ftp://example.org/ HTTP/1.1\r\n",
        "GET http:/example.org/ HTTP/1.1\r\n",
        "GET http:// HTTP/1.1\r\n",
        "GET http:///a HTTP/1.1\r\n",
        "GET http://:80/ HTTP/1.1\r\n",
        "GET http://user@example.org/ HTTP/1.1\r\n",
        "GET http://example.org:65536/ HTTP/1.1\r\n",
        "CONNECT / HTTP/1.1\r\n",
        "CONNECT example.org HTTP/1.1\r\n",
        "CONNECT example.org: HTTP/1.1\r\n",
        "CONNECT :443 HTTP/1.1\r\n",
        "CONNECT http://example.org:443 HTTP/1.1\r\n",
    });
}

test "HTTP/1.1 and 1.0 are spoken, 1.2 and up are served as 1.1, other versions are refused" {
    try testing.expectEqual(1, (try expectHead("GET / HTTP/1.1\r\n" ++ host ++ "\r\n")).request.head.minor_version);
    try testing.expectEqual(1, (try expectHead("GET / HTTP/1.9\r\n" ++ host ++ "\r\n")).request.head.minor_version);
    try testing.expectEqual(0, (try expectHead("GET / HTTP/1.0\r\n\r\n")).request.head.minor_version);
    try expectErrors(error.UnsupportedVersion, &.{
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/2.0\r\n",
        "GET / HTTP/0.9\r\n",
        "GET / HTTP/9.9\r\n",
    });
    try expectErrors(error.InvalidRequestLine, &.{
        "GET / http/1.1\r\n",
        "GET / HTTP/1\r\n",
        "GET / HTTP/1.\r\n",
        "GET / HTTP/1.10\r\n",
        "GET / HTTP/11.\r\n",
        "GET / HTTP/+1.1\r\n",
        "GET / HTTP/1,1\r\n",
        "GET / HTTP 1.1\r\n",
        "GET / ICE/1.1\r\n",
    });
}

test "exactly one valid Host is needed in HTTP/1.1, and at most one in HTTP/1.0" {
    for ([_][]const u8{ "x", "", "example.org:80", "[2001:db8::1]:80", "a%20b", "10.0.0.1" }) |value| {
        var buffer: [64]u8 = undefined;
        const input = try std.fmt.bufPrint(&buffer, "GET / HTTP/1.1\r\nhOST:{s}\r\n\r\n", .{value});
        try testing.expectEqualStrings(value, (try expectHead(input)).request.authority.in(input));
    }
    try expectErrors(error.InvalidHost, &.{
        "GET / HTTP/1.1\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" ++ host ++ host ++ "\r\n",
        "GET / HTTP/1.1\r\n" ++ host ++ "HOST: y\r\n\r\n",
        "GET / HTTP/1.0\r\n" ++ host ++ host ++ "\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [:::]\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \xc3\xbc\r\n\r\n",
    });
}

test "a field line is token, colon, text and CRLF" {
    const start = "GET / HTTP/1.1\r\n" ++ host;
    try expectErrors(error.InvalidFieldLine, &.{
        start ++ "A : b\r\n\r\n",
        start ++ "A\t: b\r\n\r\n",
        start ++ ": b\r\n\r\n",
        start ++ "A\r\n\r\n",
        start ++ " A: b\r\n\r\n",
        start ++ "\tA: b\r\n\r\n",
        "GET / HTTP/1.1\r\n " ++ host ++ "\r\n",
        start ++ "A B: b\r\n\r\n",
        start ++ "A\x80: b\r\n\r\n",
        start ++ "A(: b\r\n\r\n",
        start ++ "A: b\n\r\n",
        start ++ "A: b\r\n\n",
        start ++ "A: b\n\n",
        start ++ "A: b\rc\r\n\r\n",
        start ++ "A: b\r\r\n\r\n",
        start ++ "A: b\x00c\r\n\r\n",
        start ++ "A: b\x7fc\r\n\r\n",
        start ++ "A: b\x1fc\r\n\r\n",
        start ++ "\r\r\n",
    });
    const input = start ++ "A!#$%&'*+-.^_`|~09azAZ: \t b\tc \x80\xff!~ \t\r\n\r\n";
    const parsed = try expectHead(input);
    var fields = parsed.fields();
    _ = fields.next();
    const name, const value = fields.next().?;
    try testing.expectEqualStrings("a!#$%&'*+-.^_`|~09azaz", name);
    try testing.expectEqualStrings("b\tc \x80\xff!~", value);
    try testing.expect(!parsed.request.head.flags.ascii);
}

test "Content-Length is one run of digits up to 2^53 - 1, given once" {
    const start = "POST / HTTP/1.1\r\n" ++ host;
    const cases = .{ .{ "0", 0 }, .{ "3", 3 }, .{ "0003", 3 }, .{ "9007199254740991", head_zig.content_length_max } };
    inline for (cases) |case| {
        const parsed = try expectHead(start ++ "Content-Length: " ++ case[0] ++ "\r\n\r\n");
        try testing.expectEqual(case[1], parsed.request.head.content_length);
        try testing.expect(parsed.request.head.flags.has_content_length);
    }
    inline for (.{
        "",    "+3",  "-3",   "0x3", "3.0", "1e3",  "3a",               "\"3\"",
        "3,3", "5,5", "5, 5", "1 2", "3;",  "\xb2", "9007199254740992", "99999999999999999999999999999999999999",
    }) |value| {
        try expectErrors(error.InvalidContentLength, &.{start ++ "Content-Length: " ++ value ++ "\r\n\r\n"});
    }
    try expectErrors(error.InvalidContentLength, &.{
        start ++ "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        start ++ "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        start ++ "Content-Length: 5\r\nA: b\r\ncontent-length: 5\r\n\r\n",
    });
}

test "Transfer-Encoding is chunked, alone: 400 where the framing is unclear, 501 where only the coding is unknown" {
    const start = "POST / HTTP/1.1\r\n" ++ host;
    inline for (.{ "chunked", "Chunked", "CHUNKED \t" }) |value| {
        const parsed = try expectHead(start ++ "Transfer-Encoding: " ++ value ++ "\r\n\r\n");
        try testing.expect(parsed.request.head.flags.chunked);
    }
    inline for (.{
        "",              "xchunked",        "chunkedx",       "identity",     "gzip",                "chunked;a=b",
        "chunked, gzip", "chunked,chunked", "gzip, xchunked", ",chunked",     "chunked,",            "chunked identity",
        "\"chunked\"",   "chun ked",        "chunked\xa0",    "a b, chunked", "gzip;a=\",chunked\"", "chunked;a, chunked",
    }) |value| {
        try expectErrors(error.InvalidTransferEncoding, &.{start ++ "Transfer-Encoding: " ++ value ++ "\r\n\r\n"});
    }
    try expectErrors(error.UnknownTransferCoding, &.{
        start ++ "Transfer-Encoding: gzip, chunked\r\n\r\n",
        start ++ "Transfer-Encoding: gzip;q=1 , a,CHUNKED\r\n\r\n",
    });
    try expectErrors(error.InvalidTransferEncoding, &.{
        start ++ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        start ++ "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n",
        start ++ "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    });
    try expectErrors(error.InvalidContentLength, &.{
        start ++ "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    });
}

test "keep-alive follows the version, then Connection, where close wins" {
    const cases = .{
        .{ "1.1", "", true },
        .{ "1.1", "Connection: close\r\n", false },
        .{ "1.1", "Connection: a, \t,CLOSE ,b\r\n", false },
        .{ "1.1", "Connection: keep-alive\r\nConnection: close\r\n", false },
        .{ "1.1", "Connection: closed\r\n", true },
        .{ "1.0", "", false },
        .{ "1.0", "Connection: Keep-Alive\r\n", true },
        .{ "1.0", "Connection: close, keep-alive\r\n", false },
    };
    inline for (cases) |case| {
        const parsed = try expectHead("GET / HTTP/" ++ case[0] ++ "\r\n" ++ host ++ case[1] ++ "\r\n");
        try testing.expectEqual(case[2], parsed.request.head.flags.keep_alive);
    }
}

test "Expect and Upgrade are for HTTP/1.1, and Upgrade needs Connection to name it" {
    const both = "Expect: 100-Continue\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    const start = "GET / HTTP/1.1\r\n" ++ host;
    const new = (try expectHead(start ++ both ++ "\r\n")).request.head.flags;
    try testing.expect(new.expect_continue and new.upgrade and !new.expect_unknown);
    const old = (try expectHead("GET / HTTP/1.0\r\n" ++ host ++ both ++ "\r\n")).request.head.flags;
    try testing.expect(!old.expect_continue and !old.upgrade and !old.expect_unknown);
    const odd = (try expectHead(start ++ "Expect: 100-continue, a\r\nUpgrade: h2c\r\n\r\n")).request.head.flags;
    try testing.expect(!odd.expect_continue and !odd.upgrade and odd.expect_unknown);
}

test "each limit is met exactly and has its own error" {
    const input = "GET /abc HTTP/1.1\r\n" ++ host ++ "A: b\r\n\r\n";
    const exact: Limits = .{ .head_bytes = input.len, .target_bytes = "/abc".len };
    try testing.expectEqual(input.len, (try Parsed.of(input, exact)).consumed);
    try testing.expectError(error.HeadTooLarge, Parsed.of(input, .{ .head_bytes = input.len - 1 }));
    try testing.expectError(error.HeadTooLarge, Parsed.of(input, .{ .head_bytes = 0 }));
    try testing.expectError(error.TargetTooLong, Parsed.of(input, .{ .target_bytes = "/abc".len - 1 }));

    try testing.expectEqual(input.len, (try Parsed.of(input, .{ .field_count = 2 })).consumed);
    try testing.expectError(error.TooManyFields, Parsed.of(input, .{ .field_count = 1 }));

    _ = try expectHead("M" ** method_bytes_max ++ " / HTTP/1.1\r\n" ++ host ++ "\r\n");
    try expectErrors(error.MethodTooLong, &.{
        "M" ** (method_bytes_max + 1) ++ " / HTTP/1.1\r\n",
        "M" ** 9000,
    });
    try expectErrors(error.TargetTooLong, &.{"GET /" ++ "a" ** 9000});
    try expectErrors(error.HeadTooLarge, &.{"GET / HTTP/1.1\r\nA: " ++ "a" ** 17000});
}

test "bytes that can begin no request are refused at once" {
    // A TLS ClientHello, a NUL, a line feed, UTF-8's byte order mark.
    try expectErrors(error.InvalidRequestLine, &.{ "\x16\x03\x01\x02\x00", "\x00", "\n", "\xef\xbb\xbfGET", "\x7f" });
}

test "a head that this input did not produce is refused" {
    var input = "GET / HTTP/1.1\r\n".*;
    for ([_]Head{ .{ .scanned = 17 }, .{ .line_start = 2, .scanned = 1 } }) |head| {
        var request: RequestHead = .{ .head = head };
        try testing.expectError(error.InvalidState, parse(&input, &request, .{}));
    }
    for ([_]Limits{ .{ .head_bytes = 8 }, .{ .target_bytes = 0 } }) |narrower| {
        var request: RequestHead = .{ .head = .{ .scanned = 9 + 40 } };
        var long = ("GET / HTTP/1.1" ++ " " ** 60).*;
        try testing.expectError(error.InvalidState, parse(&long, &request, narrower));
    }
}

test "CVE-2021-22959: space before a field's colon" {
    const start = "POST / HTTP/1.1\r\n" ++ host;
    try expectErrors(error.InvalidFieldLine, &.{
        start ++ "Content-Length : 5\r\n\r\nhello",
        start ++ "Transfer-Encoding : chunked\r\n\r\n",
    });
}

test "CVE-2022-32213: Transfer-Encoding that is not exactly chunked" {
    const start = "POST / HTTP/1.1\r\n" ++ host;
    try expectErrors(error.InvalidTransferEncoding, &.{
        start ++ "Transfer-Encoding: chunked, identity\r\n\r\n",
        start ++ "Transfer-Encoding: chunkedchunked\r\n\r\n",
    });
}

test "CVE-2022-32214: field lines delimited by a line feed alone" {
    try expectErrors(error.InvalidFieldLine, &.{
        "GET / HTTP/1.1\r\n" ++ host ++ "Dummy: x\nContent-Length: 23\r\n\r\n",
        "GET / HTTP/1.1\r\n" ++ host ++ "Dummy: x\n\r\n",
    });
}

test "CVE-2022-32215: Transfer-Encoding over several lines" {
    try expectErrors(error.InvalidTransferEncoding, &.{
        "POST / HTTP/1.1\r\n" ++ host ++ "Transfer-Encoding:\r\n chunked\r\n\r\n",
    });
    try expectErrors(error.InvalidFieldLine, &.{
        "POST / HTTP/1.1\r\n" ++ host ++ "A: b\r\n , chunked\r\n\r\n",
    });
}

test "CVE-2022-35256: obs-fold, after a value and after an empty one" {
    const start = "POST / HTTP/1.1\r\n" ++ host;
    try expectErrors(error.InvalidFieldLine, &.{
        start ++ "X-Abc:\r\n x\r\n\r\n",
        start ++ "X-Abc:\r\n\tx\r\n\r\n",
        start ++ "X-Abc: a\r\n \r\n\r\n",
        start ++ "X-Abc:\rxTransfer-Encoding: chunked\r\n\r\n",
    });
}

test "CVE-2023-30589: a carriage return alone as delimiter" {
    try expectErrors(error.InvalidFieldLine, &.{
        "POST / HTTP/1.1\r\n" ++ host ++ "X-Abc:\rContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\n" ++ host ++ "X-Abc: a\rContent-Length: 5\r\n\r\nhello",
    });
}

test "CVE-2025-23167: a head ended by CRLF and a carriage return before another byte" {
    try expectErrors(error.InvalidFieldLine, &.{
        "GET / HTTP/1.1\r\n" ++ host ++ "\r\rX",
        "GET / HTTP/1.1\r\n" ++ host ++ "A: b\r\n\rX: y\r\n\r\n",
    });
}

test "CVE-2026-1525: Content-Length repeated in another case" {
    try expectErrors(error.InvalidContentLength, &.{
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 5\r\ncontent-length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\n" ++ host ++ "CONTENT-LENGTH: 0\r\nContent-Length: 5\r\n\r\n",
    });
}

test "CVE-2026-1528, of frames there: lengths that need 64 bits" {
    try expectErrors(error.InvalidContentLength, &.{
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 18446744073709551615\r\n\r\n",
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 18446744073709551616\r\n\r\n",
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 9223372036854775808\r\n\r\n",
    });
}
