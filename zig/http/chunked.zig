//! The chunked transfer coding, decoded: RFC 9112 section 7.1.
//!
//!     *( 1*HEXDIG chunk-ext CRLF  chunk-data CRLF )  1*"0" chunk-ext CRLF  *( field-line CRLF )  CRLF
//!     chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
//!
//! Strict: every line ends in CRLF, an extension follows its grammar to the letter, a size has at most 16 digits and
//! is at most 2^53 - 1. Extensions and trailer fields are checked, counted against their limits, and dropped.
//!
//! Incremental: all that is known lies in `Decoder`, so the input may be cut anywhere. Data is never copied, nor even
//! looked at: it comes out as segments of the input, and a host that knows a piece to be mostly data may show only
//! its beginning.

const std = @import("std");
const chars = @import("chars.zig");

pub const size_digits_max = 16;

/// The largest length that a host's number holds exactly, 2^53 - 1.
pub const size_max = (1 << 53) - 1;

pub const Limits = struct {
    /// Between the last digit of a size and the end of its line.
    extension_bytes: u32 = 4 * 1024,
    /// The same, over all chunks of a body: chunks of one byte could otherwise carry extensions without end.
    extension_bytes_total: u32 = 16 * 1024,
    /// Field lines after the last chunk, with the empty line that ends them.
    trailer_bytes: u32 = 16 * 1024,
};

/// The answer to a request is the number in front.
pub const Error = error{
    /// 400: no digit, a digit that is not hexadecimal, too many digits, a number too large, a line without CRLF.
    InvalidChunkSize,
    /// 400: an extension outside the grammar.
    InvalidChunkExtension,
    /// 400: chunk data that is not followed by CRLF.
    InvalidChunkEnd,
    /// 400: a trailer line that is no field line.
    InvalidTrailer,
    /// 413: more extension bytes than the limits allow; RFC 9112 section 7.1.1 asks for some 4xx.
    ChunkExtensionsTooLarge,
    /// 431: more trailer bytes than the limit allows.
    TrailersTooLarge,
    /// The caller's mistake: memory that is no decoder, or a decoder that has failed before.
    InvalidState,
    /// The caller's mistake: no room for a single segment.
    NoSpace,
};

/// Bytes `offset` to `offset + len` of the input are body data.
pub const Segment = extern struct { offset: u32, len: u32 };

const Phase = enum(u32) {
    size,
    size_lf,
    extension_gap,
    extension_name_start,
    extension_name,
    extension_name_gap,
    extension_value_start,
    extension_value,
    extension_quoted,
    extension_escape,
    extension_quoted_end,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
};

