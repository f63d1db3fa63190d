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
//! one look at each byte however it is cut into pieces. The answer depends on the bytes alone, never on the cuts:
//! lines are judged in order, each when it is whole, or as soon as it holds a byte that no line may.
//! Nothing is copied; every result is an offset into the input.

const std = @import("std");
const chars = @import("chars.zig");
const authority = @import("authority.zig");

/// A longer method is none that anybody implements (RFC 9112 section 3).
pub const method_bytes_max = 32;

/// Empty lines that may precede a request line. RFC 9112 section 2.2 asks for one at least: some clients end a
/// body with a CRLF that they don't count.
pub const empty_lines_max = 4;

/// The largest length that a host's number holds exactly, 2^53 - 1.
pub const content_length_max = (1 << 53) - 1;

pub const Limits = struct {
    /// From the first byte of input to the empty line that ends the head.
    head_bytes: u32 = 16 * 1024,
    target_bytes: u32 = 8 * 1024,
};

/// The answer that RFC 9112 or 9110 demands for each is the number in front.
pub const Error = error{
    /// 400: not three parts between single spaces, a method that is no token, or a byte that is not visible ASCII.
    InvalidRequestLine,
    /// 400: a target in none of the four forms, or in one that its method does not take.
    InvalidTarget,
    /// 400: a field line without a name, with space before the colon, folded, or holding a control character;
    /// a line that ends in anything but CRLF.
    InvalidFieldLine,
    /// 400: no Host in HTTP/1.1, more than one, or one that is not host [ ":" port ].
    InvalidHost,
    /// 400: not one run of digits up to 2^53 - 1, given once and without Transfer-Encoding.
    InvalidContentLength,
    /// 400: not `chunked`, given once, without Content-Length, in HTTP/1.1.
    InvalidTransferEncoding,
    /// 414: a target longer than its limit.
    TargetTooLong,
    /// 431: a head longer than its limit.
    HeadTooLarge,
    /// 431: more field lines than the caller has room for.
    TooManyFields,
    /// 501: a method longer than `method_bytes_max`.
    MethodTooLong,
    /// 501: chunked over a coding that nobody here understands.
    UnknownTransferCoding,
    /// 505: an HTTP version whose major number is not 1.
    UnsupportedVersion,
    /// The caller's mistake: a head that this input and these fields did not produce.
    InvalidState,
};

/// Bytes `offset` to `offset + len` of the input.
pub const Span = extern struct {
    offset: u32 = 0,
    len: u32 = 0,

    pub fn in(span: Span, input: []const u8) []const u8 {
        return input[span.offset..][0..span.len];
    }
};

