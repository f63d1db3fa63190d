//! Request heads, written: RFC 9112 sections 3 to 5.
//!
//!     method SP request-target SP "HTTP/1.1" CRLF  *( field-name ":" SP field-value CRLF )  CRLF
//!
//! Takes all of a head as one text: the two parts of the first line, then names and values by turns, each part ended by
//! LF, which none of them may hold. How many there are is said apart. So no part can pass for two, whatever it holds,
//! and a head has as many lines as its caller meant, or is refused.
//!
//! The first fields are the sender's own. The others may not have the names by which a sender says how the message is
//! framed and what becomes of the connection, in any case, so that the two cannot contradict each other.
//!
//! The text is UTF-8, as hosts encode their strings; what it stands for is bytes, one a character, so that nothing above
//! U+00FF is accepted.

const std = @import("std");
const chars = @import("chars.zig");
const head_zig = @import("head.zig");

pub const Error = error{
    /// A part with a character that it may not hold, an own field's name where it may not be, or another number of
    /// parts than was said.
    InvalidPart,
    /// The output is too short.
    NoSpace,
};

/// How long the output must be: the text, what is put around it, and a block, since blocks are written whole.
pub fn outputBytes(parts_len: u64, field_count: u64) u64 {
    return parts_len + " HTTP/1.1\r\n".len + field_count * (": \r\n".len - "\n\n".len) + "\r\n".len + block_bytes;
}

const block_bytes = 16;

pub const Encoder = struct {
    parts: []const u8,
    at: usize = 0,
    output: []u8,
    len: usize = 0,
    /// Parts that have been written: after an error, the number of the one that is to blame.
    part: u32 = 0,

    /// Writes the head to `output`, and answers its length.
    pub fn encode(encoder: *Encoder, own_count: u32, field_count: u32) Error!u32 {
        if (outputBytes(encoder.parts.len, field_count) > encoder.output.len) return error.NoSpace;
        const method = try encoder.writePart(chars.notTchar, " ");
        if (method.len == 0) return error.InvalidPart;
        encoder.part += 1;
        const target = try encoder.writePart(chars.notTarget, " HTTP/1.1\r\n");
        if (target.len == 0) return error.InvalidPart;
        encoder.part += 1;
        for (0..field_count) |index| {
            const name = try encoder.writePart(chars.notTchar, ": ");
            if (name.len == 0 or (index >= own_count and isOwn(name))) return error.InvalidPart;
            encoder.part += 1;
            _ = try encoder.writePart(chars.notFieldText, "\r\n");
            encoder.part += 1;
        }
        if (encoder.at != encoder.parts.len) return error.InvalidPart;
        encoder.write("\r\n");
        return @intCast(encoder.len);
    }

    /// Writes a part, one byte a character and none of those for which `stops` answers, and behind it `end`, in place
    /// of the LF. The part as it was written.
    inline fn writePart(
        encoder: *Encoder,
        comptime stops: chars.Search,
        comptime end: []const u8,
    ) error{InvalidPart}![]const u8 {
        const start = encoder.len;
        while (true) {
            encoder.writeRun(stops);
            if (encoder.at == encoder.parts.len) return error.InvalidPart;
            const byte = encoder.parts[encoder.at];
            if (byte == '\n') break;
            if (byte < 0x80 or stops(@splat(byte)) != 0) return error.InvalidPart;
            try encoder.writeLatin1();
        }
        encoder.at += 1;
        const text = encoder.output[start..encoder.len];
        encoder.write(end);
        return text;
    }

    /// Writes what comes before the first stop or the first character that is not ASCII.
    inline fn writeRun(encoder: *Encoder, comptime stops: chars.Search) void {
        while (encoder.parts.len - encoder.at >= block_bytes) {
            const block: chars.Block = encoder.parts[encoder.at..][0..block_bytes].*;
            encoder.output[encoder.len..][0..block_bytes].* = block;
            const found = stops(block) | chars.notAscii(block);
            const count: usize = if (found == 0) block_bytes else @ctz(found);
            encoder.at += count;
            encoder.len += count;
            if (found != 0) return;
        }
        while (encoder.at < encoder.parts.len) {
            const byte = encoder.parts[encoder.at];
            if (byte >= 0x80 or stops(@splat(byte)) != 0) return;
            encoder.output[encoder.len] = byte;
            encoder.at += 1;
            encoder.len += 1;
        }
    }

    /// U+0080 to U+00FF are two bytes in UTF-8: C2 or C3, and the lower six bits.
    fn writeLatin1(encoder: *Encoder) error{InvalidPart}!void {
        const text = encoder.parts[encoder.at..];
        if (text[0] & 0xfe != 0xc2 or text.len < 2 or text[1] & 0xc0 != 0x80) return error.InvalidPart;
        encoder.output[encoder.len] = text[0] << 6 | (text[1] & 0x3f);
        encoder.at += 2;
        encoder.len += 1;
    }

    inline fn write(encoder: *Encoder, comptime bytes: []const u8) void {
        encoder.output[encoder.len..][0..bytes.len].* = bytes[0..bytes.len].*;
        encoder.len += bytes.len;
    }
};