pub const Decoder = extern struct {
    /// The data of the current chunk that has not been seen, in bytes; while a size is read, its value so far.
    remaining: u64 = 0,
    tag: u32 = live,
    /// Of the last input.
    consumed: u32 = 0,
    /// 1 once the last line has been read.
    done: u32 = 0,
    phase: u32 = @intFromEnum(Phase.size),
    size_digits: u32 = 0,
    extension_bytes: u32 = 0,
    extension_bytes_total: u32 = 0,
    trailer_bytes: u32 = 0,
    extension_bytes_max: u32,
    extension_bytes_total_max: u32,
    trailer_bytes_max: u32,
    unused: u32 = 0,

    /// Marks memory as a decoder, and one that can go on.
    const live: u32 = @bitCast(@as([4]u8, "chnk".*));

    pub fn init(limits: Limits) Decoder {
        return .{
            .extension_bytes_max = limits.extension_bytes,
            .extension_bytes_total_max = limits.extension_bytes_total,
            .trailer_bytes_max = limits.trailer_bytes,
        };
    }

    /// Reads `input`, the beginning of a piece of `piece_len` bytes, and answers how many segments of body data it
    /// found. The last one may reach beyond the input, to the end of the piece; so may `consumed`. Where it is less
    /// than `piece_len`, the body is done, and the rest is the next request; or else the input or the segments were
    /// too short, and the rest is a piece for the next call. After an error the decoder is spent.
    pub fn feed(decoder: *Decoder, input: []const u8, piece_len: u32, segments: []Segment) Error!u32 {
        if (piece_len < input.len or decoder.tag != live) return error.InvalidState;
        var phase = std.enums.fromInt(Phase, decoder.phase) orelse return error.InvalidState;
        if (segments.len == 0) return error.NoSpace;
        errdefer decoder.tag = 0;

        var at: u32 = 0;
        var count: u32 = 0;
        while (at < input.len and phase != .done) {
            if (phase != .data) {
                try decoder.countFraming(phase);
                phase = try decoder.next(phase, input[at]);
                at += 1;
                continue;
            }
            if (count == segments.len) break;
            const len: u32 = @intCast(@min(decoder.remaining, piece_len - at));
            segments[count] = .{ .offset = at, .len = len };
            count += 1;
            at += len;
            decoder.remaining -= len;
            if (decoder.remaining == 0) phase = .data_cr;
        }
        decoder.phase = @intFromEnum(phase);
        decoder.consumed = at;
        decoder.done = @intFromBool(phase == .done);
        return count;
    }

    /// Counts a byte of framing that no size and no data accounts for.
    fn countFraming(decoder: *Decoder, phase: Phase) error{ ChunkExtensionsTooLarge, TrailersTooLarge }!void {
        switch (phase) {
            .size, .size_lf, .data, .data_cr, .data_lf, .done => {},
            .trailer_start, .trailer_name, .trailer_value, .trailer_lf, .end_lf => {
                if (decoder.trailer_bytes >= decoder.trailer_bytes_max) return error.TrailersTooLarge;
                decoder.trailer_bytes += 1;
            },
            else => {
                if (decoder.extension_bytes >= decoder.extension_bytes_max or
                    decoder.extension_bytes_total >= decoder.extension_bytes_total_max)
                    return error.ChunkExtensionsTooLarge;
                decoder.extension_bytes += 1;
                decoder.extension_bytes_total += 1;
            },
        }
    }

    /// The phase after one byte of framing.
    fn next(decoder: *Decoder, phase: Phase, byte: u8) Error!Phase {
        return switch (phase) {
            .size => switch (byte) {
                '0'...'9', 'a'...'f', 'A'...'F' => try decoder.sizeDigit(byte),
                else => if (decoder.size_digits == 0) error.InvalidChunkSize else switch (byte) {
                    '\r' => .size_lf,
                    ' ', '\t' => .extension_gap,
                    ';' => .extension_name_start,
                    else => error.InvalidChunkSize,
                },
            },
            .size_lf => if (byte == '\n') decoder.sizeLineEnd() else error.InvalidChunkSize,

            .extension_gap => switch (byte) {
                ' ', '\t' => phase,
                ';' => .extension_name_start,
                else => error.InvalidChunkExtension,
            },
            .extension_name_start => switch (byte) {
                ' ', '\t' => phase,
                else => try token(byte, .extension_name),
            },
            .extension_name => switch (byte) {
                ' ', '\t' => .extension_name_gap,
                '=' => .extension_value_start,
                ';' => .extension_name_start,
                '\r' => .size_lf,
                else => try token(byte, phase),
            },
            .extension_name_gap => switch (byte) {
                ' ', '\t' => phase,
                '=' => .extension_value_start,
                ';' => .extension_name_start,
                else => error.InvalidChunkExtension,
            },
            .extension_value_start => switch (byte) {
                ' ', '\t' => phase,
                '"' => .extension_quoted,
                else => try token(byte, .extension_value),
            },
            .extension_value => switch (byte) {
                ' ', '\t' => .extension_gap,
                ';' => .extension_name_start,
                '\r' => .size_lf,
                else => try token(byte, phase),
            },
            .extension_quoted => switch (byte) {
                '"' => .extension_quoted_end,
                '\\' => .extension_escape,
                else => if (chars.isFieldText(byte)) phase else error.InvalidChunkExtension,
            },
            .extension_escape => if (chars.isFieldText(byte)) .extension_quoted else error.InvalidChunkExtension,
            .extension_quoted_end => switch (byte) {
                ' ', '\t' => .extension_gap,
                ';' => .extension_name_start,
                '\r' => .size_lf,
                else => error.InvalidChunkExtension,
            },

            .data_cr => if (byte == '\r') .data_lf else error.InvalidChunkEnd,
            .data_lf => if (byte == '\n') .size else error.InvalidChunkEnd,

            .trailer_start => switch (byte) {
                '\r' => .end_lf,
                else => if (chars.tchar.has(byte)) .trailer_name else error.InvalidTrailer,
            },
            .trailer_name => switch (byte) {
                ':' => .trailer_value,
                else => if (chars.tchar.has(byte)) phase else error.InvalidTrailer,
            },
            .trailer_value => switch (byte) {
                '\r' => .trailer_lf,
                else => if (chars.isFieldText(byte)) phase else error.InvalidTrailer,
            },
            .trailer_lf => if (byte == '\n') .trailer_start else error.InvalidTrailer,
            .end_lf => if (byte == '\n') .done else error.InvalidTrailer,

            .data, .done => unreachable,
        };
    }

    fn sizeDigit(decoder: *Decoder, digit: u8) error{InvalidChunkSize}!Phase {
        if (decoder.size_digits >= size_digits_max) return error.InvalidChunkSize;
        decoder.size_digits += 1;
        // Below 2^57 before the check, since the value before was at most 2^53 - 1.
        decoder.remaining = decoder.remaining << 4 | (std.fmt.charToDigit(digit, 16) catch unreachable);
        if (decoder.remaining > size_max) return error.InvalidChunkSize;
        return .size;
    }

    fn sizeLineEnd(decoder: *Decoder) Phase {
        decoder.size_digits = 0;
        decoder.extension_bytes = 0;
        return if (decoder.remaining == 0) .trailer_start else .data;
    }
};