pub const Field = extern struct {
    name: Span,
    /// Without the white space around it; may be empty.
    value: Span,
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

pub const Flags = packed struct(u32) {
    chunked: bool = false,
    has_content_length: bool = false,
    /// The connection may carry another request after this one (RFC 9112 section 9.3).
    keep_alive: bool = false,
    /// The client waits for 100 (Continue) before it sends the content (RFC 9110 section 10.1.1).
    expect_continue: bool = false,
    /// An expectation other than 100-continue: 417 is the answer.
    expect_unknown: bool = false,
    /// Upgrade is offered, and Connection says so too (RFC 9110 section 7.8).
    upgrade: bool = false,
    has_host: bool = false,
    /// No byte of the head is above 0x7f.
    ascii: bool = false,

    // What `keep_alive` and `upgrade` are made of when the head is whole.
    connection_close: bool = false,
    connection_keep_alive: bool = false,
    connection_upgrade: bool = false,
    has_upgrade: bool = false,

    unused: u20 = 0,
};

/// What the head says, and how far it has been read. All zero is the state before the first byte.
pub const Head = extern struct {
    content_length: u64 = 0,
    flags: Flags = .{},
    /// 0 or 1; a higher one is served as 1 (RFC 9110 section 2.5).
    minor_version: u32 = 0,
    /// Empty until the request line has been read.
    method: Span = .{},
    target: Span = .{},
    target_form: TargetForm = .origin,
    /// Host and port of the target: from an absolute-form or authority-form target, else from Host. May be empty.
    authority: Span = .{},
    field_count: u32 = 0,
    /// Where the line begins that is not whole yet.
    line_start: u32 = 0,
    /// Where to go on looking for its end.
    scanned: u32 = 0,
    empty_lines: u32 = 0,
    unused: u32 = 0,
};

comptime {
    // The host reads both as 32-bit words.
    std.debug.assert(@sizeOf(Head) == 16 * 4 and @offsetOf(Head, "flags") == 2 * 4);
    std.debug.assert(@offsetOf(Head, "method") == 4 * 4 and @offsetOf(Head, "target_form") == 8 * 4);
    std.debug.assert(@offsetOf(Head, "authority") == 9 * 4 and @offsetOf(Head, "field_count") == 11 * 4);
    std.debug.assert(@sizeOf(Field) == 4 * 4);
}

/// Reads the head that begins at `input[0]`. The length of the head, or null if more bytes are needed: then call
/// again with the same `head`, `fields` and `limits`, and an input that holds the earlier bytes at the same offsets.
pub fn parse(input: []const u8, head: *Head, fields: []Field, limits: Limits) Error!?u32 {
    if (head.line_start > head.scanned or head.field_count > fields.len) return error.InvalidState;
    const window = input[0..@min(input.len, limits.head_bytes)];

    while (head.method.len == 0) {
        const line_max = method_bytes_max + " ".len + @as(u64, limits.target_bytes) + " HTTP/1.1".len;
        const line_window = window[0..@min(window.len, head.line_start + line_max + "\r\n".len)];
        const line = try nextLine(line_window, chars.notRequestLineText, head) orelse {
            const begun = line_window[head.line_start..];
            return if (begun.len < line_max + "\r\n".len) incomplete(window, limits) else overlong(begun);
        };
        if (line.len == 0) {
            if (head.empty_lines >= empty_lines_max) return error.InvalidRequestLine;
            head.empty_lines += 1;
        } else {
            try requestLine(window, line, head, limits);
        }
    }
    while (true) {
        const line = try nextLine(window, chars.notFieldText, head) orelse return incomplete(window, limits);
        if (line.len == 0) return try finish(window, head);
        if (head.field_count == fields.len) return error.TooManyFields;
        const field = try fieldLine(window, line);
        try interpret(field.name.in(window), field.value, window, head);
        fields[head.field_count] = field;
        head.field_count += 1;
    }
}

/// The next line without its CRLF, or null if it is not whole. `stops` finds the bytes that it may not hold, CR
/// and LF among them.
inline fn nextLine(window: []const u8, comptime stops: chars.Search, head: *Head) Error!?Span {
    if (head.scanned > window.len) return error.InvalidState;
    const end = chars.indexOfFirst(stops, window, head.scanned);
    head.scanned = @intCast(end);
    if (end == window.len) return null;
    const malformed = if (head.method.len == 0) error.InvalidRequestLine else error.InvalidFieldLine;
    if (window[end] != '\r') return malformed;
    if (end + 1 == window.len) return null;
    if (window[end + 1] != '\n') return malformed;

    const start = head.line_start;
    head.line_start = @intCast(end + 2);
    head.scanned = head.line_start;
    return .{ .offset = start, .len = @intCast(end - start) };
}

fn incomplete(window: []const u8, limits: Limits) error{HeadTooLarge}!?u32 {
    return if (window.len < limits.head_bytes) null else error.HeadTooLarge;
}

/// What is wrong with a line that is longer than any request line may be.
fn overlong(line: []const u8) Error {
    const method = line[0..@min(line.len, method_bytes_max + 1)];
    return if (std.mem.indexOfScalar(u8, method, ' ') == null) error.MethodTooLong else error.TargetTooLong;
}

/// RFC 9112 section 3. The version is judged before the target, so that HTTP/2's preface gets its 505.
fn requestLine(window: []const u8, line: Span, head: *Head, limits: Limits) Error!void {
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

    head.minor_version = try httpVersion(text[target_start + target_len + 1 ..]);
    try requestTarget(window, method, target, head);
    head.target = target;
    head.method = .{ .offset = line.offset, .len = @intCast(method.len) };
}

/// HTTP-version = "HTTP/" DIGIT "." DIGIT; the minor version to serve, 0 or 1.
fn httpVersion(text: []const u8) error{ InvalidRequestLine, UnsupportedVersion }!u32 {
    if (text.len != "HTTP/1.1".len or !std.mem.startsWith(u8, text, "HTTP/")) return error.InvalidRequestLine;
    const major, const point, const minor = text["HTTP/".len..][0..3].*;
    if (!std.ascii.isDigit(major) or point != '.' or !std.ascii.isDigit(minor)) return error.InvalidRequestLine;
    if (major != '1') return error.UnsupportedVersion;
    return @min(minor - '0', 1);
}

/// RFC 9112 section 3.2. Sets the form and, where the target names it, the authority.
fn requestTarget(window: []const u8, method: []const u8, target: Span, head: *Head) error{InvalidTarget}!void {
    const text = target.in(window);
    if (std.mem.indexOfScalar(u8, text, '#') != null) return error.InvalidTarget;

    if (std.mem.eql(u8, method, "CONNECT")) {
        // RFC 9110 section 9.3.6: both host and port are required.
        const parsed = authority.parse(text) catch return error.InvalidTarget;
        if (parsed.host.len == 0 or parsed.port == null) return error.InvalidTarget;
        head.target_form = .authority;
        head.authority = target;
    } else if (text[0] == '/') {
        head.target_form = .origin;
    } else if (text.len == 1 and text[0] == '*') {
        if (!std.mem.eql(u8, method, "OPTIONS")) return error.InvalidTarget;
        head.target_form = .asterisk;
    } else {
        const scheme_len = inline for (.{ "http://", "https://" }) |scheme| {
            if (std.ascii.startsWithIgnoreCase(text, scheme)) break scheme.len;
        } else return error.InvalidTarget;
        const end = std.mem.indexOfAnyPos(u8, text, scheme_len, "/?") orelse text.len;
        const parsed = authority.parse(text[scheme_len..end]) catch return error.InvalidTarget;
        // RFC 9110 section 4.2.1: an http URI without a host is invalid.
        if (parsed.host.len == 0) return error.InvalidTarget;
        head.target_form = .absolute;
        head.authority = .{ .offset = @intCast(target.offset + scheme_len), .len = @intCast(end - scheme_len) };
    }
}

/// RFC 9112 section 5. A line that begins with white space, be it an obs-fold or not, has no name.
fn fieldLine(window: []const u8, line: Span) error{InvalidFieldLine}!Field {
    const line_end = line.offset + line.len;
    const colon = chars.indexOfFirst(chars.notTchar, window, line.offset);
    if (colon == line.offset or window[colon] != ':') return error.InvalidFieldLine;
    var start = colon + 1;
    var end: usize = line_end;
    while (start < end and isWhitespace(window[start])) start += 1;
    while (end > start and isWhitespace(window[end - 1])) end -= 1;
    return .{
        .name = .{ .offset = line.offset, .len = @intCast(colon - line.offset) },
        .value = .{ .offset = @intCast(start), .len = @intCast(end - start) },
    };
}

/// Takes note of the fields that frame the message or steer the connection.
fn interpret(name: []const u8, value_span: Span, window: []const u8, head: *Head) Error!void {
    const value = value_span.in(window);
    const flags = &head.flags;
    switch (name.len) {
        "host".len => if (equals(name, "host")) {
            if (flags.has_host) return error.InvalidHost;
            _ = authority.parse(value) catch return error.InvalidHost;
            flags.has_host = true;
            if (head.authority.len == 0) head.authority = value_span;
        },
        "expect".len => if (equals(name, "expect")) {
            if (equals(value, "100-continue")) flags.expect_continue = true else flags.expect_unknown = true;
        },
        "upgrade".len => if (equals(name, "upgrade")) {
            flags.has_upgrade = true;
        },
        "connection".len => if (equals(name, "connection")) {
            var options = std.mem.splitScalar(u8, value, ',');
            while (options.next()) |text| {
                const option = std.mem.trim(u8, text, " \t");
                if (equals(option, "close")) flags.connection_close = true;
                if (equals(option, "keep-alive")) flags.connection_keep_alive = true;
                if (equals(option, "upgrade")) flags.connection_upgrade = true;
            }
        },
        "content-length".len => if (equals(name, "content-length")) {
            if (flags.has_content_length or flags.chunked) return error.InvalidContentLength;
            head.content_length = try contentLength(value);
            flags.has_content_length = true;
        },
        "transfer-encoding".len => if (equals(name, "transfer-encoding")) {
            if (flags.chunked or flags.has_content_length) return error.InvalidTransferEncoding;
            // RFC 9112 section 6.1: in HTTP/1.0 the framing is faulty by definition.
            if (head.minor_version == 0) return error.InvalidTransferEncoding;
            try transferEncoding(value);
            flags.chunked = true;
        },
        else => {},
    }
}

/// Content-Length = 1*DIGIT (RFC 9110 section 8.6), leading zeros included.
fn contentLength(digits: []const u8) error{InvalidContentLength}!u64 {
    if (digits.len == 0) return error.InvalidContentLength;
    var length: u64 = 0;
    for (digits) |digit| {
        if (!std.ascii.isDigit(digit)) return error.InvalidContentLength;
        length = length * 10 + (digit - '0');
        if (length > content_length_max) return error.InvalidContentLength;
    }
    return length;
}

/// RFC 9112 section 6.1 asks for 501 where a coding is unknown, section 6.3 for 400 where the last one is not
/// chunked, for then nobody knows where the message ends. Chunked has no parameters and is applied once (section 7).
fn transferEncoding(value: []const u8) error{ InvalidTransferEncoding, UnknownTransferCoding }!void {
    if (equals(value, "chunked")) return;
    const comma = std.mem.lastIndexOfScalar(u8, value, ',') orelse return error.InvalidTransferEncoding;
    if (!equals(std.mem.trim(u8, value[comma + 1 ..], " \t"), "chunked")) return error.InvalidTransferEncoding;
    var codings = std.mem.splitScalar(u8, value[0..comma], ',');
    while (codings.next()) |coding| {
        const name_len = std.mem.indexOfScalar(u8, coding, ';') orelse coding.len;
        const name = std.mem.trim(u8, coding[0..name_len], " \t");
        if (name.len == 0 or equals(name, "chunked")) return error.InvalidTransferEncoding;
        for (name) |byte| if (!chars.tchar.has(byte)) return error.InvalidTransferEncoding;
    }
    return error.UnknownTransferCoding;
}

/// The empty line has been read: what only the whole head can say.
fn finish(window: []const u8, head: *Head) error{InvalidHost}!u32 {
    const flags = &head.flags;
    const is_http_1_1 = head.minor_version == 1;
    if (is_http_1_1 and !flags.has_host) return error.InvalidHost;
    flags.keep_alive = !flags.connection_close and (is_http_1_1 or flags.connection_keep_alive);
    // An HTTP/1.0 client knows neither (RFC 9110 sections 10.1.1 and 7.8).
    flags.expect_continue = flags.expect_continue and is_http_1_1;
    flags.upgrade = flags.has_upgrade and flags.connection_upgrade and is_http_1_1;
    flags.ascii = chars.isAscii(window[0..head.line_start]);
    return head.line_start;
}

fn isWhitespace(byte: u8) bool {
    return byte == ' ' or byte == '\t';
}

/// Not inlined: its dozen copies were a third of this file's code, and no faster.
noinline fn equals(text: []const u8, other: []const u8) bool {
    return std.ascii.eqlIgnoreCase(text, other);
}

const testing = std.testing;

test {
    _ = @import("head_fuzz.zig");
}

/// One head, parsed whole.
const Parsed = struct {
    head: Head = .{},
    fields: [100]Field = undefined,
    consumed: ?usize = null,

    fn of(input: []const u8, limits: Limits) Error!Parsed {
        var parsed: Parsed = .{};
        if (try parse(input, &parsed.head, &parsed.fields, limits)) |consumed| parsed.consumed = consumed;
        return parsed;
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
    const head = parsed.head;
    try testing.expectEqual(input.len - "hello, world".len, parsed.consumed);
    try testing.expectEqualStrings("POST", head.method.in(input));
    try testing.expectEqualStrings("/a?b=%20", head.target.in(input));
    try testing.expectEqual(TargetForm.origin, head.target_form);
    try testing.expectEqualStrings("example.org:8080", head.authority.in(input));
    try testing.expectEqual(1, head.minor_version);
    try testing.expectEqual(12, head.content_length);
    const flags: Flags = .{ .has_content_length = true, .keep_alive = true, .has_host = true, .ascii = true };
    try testing.expectEqual(flags, head.flags);
    try testing.expectEqual(3, head.field_count);
    const names = .{ "Host", "content-LENGTH", "X-Empty" };
    const values = .{ "example.org:8080", "12", "" };
    inline for (names, values, parsed.fields[0..3]) |name, value, field| {
        try testing.expectEqualStrings(name, field.name.in(input));
        try testing.expectEqualStrings(value, field.value.in(input));
    }
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
        try testing.expectEqual(case[1], parsed.head.target_form);
        try testing.expectEqualStrings(case[2], parsed.head.authority.in(input));
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
    try testing.expectEqual(1, (try expectHead("GET / HTTP/1.1\r\n" ++ host ++ "\r\n")).head.minor_version);
    try testing.expectEqual(1, (try expectHead("GET / HTTP/1.9\r\n" ++ host ++ "\r\n")).head.minor_version);
    try testing.expectEqual(0, (try expectHead("GET / HTTP/1.0\r\n\r\n")).head.minor_version);
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
        try testing.expectEqualStrings(value, (try expectHead(input)).head.authority.in(input));
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
    try testing.expectEqualStrings("A!#$%&'*+-.^_`|~09azAZ", parsed.fields[1].name.in(input));
    try testing.expectEqualStrings("b\tc \x80\xff!~", parsed.fields[1].value.in(input));
    try testing.expect(!parsed.head.flags.ascii);
}

test "Content-Length is one run of digits up to 2^53 - 1, given once" {
    const start = "POST / HTTP/1.1\r\n" ++ host;
    const cases = .{ .{ "0", 0 }, .{ "3", 3 }, .{ "0003", 3 }, .{ "9007199254740991", content_length_max } };
    inline for (cases) |case| {
        const parsed = try expectHead(start ++ "Content-Length: " ++ case[0] ++ "\r\n\r\n");
        try testing.expectEqual(case[1], parsed.head.content_length);
        try testing.expect(parsed.head.flags.has_content_length);
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
        try testing.expect(parsed.head.flags.chunked);
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
        try testing.expectEqual(case[2], parsed.head.flags.keep_alive);
    }
}

test "Expect and Upgrade are for HTTP/1.1, and Upgrade needs Connection to name it" {
    const both = "Expect: 100-Continue\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    const start = "GET / HTTP/1.1\r\n" ++ host;
    const new = (try expectHead(start ++ both ++ "\r\n")).head.flags;
    try testing.expect(new.expect_continue and new.upgrade and !new.expect_unknown);
    const old = (try expectHead("GET / HTTP/1.0\r\n" ++ host ++ both ++ "\r\n")).head.flags;
    try testing.expect(!old.expect_continue and !old.upgrade and !old.expect_unknown);
    const odd = (try expectHead(start ++ "Expect: 100-continue, a\r\nUpgrade: h2c\r\n\r\n")).head.flags;
    try testing.expect(!odd.expect_continue and !odd.upgrade and odd.expect_unknown);
}

test "each limit is met exactly and has its own error" {
    const input = "GET /abc HTTP/1.1\r\n" ++ host ++ "A: b\r\n\r\n";
    const exact: Limits = .{ .head_bytes = input.len, .target_bytes = "/abc".len };
    try testing.expectEqual(input.len, (try Parsed.of(input, exact)).consumed);
    try testing.expectError(error.HeadTooLarge, Parsed.of(input, .{ .head_bytes = input.len - 1 }));
    try testing.expectError(error.HeadTooLarge, Parsed.of(input, .{ .head_bytes = 0 }));
    try testing.expectError(error.TargetTooLong, Parsed.of(input, .{ .target_bytes = "/abc".len - 1 }));

    var head: Head = .{};
    var fields: [2]Field = undefined;
    try testing.expectEqual(@as(?u32, input.len), try parse(input, &head, &fields, .{}));
    head = .{};
    try testing.expectError(error.TooManyFields, parse(input, &head, fields[0..1], .{}));

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
    const input = "GET / HTTP/1.1\r\n";
    var fields: [1]Field = undefined;
    const forged = [_]Head{ .{ .scanned = 17 }, .{ .line_start = 2, .scanned = 1 }, .{ .field_count = 2 } };
    for (forged) |state| {
        var head = state;
        try testing.expectError(error.InvalidState, parse(input, &head, &fields, .{}));
    }
    for ([_]Limits{ .{ .head_bytes = 8 }, .{ .target_bytes = 0 } }) |narrower| {
        var head: Head = .{ .scanned = 9 + 40 };
        const long = "GET / HTTP/1.1" ++ " " ** 60;
        try testing.expectError(error.InvalidState, parse(long, &head, &fields, narrower));
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

test "CVE-2026-1528: lengths that need 64 bits" {
    try expectErrors(error.InvalidContentLength, &.{
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 18446744073709551615\r\n\r\n",
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 18446744073709551616\r\n\r\n",
        "POST / HTTP/1.1\r\n" ++ host ++ "Content-Length: 9223372036854775808\r\n\r\n",
    });
}