/// Names that frame a message or belong to one connection (RFC 9110 section 7.6.1, RFC 9112 section 6); what asks for an
/// answer that only the sender knows to expect; and Host, which names the target.
const own_names = [_][]const u8{
    "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "host",
    "expect",         "upgrade",           "te",         "trailer",    "http2-settings",
};

fn isOwn(name: []const u8) bool {
    for (own_names) |own| if (head_zig.equals(name, own)) return true;
    return false;
}

const testing = std.testing;

test {
    _ = @import("head_encoder_fuzz.zig");
}

const Encoded = struct { text: [1024]u8 = undefined, len: usize, blamed: u32 };

fn encoded(own_count: u32, field_count: u32, parts: []const u8) Error!Encoded {
    var result: Encoded = undefined;
    var encoder: Encoder = .{ .parts = parts, .output = &result.text };
    result.len = try encoder.encode(own_count, field_count);
    return result;
}

fn expectHead(expected: []const u8, own_count: u32, field_count: u32, parts: []const u8) !void {
    const result = try encoded(own_count, field_count, parts);
    try testing.expectEqualStrings(expected, result.text[0..result.len]);
}

/// The part of that number is to blame.
fn expectBlamed(part: u32, own_count: u32, field_count: u32, parts: []const u8) !void {
    errdefer std.debug.print("parts: {f}\n", .{std.ascii.hexEscape(parts, .lower)});
    var output: [1024]u8 = undefined;
    var encoder: Encoder = .{ .parts = parts, .output = &output };
    try testing.expectError(error.InvalidPart, encoder.encode(own_count, field_count));
    try testing.expectEqual(part, encoder.part);
}

test "parts become a head" {
    try expectHead("GET / HTTP/1.1\r\n\r\n", 0, 0, "GET\n/\n");
    try expectHead(
        "GET /a?b HTTP/1.1\r\nHost: example.org\r\nX-Empty: \r\naccept: */*, text/plain;q=0.5, caf\xe9\xff\x80\r\n\r\n",
        1,
        3,
        "GET\n/a?b\nHost\nexample.org\nX-Empty\n\naccept\n*/*, text/plain;q=0.5, café\u{ff}\u{80}\n",
    );
}

test "a part with a line end in it is refused, wherever it stands and whatever follows" {
    for ([_][]const u8{ "\n", "\r", "\r\n", "\x00", "\x0b", "\x7f" }) |end| {
        for (0..6) |at| {
            const parts = [_][]const u8{ "GET", "/", "Host", "a", "X-Y", "z" };
            var text: [200]u8 = undefined;
            var list: std.ArrayList(u8) = .initBuffer(&text);
            for (parts, 0..) |part, index| {
                list.appendSliceAssumeCapacity(part);
                if (index == at) {
                    list.appendSliceAssumeCapacity(end);
                    list.appendSliceAssumeCapacity("Evil: 1");
                }
                list.appendSliceAssumeCapacity("\n");
            }
            var output: [1024]u8 = undefined;
            var encoder: Encoder = .{ .parts = list.items, .output = &output };
            try testing.expectError(error.InvalidPart, encoder.encode(1, 2));
        }
    }
}