/// `phase`, if the byte may stand in an extension's token.
fn token(byte: u8, phase: Phase) error{InvalidChunkExtension}!Phase {
    return if (chars.tchar.has(byte)) phase else error.InvalidChunkExtension;
}

comptime {
    // The host reads both as 32-bit words.
    std.debug.assert(@sizeOf(Decoder) == 14 * 4 and @sizeOf(Segment) == 2 * 4);
    std.debug.assert(@offsetOf(Decoder, "consumed") == 3 * 4 and @offsetOf(Decoder, "done") == 4 * 4);
}

const testing = std.testing;

test {
    _ = @import("chunked_fuzz.zig");
}

/// Feeds an input that is the whole piece.
fn feed(decoder: *Decoder, input: []const u8, segments: []Segment) Error!u32 {
    return decoder.feed(input, @intCast(input.len), segments);
}

/// Decodes `input` whole and appends its data to `body`. The number of bytes consumed, or null if more are needed.
fn decode(input: []const u8, limits: Limits, body: *std.ArrayList(u8)) !?usize {
    var decoder: Decoder = .init(limits);
    var segments: [2]Segment = undefined;
    var at: usize = 0;
    while (true) {
        const count = try feed(&decoder, input[at..], &segments);
        for (segments[0..count]) |segment| {
            try body.appendSlice(testing.allocator, input[at..][segment.offset..][0..segment.len]);
        }
        at += decoder.consumed;
        if (decoder.done == 1) return at;
        if (count < segments.len) return null;
    }
}

fn expectBody(expected: []const u8, input: []const u8) !void {
    var body: std.ArrayList(u8) = .empty;
    defer body.deinit(testing.allocator);
    try testing.expectEqual(input.len, try decode(input, .{}, &body));
    try testing.expectEqualStrings(expected, body.items);
}

fn expectErrors(expected: Error, inputs: []const []const u8) !void {
    for (inputs) |input| {
        errdefer std.debug.print("input: {f}\n", .{std.ascii.hexEscape(input, .lower)});
        var body: std.ArrayList(u8) = .empty;
        defer body.deinit(testing.allocator);
        try testing.expectError(expected, decode(input, .{}, &body));
    }
}

