//! Distinguished Encoding Rules, written: ITU-T X.690 (02/2021), in the forms that reader.zig reads.
//!
//! Backwards: the last value first, contents before their header. So a length is known when it is written, and nothing
//! is moved or kept for later. Whoever writes reads the ASN.1 module from below:
//!
//!     const end = writer.len;             SEQUENCE {
//!     writer.positiveInteger(e);              modulus         INTEGER,
//!     writer.positiveInteger(n);              publicExponent  INTEGER
//!     writer.wrap(.sequence, end);        }
//!
//! Nothing is written twice and there is no scratch, so nothing is left to wipe. Time depends on lengths, and on how
//! many of an integer's leading bytes are zero, which its encoding tells anyway.

const std = @import("std");
const reader = @import("reader.zig");
const Tag = reader.Tag;

pub const Writer = struct {
    /// What is written ends where this does; null for a writer that only counts.
    room: ?[]u8 = null,
    /// Bytes written so far. Wider than a length, so that no input can make the count wrap.
    len: u64 = 0,

    pub noinline fn bytes(writer: *Writer, contents: []const u8) void {
        writer.len += contents.len;
        const room = writer.room orelse return;
        // What was counted before fits, unless the room overlaps what is written, and changes it.
        if (writer.len > room.len) return;
        @memmove(room[room.len - @as(usize, @intCast(writer.len)) ..][0..contents.len], contents);
    }

    pub fn byte(writer: *Writer, one: u8) void {
        writer.bytes(&.{one});
    }

    /// Puts the header of a value before all that was written since the writer's `len` was `end`: its contents.
    pub noinline fn wrap(writer: *Writer, tag: Tag, end: u64) void {
        var len = writer.len - end;
        if (len < 0x80) {
            writer.byte(@intCast(len));
        } else {
            var octets: u8 = 0;
            while (len > 0) : (len >>= 8) {
                writer.byte(@truncate(len));
                octets += 1;
            }
            writer.byte(0x80 + octets);
        }
        writer.byte(@intFromEnum(tag));
    }

    pub noinline fn value(writer: *Writer, tag: Tag, contents: []const u8) void {
        const end = writer.len;
        writer.bytes(contents);
        writer.wrap(tag, end);
    }

    /// An INTEGER that is not negative from big-endian bytes: zeros in front go, and one comes where the first bit is
    /// set.
    pub noinline fn positiveInteger(writer: *Writer, digits: []const u8) void {
        const end = writer.len;
        const minimal = significant(digits);
        writer.bytes(minimal);
        if (minimal.len == 0 or minimal[0] > 0x7f) writer.byte(0);
        writer.wrap(.integer, end);
    }

    /// A BIT STRING, or [number] IMPLICIT of one, of whole bytes.
    pub noinline fn bitString(writer: *Writer, tag: Tag, contents: []const u8) void {
        const end = writer.len;
        writer.bytes(contents);
        writer.wrapBits(tag, end);
    }

    /// `wrap` for a BIT STRING of whole bytes.
    pub fn wrapBits(writer: *Writer, tag: Tag, end: u64) void {
        writer.byte(0);
        writer.wrap(tag, end);
    }

    /// An INTEGER that numbers the version of a structure, 0 to 127.
    pub fn version(writer: *Writer, number: u7) void {
        writer.value(.integer, &.{number});
    }
};

/// How many bytes `key.write` writes. Fails: the encoding is longer than any area.
pub fn encodedBytes(key: anytype) error{NoSpace}!u32 {
    var writer: Writer = .{};
    key.write(&writer);
    return std.math.cast(u31, writer.len) orelse error.NoSpace;
}

/// What `key.write` writes, in the first bytes of the room; gives its length.
pub fn encode(key: anytype, room: []u8) error{NoSpace}!u32 {
    const len = try encodedBytes(key);
    if (room.len < len) return error.NoSpace;
    var writer: Writer = .{ .room = room[0..len] };
    key.write(&writer);
    return len;
}

/// A number without the zeros in front; empty for zero.
pub noinline fn significant(digits: []const u8) []const u8 {
    var zeros: usize = 0;
    while (zeros < digits.len and digits[zeros] == 0) zeros += 1;
    return digits[zeros..];
}

const testing = std.testing;

test "integers are minimal and positive, however many zeros they came with" {
    const cases = .{
        .{ "\x01", "\x02\x01\x01" },         .{ "\x00\x00\x7f", "\x02\x01\x7f" },
        .{ "\x80", "\x02\x02\x00\x80" },     .{ "\x00\xff\x00", "\x02\x03\x00\xff\x00" },
        .{ "\x01\x00", "\x02\x02\x01\x00" }, .{ "\x00", "\x02\x01\x00" },
        .{ "", "\x02\x01\x00" },
    };
    inline for (cases) |case| {
        var room: [8]u8 = undefined;
        var writer: Writer = .{ .room = &room };
        writer.positiveInteger(case[0]);
        try testing.expectEqualSlices(u8, case[1], room[room.len - @as(usize, @intCast(writer.len)) ..]);
    }
}

test "what was written is read again, at every length of a length, and counting counts as much" {
    const contents = try testing.allocator.alloc(u8, 1 << 16);
    defer testing.allocator.free(contents);
    @memset(contents, 0x5a);
    const room = try testing.allocator.alloc(u8, contents.len + 16);
    defer testing.allocator.free(room);
    for ([_]usize{ 0, 1, 126, 127, 128, 255, 256, 65535, 65536 }) |len| {
        var counter: Writer = .{};
        var writer: Writer = .{ .room = room };
        for ([_]*Writer{ &counter, &writer }) |each| {
            each.bitString(.bit_string, contents[0..len]);
            each.version(3);
            each.wrap(.sequence, 0);
        }
        try testing.expectEqual(counter.len, writer.len);
        var outer: reader.Reader = .init(room[room.len - @as(usize, @intCast(writer.len)) ..]);
        var inner = try outer.enter(.sequence);
        try outer.end();
        try testing.expectEqual(3, try inner.version());
        try testing.expectEqualSlices(u8, contents[0..len], try inner.bitString(.bit_string));
        try inner.end();
    }
}