test "the part that is to blame is told" {
    try expectBlamed(0, 0, 0, "\n/\n");
    try expectBlamed(0, 0, 0, "G T\n/\n");
    try expectBlamed(0, 0, 0, "G\u{e9}T\n/\n");
    try expectBlamed(1, 0, 0, "GET\n\n");
    try expectBlamed(1, 0, 0, "GET\n/a b\n");
    try expectBlamed(1, 0, 0, "GET\n/#a\n");
    try expectBlamed(1, 0, 0, "GET\n/caf\u{e9}\n");
    try expectBlamed(2, 0, 1, "GET\n/\n\nb\n");
    try expectBlamed(2, 0, 1, "GET\n/\na:\nb\n");
    try expectBlamed(3, 0, 1, "GET\n/\na\n\u{100}\n");
    try expectBlamed(3, 0, 1, "GET\n/\na\nb\rc\n");
    try expectBlamed(3, 0, 1, "GET\n/\na\nb");
    try expectBlamed(3, 0, 1, "GET\n/\na\n\xc3");
    try expectBlamed(3, 0, 1, "GET\n/\na\n\xe9\n");
    // A line feed and a carriage return, as UTF-8 forbids to write them.
    try expectBlamed(3, 0, 1, "GET\n/\na\nb\xc0\x8ac\n");
    try expectBlamed(3, 0, 1, "GET\n/\na\nb\xc0\x8dc\n");
    try expectBlamed(4, 0, 1, "GET\n/\na\nb\nc\n");
    try expectBlamed(4, 0, 2, "GET\n/\na\nb\n");
}

test "only the sender's own fields frame the message or speak of the connection" {
    inline for (.{
        "Content-Length", "tRANSFER-eNCODING", "connection", "Keep-Alive", "Proxy-Connection",
        "HOST",           "expect",            "Upgrade",    "TE",         "Trailer",
        "HTTP2-Settings",
    }) |name| {
        _ = try encoded(1, 1, "GET\n/\n" ++ name ++ "\n5\n");
        try expectBlamed(2, 0, 1, "GET\n/\n" ++ name ++ "\n5\n");
        try expectBlamed(4, 1, 2, "GET\n/\na\nb\n" ++ name ++ "\n5\n");
    }
}

test "room is asked for before anything is written" {
    const parts = "GET\n/\na\nb\n";
    var output: [64]u8 = @splat(0xA5);
    var encoder: Encoder = .{ .parts = parts, .output = output[0 .. outputBytes(parts.len, 1) - 1] };
    try testing.expectError(error.NoSpace, encoder.encode(0, 1));
    try testing.expect(std.mem.allEqual(u8, &output, 0xA5));
    encoder.output = output[0..outputBytes(parts.len, 1)];
    _ = try encoder.encode(0, 1);
    try testing.expect(std.mem.allEqual(u8, output[encoder.output.len..], 0xA5));
}

test "CVE-2026-1525: Content-Length twice, in two cases" {
    try expectBlamed(4, 1, 2, "POST\n/\ncontent-length\n5\nContent-Length\n0\n");
}

test "CVE-2026-1527: a line end in the value of Upgrade, the sender's own" {
    try expectBlamed(5, 2, 2, "GET\n/\nhost\na\nupgrade\nwebsocket\r\nEvil: 1\n");
    try expectBlamed(6, 2, 2, "GET\n/\nhost\na\nupgrade\nwebsocket\nEvil: 1\n");
}

test "CVE-2022-35256 and CVE-2022-32213 in the other direction: nothing is sent that two readers read in two ways" {
    try expectBlamed(2, 0, 1, "GET\n/\nTransfer-Encoding\nchunked\n");
    try expectBlamed(2, 0, 1, "GET\n/\nTransfer-Encoding \nchunked\n");
    try expectBlamed(3, 0, 1, "GET\n/\nA\nb\r\n c\n");
}