test "chunks are joined, and their framing, extensions and trailers dropped" {
    try expectBody("", "0\r\n\r\n");
    try expectBody("hello", "5\r\nhello\r\n0\r\n\r\n");
    try expectBody("hello, world", "5\r\nhello\r\n7\r\n, world\r\n00\r\n\r\n");
    try expectBody("0123456789abcdef", "F\r\n0123456789abcde\r\n0000000000000001\r\nf\r\n0\r\n\r\n");
    try expectBody("a\r\nb", "4\r\na\r\nb\r\n0\r\n\r\n");
    try expectBody("a", "1;a;b=c;d=\"; \\\"\\\\\xff\"\r\na\r\n0;z\r\n\r\n");
    try expectBody("a", "1 \t; a\t= b ;c\r\na\r\n0 ;z=\"\"\r\n\r\n");
    try expectBody("a", "1\r\na\r\n0\r\nContent-Length: 7\r\nX:\r\n\r\n");
}

test "a body ends where its last line ends, and what follows is left alone" {
    var decoder: Decoder = .init(.{});
    var segments: [4]Segment = undefined;
    try testing.expectEqual(1, try feed(&decoder, "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n", &segments));
    try testing.expectEqual("1\r\na\r\n0\r\n\r\n".len, decoder.consumed);
    try testing.expectEqual(1, decoder.done);
    try testing.expectEqual(0, try feed(&decoder, "GET / HTTP/1.1\r\n", &segments));
    try testing.expectEqual(0, decoder.consumed);
}

test "data that the input leaves out is taken as read, as far as the piece goes" {
    const framing = "5\r\nhello\r\n1000\r\n";
    var decoder: Decoder = .init(.{});
    var segments: [4]Segment = undefined;
    try testing.expectEqual(1, try decoder.feed("5\r\nh", framing.len, &segments));
    try testing.expectEqual(Segment{ .offset = 3, .len = 5 }, segments[0]);
    try testing.expectEqual("5\r\nhello".len, decoder.consumed);
    try testing.expectEqual(1, try decoder.feed("\r\n1000\r\nab", 100, &segments));
    try testing.expectEqual(Segment{ .offset = 8, .len = 92 }, segments[0]);
    try testing.expectEqual(1, try decoder.feed("c", 10_000, &segments));
    try testing.expectEqual(Segment{ .offset = 0, .len = 0x1000 - 92 }, segments[0]);
    try testing.expectEqual(0x1000 - 92, decoder.consumed);
    try testing.expectError(error.InvalidState, decoder.feed("\r\n", 1, &segments));
}

test "a chunk size is 1 to 16 hexadecimal digits, at most 2^53 - 1" {
    var body: std.ArrayList(u8) = .empty;
    try testing.expectEqual(null, try decode("1fffffffffffff\r\n", .{}, &body));
    try testing.expectEqual(null, try decode("001fffffffffffff\r\n", .{}, &body));
    try expectErrors(error.InvalidChunkSize, &.{
        "00000000000000001\r\n",
        "20000000000000\r\n",
        "ffffffffffffffff\r\n",
        "10000000000000000\r\n",
        "\r\n",
        ";a\r\n",
        " 3\r\n",
        "+3\r\n",
        "-3\r\n",
        "0x3\r\n",
        "3g\r\n",
        "3.0\r\n",
        "\"3\"\r\n",
        "3\n",
        "3\r3",
        "3\x00\r\n",
        "\xb2\r\n",
    });
}

test "chunk data is followed by CRLF exactly" {
    try expectErrors(error.InvalidChunkEnd, &.{
        "1\r\nab\r\n",
        "1\r\na\n",
        "1\r\na\rb",
        "1\r\na\r\r\n",
        "1\r\na0\r\n\r\n",
    });
}

