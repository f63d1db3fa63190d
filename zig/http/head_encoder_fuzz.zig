//! head_encoder.zig against the parser: what was encoded from random parts reads back as those very parts, and parts
//! that were refused are such as a head cannot hold.

const std = @import("std");
const testing = std.testing;
const fuzzing = @import("fuzz.zig");
const head_encoder = @import("head_encoder.zig");
const request_head = @import("request_head.zig");
const Encoder = head_encoder.Encoder;
const Fields = @import("head_fields.zig").Fields;

/// What parts are made of, as UTF-8; harmless ones most often.
const splinters = [_][]const u8{
    "a",    "B",              "-",                 "x" ** 20,    "/",        "a b",     "GET", "0123456789abcdef", "200",    "=",      "?q",     "~",
    "a",    "bc",             "x-y",               "z",          "/index",   "example", "5",   ".org",             "\u{e9}", "\u{ff}", "\u{80}", "text/plain",
    ":",    "\n",             "\r\n",              "\x00",       "\u{2028}", "\u{100}", " ",   "\t",               "#",      "\x7f",   "\xc3",   "\xed\xa0\x80",
    "host", "content-length", "Transfer-Encoding", "connection",
};

/// RFC 9110 section 5.6.2.
fn isToken(text: []const u8) bool {
    for (text) |byte| if (!fuzzing.isToken(byte)) return false;
    return text.len > 0;
}

const own = [_][]const u8{
    "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
    "host",           "expect",            "upgrade",    "te",         "trailer",
    "http2-settings",
};

/// One byte a character; null for what a field value cannot hold.
fn latin1(text: []const u8, buffer: []u8) ?[]const u8 {
    var len: usize = 0;
    const view = std.unicode.Utf8View.init(text) catch return null;
    var characters = view.iterator();
    while (characters.nextCodepoint()) |character| {
        switch (character) {
            '\t', ' '...'~', 0x80...0xff => buffer[len] = @intCast(character),
            else => return null,
        }
        len += 1;
    }
    return buffer[0..len];
}

fn isTarget(text: []const u8) bool {
    if (text.len == 0) return false;
    for (text) |byte| if (byte < '!' or byte > '~' or byte == '#') return false;
    return true;
}

fn isOwn(name: []const u8) bool {
    for (own) |each| if (std.ascii.eqlIgnoreCase(name, each)) return true;
    return false;
}

const Parts = struct {
    buffer: [2048]u8 = undefined,
    list: [2 + 2 * fields_max][]const u8 = undefined,
    field_count: usize,

    const fields_max = 6;

    fn random(parts: *Parts, source: std.Random) void {
        var text: std.ArrayList(u8) = .initBuffer(&parts.buffer);
        parts.field_count = source.uintAtMost(usize, fields_max);
        for (parts.list[0 .. 2 + 2 * parts.field_count]) |*part| {
            const start = text.items.len;
            // Few of the wrong ones, or no head would ever be whole.
            const kinds: usize = if (source.uintLessThan(u8, 8) == 0) splinters.len else 8;
            for (0..source.uintAtMost(usize, 4)) |_| {
                text.appendSliceAssumeCapacity(splinters[source.uintLessThan(usize, kinds)]);
            }
            if (text.items.len == start) text.appendSliceAssumeCapacity(if (source.boolean()) "GET" else "/a");
            part.* = text.items[start..];
        }
    }

    fn acceptable(parts: *const Parts, own_count: usize) bool {
        var buffer: [512]u8 = undefined;
        const first, const second = parts.list[0..2].*;
        if (!isToken(first) or !isTarget(second)) return false;
        for (0..parts.field_count) |index| {
            const name, const value = parts.list[2 + 2 * index ..][0..2].*;
            if (!isToken(name) or latin1(value, &buffer) == null) return false;
            if (index >= own_count and isOwn(name)) return false;
        }
        return true;
    }
};

/// The fields of `head` are those of `parts`.
fn expectFields(parts: *const Parts, all: Fields) !void {
    var fields = all;
    var buffer: [512]u8 = undefined;
    for (0..parts.field_count) |index| {
        const name, const value = fields.next().?;
        try testing.expect(std.ascii.eqlIgnoreCase(parts.list[2 + 2 * index], name));
        const expected = latin1(parts.list[3 + 2 * index], &buffer).?;
        try testing.expectEqualStrings(std.mem.trim(u8, expected, " \t"), value);
    }
    try testing.expectEqual(null, fields.next());
}

test "what is encoded from random parts reads back as them, and nothing else is refused than what must be" {
    const seed = testing.random_seed;
    errdefer std.debug.print("seed: {d}\n", .{seed});
    var prng: std.Random.DefaultPrng = .init(seed);
    const random = prng.random();

    for (0..60_000) |_| {
        var parts: Parts = .{ .field_count = 0 };
        parts.random(random);
        var text_buffer: [2048]u8 = undefined;
        var text: std.ArrayList(u8) = .initBuffer(&text_buffer);
        for (parts.list[0 .. 2 + 2 * parts.field_count]) |part| {
            text.appendSliceAssumeCapacity(part);
            text.appendSliceAssumeCapacity("\n");
        }
        const own_count = random.uintAtMost(u32, 3);
        errdefer std.debug.print("{d} own, parts: {f}\n", .{ own_count, std.ascii.hexEscape(text.items, .lower) });

        var output: [4096]u8 = undefined;
        var encoder: Encoder = .{ .parts = text.items, .output = &output };
        const result = encoder.encode(own_count, @intCast(parts.field_count));
        if (!parts.acceptable(own_count)) {
            try testing.expectError(error.InvalidPart, result);
            continue;
        }
        const head = output[0..try result];
        // The parser has opinions about what own fields and targets say, too; a head on which it has none is read.
        var request: request_head.RequestHead = .{};
        const length = request_head.parse(head, &request, .{}) catch continue;
        try testing.expectEqual(@as(?u32, @intCast(head.len)), length);
        try testing.expectEqualStrings(parts.list[0], request.method.in(head));
        try testing.expectEqualStrings(parts.list[1], request.target.in(head));
        try expectFields(&parts, .of(head, request.head));
    }
}
