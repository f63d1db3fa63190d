//! Distinguished Encoding Rules, read strictly: ITU-T X.690 (02/2021), sections 8, 10 and 11. A value is
//!
//!     identifier  1 byte            class (2 bits), constructed (1 bit), tag number (5 bits, 0 to 30)
//!     length      1 byte            0 to 127
//!                 1 + n bytes       0x80 + n, then 128 and more in n bytes, big-endian; n is 1 to 4
//!     contents    `length` bytes
//!
//! There is no lenient mode: a value has one encoding, and any other is an error, always the same one. Refused are
//! lengths that are indefinite, longer than they need be or beyond the input; INTEGERs with a byte to spare; unused
//! bits that are not zero; every tag but the one that is due; and bytes after the last value, where `end` is called.
//! Contents of relative OIDs, REALs, character strings and times are not looked at: they occur only in attributes,
//! which are dropped.
//!
//! What is read are views into the input. Time depends on tags and lengths, and on the first nine bits of an INTEGER:
//! whether it is positive and minimal. Nothing else of a key's contents is looked at.
//!
//! No part of this is hot: what is called from many places is not inlined, here and beside, for nearly half the code.

const std = @import("std");

pub const Error = error{
    /// Not the DER of what was to be read.
    InvalidDer,
};

/// Values inside values that `any` follows, before it takes the input for an attack.
pub const depth_max = 16;

/// An identifier octet, X.690 section 8.1.2: the universal types that occur in keys, by their names in X.680.
pub const Tag = enum(u8) {
    boolean = 0x01,
    integer = 0x02,
    bit_string = 0x03,
    octet_string = 0x04,
    null = 0x05,
    object_identifier = 0x06,
    enumerated = 0x0a,
    sequence = 0x30,
    set = 0x31,
    _,

    /// [number] IMPLICIT of a primitive type.
    pub fn primitive(number: u5) Tag {
        return @enumFromInt(0x80 | @as(u8, number));
    }

    /// [number] EXPLICIT, or IMPLICIT of a constructed type.
    pub fn constructed(number: u5) Tag {
        return @enumFromInt(0xa0 | @as(u8, number));
    }

    fn isConstructed(tag: Tag) bool {
        return @intFromEnum(tag) & 0x20 != 0;
    }

    fn isUniversal(tag: Tag) bool {
        return @intFromEnum(tag) < 0x40;
    }
};

/// Reads one value after the other, from the contents of the value that they make up.
pub const Reader = struct {
    /// What has not been read yet.
    rest: []const u8,

    pub fn init(bytes: []const u8) Reader {
        return .{ .rest = bytes };
    }

    /// After the last value.
    pub fn end(reader: Reader) Error!void {
        if (reader.rest.len != 0) return error.InvalidDer;
    }

    pub fn has(reader: Reader, tag: Tag) bool {
        return reader.rest.len > 0 and reader.rest[0] == @intFromEnum(tag);
    }

    /// The contents of the next value, which has this tag.
    pub noinline fn contents(reader: *Reader, tag: Tag) Error![]const u8 {
        if (!reader.has(tag)) return error.InvalidDer;
        var rest = reader.rest[1..];
        const len = try readLength(&rest);
        if (len > rest.len) return error.InvalidDer;
        reader.rest = rest[len..];
        return rest[0..len];
    }

    /// What is inside the next value, which is constructed and has this tag. `end` it, too.
    pub fn enter(reader: *Reader, tag: Tag) Error!Reader {
        return .init(try reader.contents(tag));
    }

    /// An INTEGER above zero, big-endian, without the byte of zero that keeps it from looking negative.
    pub noinline fn positiveInteger(reader: *Reader) Error![]const u8 {
        const bytes = try reader.contents(.integer);
        try checkInteger(bytes);
        if (bytes[0] > 0x7f) return error.InvalidDer;
        if (bytes[0] != 0) return bytes;
        if (bytes.len == 1) return error.InvalidDer;
        return bytes[1..];
    }

    /// An INTEGER that numbers the version of a structure, 0 to 127.
    pub noinline fn version(reader: *Reader) Error!u8 {
        const bytes = try reader.contents(.integer);
        if (bytes.len != 1 or bytes[0] > 0x7f) return error.InvalidDer;
        return bytes[0];
    }

    /// A BIT STRING, or [number] IMPLICIT of one, that holds whole bytes.
    pub noinline fn bitString(reader: *Reader, tag: Tag) Error![]const u8 {
        const bytes = try reader.contents(tag);
        if (bytes.len == 0 or bytes[0] != 0) return error.InvalidDer;
        return bytes[1..];
    }

    pub noinline fn objectIdentifier(reader: *Reader) Error![]const u8 {
        const bytes = try reader.contents(.object_identifier);
        try checkObjectIdentifier(bytes);
        return bytes;
    }

    pub fn nullValue(reader: *Reader) Error!void {
        if ((try reader.contents(.null)).len != 0) return error.InvalidDer;
    }

    /// A value of any type: its whole encoding, checked as far as that goes when nothing is known of the type.
    pub noinline fn any(reader: *Reader) Error![]const u8 {
        return reader.anyWithin(depth_max);
    }

    noinline fn anyWithin(reader: *Reader, depth: u32) Error![]const u8 {
        const start = reader.rest;
        if (start.len == 0 or depth == 0) return error.InvalidDer;
        const tag: Tag = @enumFromInt(start[0]);
        const bytes = try reader.contents(tag);
        try checkForm(tag);
        if (tag.isConstructed()) {
            var inner: Reader = .init(bytes);
            while (inner.rest.len > 0) _ = try inner.anyWithin(depth - 1);
        } else {
            try checkContents(tag, bytes);
        }
        return start[0 .. start.len - reader.rest.len];
    }
};