test "a chunk extension follows its grammar" {
    try expectErrors(error.InvalidChunkExtension, &.{
        "1 \r\na\r\n",
        "1 a\r\na\r\n",
        "1;\r\na\r\n",
        "1;;a\r\na\r\n",
        "1;=b\r\na\r\n",
        "1;a=\r\na\r\n",
        "1;a=;b\r\na\r\n",
        "1;a \r\na\r\n",
        "1;a b\r\na\r\n",
        "1;a=b \r\na\r\n",
        "1;a=b c\r\na\r\n",
        "1;a=b=c\r\na\r\n",
        "1;a=\"b\r\n\"\r\na\r\n",
        "1;a=\"b\"c\r\na\r\n",
        "1;a=\"\\\r\n\"\r\na\r\n",
        "1;a=\"\x7f\"\r\na\r\n",
        "1;a\x80\r\na\r\n",
        "1;a\x00\r\na\r\n",
    });
}

test "a trailer is a field line" {
    try expectErrors(error.InvalidTrailer, &.{
        "0\r\n A: b\r\n\r\n",
        "0\r\nA : b\r\n\r\n",
        "0\r\n: b\r\n\r\n",
        "0\r\nA\r\n\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\nA: b\r\n c\r\n\r\n",
        "0\r\nA: b\rc\r\n\r\n",
        "0\r\nA: \x00\r\n\r\n",
        "0\r\n\n",
        "0\r\n\r\r\n",
        "0\r\nGET / HTTP/1.1\r\n",
    });
}

test "each limit is met exactly and has its own error" {
    const input = "1;ab=c\r\na\r\n1 ;d\r\nb\r\n0\r\nA: b\r\n\r\n";
    const exact: Limits = .{ .extension_bytes = 5, .extension_bytes_total = 8, .trailer_bytes = 8 };
    var body: std.ArrayList(u8) = .empty;
    defer body.deinit(testing.allocator);
    try testing.expectEqual(input.len, try decode(input, exact, &body));
    var limits = exact;
    limits.extension_bytes -= 1;
    try testing.expectError(error.ChunkExtensionsTooLarge, decode(input, limits, &body));
    limits = exact;
    limits.extension_bytes_total -= 1;
    try testing.expectError(error.ChunkExtensionsTooLarge, decode(input, limits, &body));
    limits = exact;
    limits.trailer_bytes -= 1;
    try testing.expectError(error.TrailersTooLarge, decode(input, limits, &body));
}

test "a decoder that has failed, or never was one, is refused" {
    var segments: [1]Segment = undefined;
    var decoder: Decoder = .init(.{});
    try testing.expectError(error.NoSpace, feed(&decoder, "1\r\na", segments[0..0]));
    try testing.expectError(error.InvalidChunkSize, feed(&decoder, "x", &segments));
    try testing.expectError(error.InvalidState, feed(&decoder, "1\r\na", &segments));
    decoder = .init(.{});
    decoder.phase = 1000;
    try testing.expectError(error.InvalidState, feed(&decoder, "1\r\na", &segments));
    decoder = std.mem.zeroes(Decoder);
    try testing.expectError(error.InvalidState, feed(&decoder, "1\r\na", &segments));
}

test "CVE-2021-22960: a chunk extension that hides a request behind a bare line end" {
    try expectErrors(error.InvalidChunkExtension, &.{
        "1;\nxx\r\na\r\n0\r\n\r\n",
        "2;a\n4\r\nxx\r\n0\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
        "2;a=b\n4\r\nxx\r\n0\r\n\r\n",
        "2;a=\"b\n\"\r\nxx\r\n0\r\n\r\n",
    });
    try expectErrors(error.InvalidChunkSize, &.{ "2;a\r4\r\nxx\r\n", "2;a=b\r;c\r\nxx\r\n" });
}

test "CVE-2026-1528, of frames there: chunk sizes that need 64 bits" {
    try expectErrors(error.InvalidChunkSize, &.{
        "ffffffffffffffff\r\n",
        "8000000000000000\r\n",
        "10000000000000005\r\nhello",
    });
}
