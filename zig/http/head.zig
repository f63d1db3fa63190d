//! What the heads of requests and responses have in common: RFC 9112 sections 2 and 5, and of section 6 the fields
//! that frame a message (Content-Length, Transfer-Encoding) or steer its connection (Connection).
//!
//!     *( field-name ":" OWS field-value OWS CRLF )  CRLF
//!
//! Lines are judged in order, each when it is whole, or as soon as it holds a byte that no line may; so the answer
//! depends on the bytes alone, never on how they were cut into pieces.
//!
//! Heads are read where they lie. What changes there are names, which are made lower case: field names are
//! case-insensitive (RFC 9110 section 5.1), and the host can then search for "\r\n" name ":" and compare as it likes.

const std = @import("std");
const chars = @import("chars.zig");

/// The largest length that a host's number holds exactly, 2^53 - 1.
pub const content_length_max = (1 << 53) - 1;

pub const Error = error{
    /// A field line without a name, with space before the colon, or holding a control character; a line that ends in
    /// anything but CRLF.
    InvalidFieldLine,
    /// Not one run of digits up to 2^53 - 1, without Transfer-Encoding; in a request given once, in a response given
    /// as the same number each time.
    InvalidContentLength,
    /// Not `chunked`, given once, without Content-Length, in HTTP/1.1.
    InvalidTransferEncoding,
    /// Chunked over a coding that nobody here understands.
    UnknownTransferCoding,
    /// An HTTP version whose major number is not 1.
    UnsupportedVersion,
    /// A head longer than its limit.
    HeadTooLarge,
    /// More field lines than the limit.
    TooManyFields,
    /// The caller's mistake: a head that this input did not produce.
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

pub const Field = struct {
    name: []const u8,
    /// Without the white space around it; may be empty.
    value: Span,
};

pub const Flags = packed struct(u32) {
    chunked: bool = false,
    has_content_length: bool = false,
    /// The connection may be used again after this message (RFC 9112 section 9.3).
    keep_alive: bool = false,
    /// No byte of the head is above 0x7f.
    ascii: bool = false,

    // Of requests.

    /// The client waits for 100 (Continue) before it sends the content (RFC 9110 section 10.1.1).
    expect_continue: bool = false,
    /// An expectation other than 100-continue: 417 is the answer.
    expect_unknown: bool = false,
    /// Upgrade is offered, and Connection says so too (RFC 9110 section 7.8).
    upgrade: bool = false,
    has_host: bool = false,

    // What `keep_alive` and `upgrade` are made of when the head is whole.
    connection_close: bool = false,
    connection_keep_alive: bool = false,
    connection_upgrade: bool = false,
    has_upgrade: bool = false,

    unused: u20 = 0,
};

/// How far a head has been read, and what its fields say. All zero is the state before the first byte.
pub const Head = extern struct {
    content_length: u64 = 0,
    flags: Flags = .{},
    /// 0 or 1; a higher one is served as 1 (RFC 9110 section 2.5).
    minor_version: u32 = 0,
    /// Where the field lines begin, once the first line has been read.
    fields_start: u32 = 0,
    field_count: u32 = 0,
    /// Where the line begins that is not whole yet.
    line_start: u32 = 0,
    /// Where to go on looking for its end.
    scanned: u32 = 0,

    /// Takes the next line, without its CRLF; null if it is not whole. `stops` finds the bytes that it may not hold,
    /// CR and LF among them; the error says that it holds one.
    pub inline fn nextLine(
        head: *Head,
        window: []const u8,
        comptime stops: chars.Search,
        comptime malformed: anytype,
    ) (error{InvalidState} || @TypeOf(malformed))!?Span {
        const end = try head.lineEnd(window, stops, malformed) orelse return null;
        return head.takeLine(end);
    }

    /// Where the CRLF is that ends the line; null if it is not here yet.
    pub inline fn lineEnd(
        head: *Head,
        window: []const u8,
        comptime stops: chars.Search,
        comptime malformed: anytype,
    ) (error{InvalidState} || @TypeOf(malformed))!?u32 {
        if (head.line_start > head.scanned or head.scanned > window.len) return error.InvalidState;
        const end = chars.indexOfFirst(stops, window, head.scanned);
        head.scanned = @intCast(end);
        if (end == window.len) return null;
        if (window[end] != '\r') return malformed;
        if (end + 1 == window.len) return null;
        if (window[end + 1] != '\n') return malformed;
        return head.scanned;
    }

    pub inline fn takeLine(head: *Head, end: u32) Span {
        const start = head.line_start;
        head.line_start = end + 2;
        head.scanned = head.line_start;
        return .{ .offset = start, .len = end - start };
    }

    /// One more field line: its name, made lower case, and its value. RFC 9112 section 5: a line that begins with
    /// white space has no name.
    pub inline fn takeField(
        head: *Head,
        window: []u8,
        line: Span,
        field_count_max: u32,
    ) error{ InvalidFieldLine, TooManyFields }!Field {
        if (head.field_count >= field_count_max) return error.TooManyFields;
        head.field_count += 1;
        const line_end = line.offset + line.len;
        const colon: u32 = @intCast(chars.indexOfFirst(chars.notTchar, window, line.offset));
        if (colon == line.offset or window[colon] != ':') return error.InvalidFieldLine;
        chars.lowerCase(window, line.offset, colon);
        var start = colon + 1;
        var end = line_end;
        while (start < end and isWhitespace(window[start])) start += 1;
        while (end > start and isWhitespace(window[end - 1])) end -= 1;
        return .{
            .name = window[line.offset..colon],
            .value = .{ .offset = start, .len = end - start },
        };
    }

    /// RFC 9110 section 7.6.1.
    pub fn connection(head: *Head, value: []const u8) void {
        var options = std.mem.splitScalar(u8, value, ',');
        while (options.next()) |text| {
            const option = trim(text);
            if (equals(option, "close")) head.flags.connection_close = true;
            if (equals(option, "keep-alive")) head.flags.connection_keep_alive = true;
            if (equals(option, "upgrade")) head.flags.connection_upgrade = true;
        }
    }

    /// RFC 9112 section 6.1: TE with Content-Length, or in HTTP/1.0, is faulty by definition.
    pub fn transferEncoding(head: *Head, value: []const u8) error{ InvalidTransferEncoding, UnknownTransferCoding }!void {
        if (head.flags.chunked or head.flags.has_content_length) return error.InvalidTransferEncoding;
        if (head.minor_version == 0) return error.InvalidTransferEncoding;
        try requireChunked(value);
        head.flags.chunked = true;
    }

    /// The empty line has been read: RFC 9112 section 9.3. The length of the head.
    pub fn finish(head: *Head, window: []const u8) u32 {
        const flags = &head.flags;
        flags.keep_alive = !flags.connection_close and (head.minor_version == 1 or flags.connection_keep_alive);
        flags.ascii = chars.isAscii(window[0..head.line_start]);
        return head.line_start;
    }
};

/// Neither the end of the head, nor of what it may take.
pub fn incomplete(window: []const u8, head_bytes_max: u32) error{HeadTooLarge}!?u32 {
    return if (window.len < head_bytes_max) null else error.HeadTooLarge;
}

/// HTTP-version = "HTTP/" DIGIT "." DIGIT (RFC 9112 section 2.3); the minor version to go by, 0 or 1.
pub fn httpVersion(text: []const u8) error{ InvalidVersion, UnsupportedVersion }!u32 {
    if (text.len != "HTTP/1.1".len or !std.mem.startsWith(u8, text, "HTTP/")) return error.InvalidVersion;
    const major, const point, const minor = text["HTTP/".len..][0..3].*;
    if (!std.ascii.isDigit(major) or point != '.' or !std.ascii.isDigit(minor)) return error.InvalidVersion;
    if (major != '1') return error.UnsupportedVersion;
    return @min(minor - '0', 1);
}

/// Content-Length = 1*DIGIT (RFC 9110 section 8.6), leading zeros included.
pub fn contentLength(digits: []const u8) error{InvalidContentLength}!u64 {
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
fn requireChunked(value: []const u8) error{ InvalidTransferEncoding, UnknownTransferCoding }!void {
    if (equals(value, "chunked")) return;
    const comma = std.mem.lastIndexOfScalar(u8, value, ',') orelse return error.InvalidTransferEncoding;
    if (!equals(trim(value[comma + 1 ..]), "chunked")) return error.InvalidTransferEncoding;
    var codings = std.mem.splitScalar(u8, value[0..comma], ',');
    while (codings.next()) |coding| {
        const name_len = std.mem.indexOfScalar(u8, coding, ';') orelse coding.len;
        const name = trim(coding[0..name_len]);
        if (name.len == 0 or equals(name, "chunked")) return error.InvalidTransferEncoding;
        for (name) |byte| if (!chars.tchar.has(byte)) return error.InvalidTransferEncoding;
    }
    return error.UnknownTransferCoding;
}

pub fn isWhitespace(byte: u8) bool {
    return byte == ' ' or byte == '\t';
}

pub fn trim(text: []const u8) []const u8 {
    return std.mem.trim(u8, text, " \t");
}

/// For a name of that length, in lower case.
pub inline fn is(name: []const u8, comptime known: []const u8) bool {
    return std.mem.eql(u8, name[0..known.len], known);
}

/// In any case. Not inlined: its dozen copies were a third of the parser's code, and no faster.
pub noinline fn equals(text: []const u8, other: []const u8) bool {
    return std.ascii.eqlIgnoreCase(text, other);
}

comptime {
    // The host reads it as 32-bit words.
    std.debug.assert(@sizeOf(Head) == 8 * 4 and @offsetOf(Head, "flags") == 2 * 4);
    std.debug.assert(@offsetOf(Head, "fields_start") == 4 * 4);
}