/// The members of a SET OF, each a value of any type, in ascending order: X.690 section 11.6.
pub const SetOf = struct {
    members: Reader,
    previous: []const u8 = "",

    /// The whole encoding of the next member; null after the last one.
    pub fn next(set: *SetOf) Error!?[]const u8 {
        if (set.members.rest.len == 0) return null;
        const member = try set.members.any();
        // None begins with all of another, so the zeros that the standard pads the shorter one with never matter.
        if (std.mem.order(u8, set.previous, member) == .gt) return error.InvalidDer;
        set.previous = member;
        return member;
    }
};

/// X.690 sections 8.1.3 and 10.1. The shortest form that holds the length.
fn readLength(rest: *[]const u8) Error!u32 {
    if (rest.len == 0) return error.InvalidDer;
    const first = rest.*[0];
    if (first < 0x80) {
        rest.* = rest.*[1..];
        return first;
    }
    const octets = first - 0x80;
    // None: the indefinite form. More than four: longer than any input.
    if (octets == 0 or octets > 4 or octets >= rest.len) return error.InvalidDer;
    var len: u32 = 0;
    for (rest.*[1..][0..octets]) |octet| len = len << 8 | octet;
    const len_min = if (octets == 1) 0x80 else @as(u32, 1) << @intCast(8 * (octets - 1));
    if (len < len_min) return error.InvalidDer;
    rest.* = rest.*[1 + octets ..];
    return len;
}

/// X.690 section 8.3.2: the first nine bits are neither all zero nor all one.
fn checkInteger(bytes: []const u8) Error!void {
    if (bytes.len == 0) return error.InvalidDer;
    if (bytes.len == 1) return;
    const first_nine = @as(u16, bytes[0]) << 1 | bytes[1] >> 7;
    if (first_nine == 0 or first_nine == 0x1ff) return error.InvalidDer;
}

/// X.690 section 8.19.2: numbers of seven bits a byte, none of which begins with a byte that holds no bit.
fn checkObjectIdentifier(bytes: []const u8) Error!void {
    var is_first_of_number = true;
    for (bytes) |byte| {
        if (is_first_of_number and byte == 0x80) return error.InvalidDer;
        is_first_of_number = byte < 0x80;
    }
    if (bytes.len == 0 or !is_first_of_number) return error.InvalidDer;
}

/// Tag numbers of one byte; universal types that exist, and in the form that DER has for them (X.690 section 10.2:
/// strings are primitive).
fn checkForm(tag: Tag) Error!void {
    const number: u5 = @truncate(@intFromEnum(tag));
    if (number == 0x1f) return error.InvalidDer;
    if (!tag.isUniversal()) return;
    const expected = switch (number) {
        // End-of-contents, and one that is reserved.
        0, 15 => return error.InvalidDer,
        // EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING.
        8, 11, 16, 17, 29 => true,
        else => false,
    };
    if (tag.isConstructed() != expected) return error.InvalidDer;
}

/// Primitive types whose contents have rules of their own: X.690 sections 8.2, 8.3, 8.4, 8.6, 8.8, 8.19, 11.1, 11.2.
fn checkContents(tag: Tag, bytes: []const u8) Error!void {
    switch (tag) {
        .boolean => if (bytes.len != 1 or (bytes[0] != 0 and bytes[0] != 0xff)) return error.InvalidDer,
        .integer, .enumerated => try checkInteger(bytes),
        .bit_string => {
            if (bytes.len == 0 or bytes[0] > 7) return error.InvalidDer;
            const unused = @as(u8, 1) << @intCast(bytes[0]);
            if (unused == 1) return;
            if (bytes.len == 1 or bytes[bytes.len - 1] & (unused - 1) != 0) return error.InvalidDer;
        },
        .null => if (bytes.len != 0) return error.InvalidDer,
        .object_identifier => try checkObjectIdentifier(bytes),
        else => {},
    }
}

const testing = std.testing;

fn hex(comptime digits: []const u8) []const u8 {
    return comptime blk: {
        var bytes: [digits.len / 2]u8 = undefined;
        _ = std.fmt.hexToBytes(&bytes, digits) catch unreachable;
        const final = bytes;
        break :blk &final;
    };
}

test "lengths are read in their shortest form, and in no other" {
    // Contents of 0, 127, 128, 255, 256 and 65536 bytes.
    inline for (.{
        .{ "0400", 0 },     .{ "047f", 127 },     .{ "048180", 128 },
        .{ "0481ff", 255 }, .{ "04820100", 256 }, .{ "0483010000", 65536 },
    }) |case| {
        const header = hex(case[0]);
        const bytes = try testing.allocator.alloc(u8, header.len + case[1]);
        defer testing.allocator.free(bytes);
        @memset(bytes, 0xa5);
        @memcpy(bytes[0..header.len], header);
        var reader: Reader = .init(bytes);
        try testing.expectEqual(case[1], (try reader.contents(.octet_string)).len);
        try reader.end();
        for (0..bytes.len) |len| {
            var cut: Reader = .init(bytes[0..len]);
            try testing.expectError(error.InvalidDer, cut.contents(.octet_string));
        }
    }
    const filler = "00" ** 256;
    inline for (.{
        "0480" ++ filler,           "0481",
        "04817f" ++ filler,         "048200ff" ++ filler,
        "0483000100" ++ filler,     "048400000080" ++ filler,
        "04850000000080" ++ filler, "0484ffffffff" ++ filler,
        "04ff" ++ filler,
    }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectError(error.InvalidDer, reader.contents(.octet_string));
    }
}

test "a positive INTEGER loses the zero that keeps it positive; zero, negative and padded ones are refused" {
    inline for (.{
        .{ "020101", "01" },         .{ "02017f", "7f" },       .{ "02020080", "80" },
        .{ "0203010001", "010001" }, .{ "020300ffff", "ffff" },
    }) |case| {
        var reader: Reader = .init(hex(case[0]));
        try testing.expectEqualSlices(u8, hex(case[1]), try reader.positiveInteger());
        try reader.end();
    }
    inline for (.{
        "0200",     "020100",   "020180",   "0201ff", "02020001",
        "0202007f", "0202ff80", "02020000", "030101",
    }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectError(error.InvalidDer, reader.positiveInteger());
    }
}

test "versions, NULL, bit strings of bytes and object identifiers have one form each" {
    var good: Reader = .init(hex("020100" ++ "0500" ++ "030200ab" ++ "06032a0304" ++ "810200cd"));
    try testing.expectEqual(0, try good.version());
    try good.nullValue();
    try testing.expectEqualSlices(u8, hex("ab"), try good.bitString(.bit_string));
    try testing.expectEqualSlices(u8, hex("2a0304"), try good.objectIdentifier());
    try testing.expectEqualSlices(u8, hex("cd"), try good.bitString(.primitive(1)));
    try good.end();

    inline for (.{ "0200", "020180", "02020001" }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectError(error.InvalidDer, reader.version());
    }
    inline for (.{ "0300", "030101", "0302010a", "230500ab" }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectError(error.InvalidDer, reader.bitString(.bit_string));
    }
    inline for (.{ "0600", "060180", "0602802a", "06022a80", "06032a8001" }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectError(error.InvalidDer, reader.objectIdentifier());
    }
    var long_null: Reader = .init(hex("050100"));
    try testing.expectError(error.InvalidDer, long_null.nullValue());
}

test "a value of any type is canonical all the way down" {
    inline for (.{
        "010100", "0101ff",   "020100",   "0202ff7f",
        "0a0101", "0500",     "06022a03", "0c026869",
        "030100", "030203a8", "04020102", "300a0101ff3105a003020101",
        "8000",   "a0020500", "4100",     "170d3236303130313030303030305a",
    }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectEqualSlices(u8, hex(digits), try reader.any());
        try reader.end();
    }
    inline for (.{
        // Contents that have another form, or none.
        "",         "01",     "010101",   "0100",         "02020001", "0a00",
        "050100",   "060180", "0300",     "030101",       "030203a9", "030208a0",
        // Types that do not exist, have another form, or a number of more bytes.
        "0000",     "0f00",   "1000",     "1100",         "240100",   "2c00",
        "0800",     "1f0100", "bf810100",
        // What is inside is cut off, or followed by a byte.
        "300404010000", "30800000", "30020201",
        "a0020101",
    }) |digits| {
        var reader: Reader = .init(hex(digits));
        try testing.expectError(error.InvalidDer, reader.any());
    }
}

test "members of a SET OF ascend" {
    inline for (.{
        .{ "020101020102", true }, .{ "0201050201050500", true }, .{ "020102020101", false }, .{ "0500020105", false },
    }) |case| {
        var set: SetOf = .{ .members = .init(hex(case[0])) };
        _ = try set.next();
        const second = set.next();
        if (case[1]) _ = try second else try testing.expectError(error.InvalidDer, second);
    }
}

test "values nest as deep as their limit" {
    inline for (.{ depth_max, depth_max + 1 }) |depth| {
        comptime var bytes: []const u8 = "";
        inline for (0..depth) |_| bytes = .{ 0x30, bytes.len } ++ bytes;
        var reader: Reader = .init(bytes);
        if (depth > depth_max) {
            try testing.expectError(error.InvalidDer, reader.any());
        } else {
            try testing.expectEqual(bytes.len, (try reader.any()).len);
        }
    }
}
