//! A strict reader of the format that makes no values: it says what stands where, or where input stops being well
//! formed and what was expected there. It looks at each byte of structure once, keeps a frame for each object that is
//! open, and never reads past its input; what it needs grows with depth alone.
//!
//! It checks all that the format says of itself. It does not check what a reference leads to, that names differ, that
//! patterns compile, or that strings are well formed: that is for who makes values of them.
//!
//! Input lies in memory as a whole. Scanning pauses when there is no room for another record or frame, and goes on when
//! it is called again; frames may have been moved meanwhile, and their room have grown.

const std = @import("std");
const format = @import("format.zig");
const assert = std.debug.assert;
const ErrorTag = format.ErrorTag;
const Tag = format.Tag;

pub const Error = error{
    /// Not the format: `Scanner.expected` and `Scanner.at` say where and why.
    InvalidSerializedValue,
};

/// What was expected where input is malformed. ts/core/clone.ts has a sentence for each, in this order.
pub const Expected = enum(u32) {
    nothing,
    version_tag,
    version,
    value,
    name_or_end,
    entry_or_end,
    element,
    string,
    number,
    bytes,
    even_length,
    count,
    array_length,
    object_number,
    view_kind,
    view_range,
    view_flags,
    buffer_length,
    host_kind,
    whole_elements,
    regexp_flags,
    error_part,
    end_of_input,
};

pub const Role = enum(u32) {
    version,
    value,
    name,
    /// The end of the object that is open.
    end,
    /// A view of the value before it.
    view,
    /// The flags of a RegExp, behind its source.
    flags,
    /// The type of an error, the beginning of one of its parts, or its end.
    error_part,
    hole,
};

/// What stands at an offset. All numbers are u32, in the host's order of this table.
pub const Record = extern struct {
    /// Of the tag, behind padding.
    offset: u32,
    /// Of the first byte behind this.
    end: u32,
    tag: u32,
    role: Role,
    /// How many objects it is in.
    depth: u32,
    /// The first varint behind the tag; of an INT32, the zigzag one.
    number: u32 = 0,
    /// The second one.
    other: u32 = 0,
    /// Where the bytes begin that it holds; they reach to its end.
    payload: u32 = 0,
    /// Its number among all objects, if it is one, or else `no_object`.
    object: u32 = no_object,
};

pub const no_object = std.math.maxInt(u32);

const Kind = enum(u8) { object, dense_array, sparse_array, map, set, regexp, string_object, error_object, _ };

pub const Frame = extern struct {
    kind: Kind,
    /// Between a name and its value; of an error and a RegExp, how far it is.
    stage: u8 = 0,
    unused: u16 = 0,
    /// Of an array, its length.
    length: u32 = 0,
    /// Properties, entries or elements so far.
    count: u32 = 0,
    /// Elements of a dense array that are still to come.
    left: u32 = 0,
};

const stage_type = 0;
const stage_parts = 1;
const stage_string = 2;
const stage_cause = 3;
const stage_rest = 4;

pub const Scanner = extern struct {
    /// Of the next byte; after an error, of what is wrong.
    at: u32 = 0,
    expected: Expected = .nothing,
    depth: u32 = 0,
    objects: u32 = 0,
    version: u32 = 0,
    /// The value is complete, and so is the input.
    done: u32 = 0,
    /// There was no room for a frame.
    needs_frames: u32 = 0,
    failed: u32 = 0,
    stage: enum(u32) { begin, value, after, _ } = .begin,
    /// The last value was an ArrayBuffer, of this length, or a reference, which may lead to one.
    buffer: enum(u32) { none, buffer, resizable, reference, _ } = .none,
    buffer_len: u32 = 0,

    /// Gives as many records as there is room for; fewer only at the end, when frames are out, and before an error,
    /// which the next call gives.
    pub fn scan(scanner: *Scanner, input: []const u8, frames: []Frame, records: []Record) Error!u32 {
        scanner.needs_frames = 0;
        if (scanner.failed != 0) return error.InvalidSerializedValue;
        // A host may have written anything here.
        if (scanner.at > input.len or scanner.depth > frames.len) return scanner.fail(scanner.at, .nothing);
        var count: u32 = 0;
        while (count < records.len and scanner.done == 0) {
            if (scanner.depth == frames.len) {
                scanner.needs_frames = 1;
                break;
            }
            const record = scanner.step(input, frames) catch |err| {
                if (count == 0) return err;
                break;
            };
            records[count] = record orelse break;
            count += 1;
        }
        return count;
    }

    fn step(scanner: *Scanner, input: []const u8, frames: []Frame) Error!?Record {
        switch (scanner.stage) {
            .begin => {
                scanner.stage = .value;
                return try scanner.header(input);
            },
            else => {},
        }
        if (scanner.buffer != .none) {
            if (try scanner.view(input)) |record| return record;
            scanner.buffer = .none;
        }
        if (scanner.depth == 0) {
            if (scanner.stage == .value) {
                scanner.stage = .after;
                return try scanner.value(input, frames);
            }
            if (scanner.at < input.len) return scanner.fail(scanner.at, .end_of_input);
            scanner.done = 1;
            return null;
        }
        const frame = &frames[scanner.depth - 1];
        switch (frame.kind) {
            .object => return try scanner.property(input, frames, frame, .end_object),
            .sparse_array => return try scanner.property(input, frames, frame, .end_sparse_array),
            .dense_array => {
                if (frame.left == 0) return try scanner.property(input, frames, frame, .end_dense_array);
                return try scanner.element(input, frames, frame);
            },
            .map => return try scanner.entry(input, frames, frame, .end_map),
            .set => return try scanner.entry(input, frames, frame, .end_set),
            .regexp => {
                if (frame.stage == 0) {
                    frame.stage = 1;
                    return try scanner.string(input);
                }
                return try scanner.flags(input);
            },
            .string_object => {
                scanner.depth -= 1;
                var record = try scanner.string(input);
                record.depth += 1;
                return record;
            },
            .error_object => return try scanner.errorPart(input, frames, frame),
            // A host wrote over the frame.
            _ => return scanner.fail(scanner.at, .nothing),
        }
    }

    fn fail(scanner: *Scanner, at: u32, expected: Expected) Error {
        scanner.failed = 1;
        scanner.at = at;
        scanner.expected = expected;
        return error.InvalidSerializedValue;
    }

    // ---- what stands in an object ----

    fn property(scanner: *Scanner, input: []const u8, frames: []Frame, frame: *Frame, end: Tag) Error!Record {
        if (frame.stage == 1) {
            frame.stage = 0;
            return scanner.value(input, frames);
        }
        const at, const tag = try scanner.tagged(input, .name_or_end);
        if (tag == end) {
            var record: Record = .{
                .offset = at,
                .end = 0,
                .tag = @intFromEnum(tag),
                .role = .end,
                .depth = scanner.depth - 1,
            };
            record.number = try scanner.expectCount(input, frame.count, .count);
            if (frame.kind != .object) record.other = try scanner.expectCount(input, frame.length, .array_length);
            record.end = scanner.at;
            scanner.depth -= 1;
            return record;
        }
        var record: Record = .{
            .offset = at,
            .end = 0,
            .tag = @intFromEnum(tag),
            .role = .name,
            .depth = scanner.depth,
        };
        switch (tag) {
            .int32, .uint32 => record.number = try scanner.varint(input),
            .double => record.payload = try scanner.bytes(input, 8),
            .one_byte_string, .two_byte_string, .utf8_string => try scanner.text(input, tag, &record),
            else => return scanner.fail(at, .name_or_end),
        }
        record.end = scanner.at;
        frame.stage = 1;
        frame.count +%= 1;
        return record;
    }

    fn element(scanner: *Scanner, input: []const u8, frames: []Frame, frame: *Frame) Error!Record {
        const start = scanner.at;
        const at, const tag = try scanner.tagged(input, .element);
        frame.left -= 1;
        if (tag == .hole) {
            return .{
                .offset = at,
                .end = scanner.at,
                .tag = @intFromEnum(tag),
                .role = .hole,
                .depth = scanner.depth,
            };
        }
        scanner.at = start;
        return scanner.value(input, frames);
    }

    fn entry(scanner: *Scanner, input: []const u8, frames: []Frame, frame: *Frame, end: Tag) Error!Record {
        const start = scanner.at;
        const at, const tag = try scanner.tagged(input, .entry_or_end);
        if (tag != end) {
            scanner.at = start;
            frame.count +%= 1;
            return scanner.value(input, frames);
        }
        if (frame.kind == .map and frame.count % 2 == 1) return scanner.fail(at, .value);
        const number = try scanner.expectCount(input, frame.count, .count);
        scanner.depth -= 1;
        return .{
            .offset = at,
            .end = scanner.at,
            .tag = @intFromEnum(tag),
            .role = .end,
            .depth = scanner.depth,
            .number = number,
        };
    }

    fn flags(scanner: *Scanner, input: []const u8) Error!Record {
        const at = scanner.at;
        const number = try scanner.varint(input);
        // d g i m s u v y; bit 6 is an experiment of V8's.
        if (number & ~@as(u32, 0b1_1011_1111) != 0) return scanner.fail(at, .regexp_flags);
        const record: Record = .{
            .offset = at,
            .end = scanner.at,
            .tag = 0,
            .role = .flags,
            .depth = scanner.depth,
            .number = number,
        };
        scanner.depth -= 1;
        return record;
    }

    fn errorPart(scanner: *Scanner, input: []const u8, frames: []Frame, frame: *Frame) Error!Record {
        switch (frame.stage) {
            stage_string => {
                frame.stage = if (frame.left == 1) stage_rest else stage_parts;
                return scanner.string(input);
            },
            stage_cause => {
                frame.stage = stage_rest;
                frame.left = 1;
                return scanner.value(input, frames);
            },
            else => {},
        }
        const at = scanner.at;
        const tag: ErrorTag = @enumFromInt(try scanner.byte(input, .error_part));
        const record: Record = .{
            .offset = at,
            .end = scanner.at,
            .tag = @intFromEnum(tag),
            .role = .error_part,
            .depth = scanner.depth,
        };
        switch (tag) {
            .end => scanner.depth -= 1,
            // Each part once: the bits of `count` are those that were. Behind the cause, as Node 20 writes, a stack.
            .stack => {
                if (frame.count & 1 != 0) return scanner.fail(at, .error_part);
                frame.count |= 1;
                frame.stage = stage_string;
            },
            .message => {
                if (frame.count & 2 != 0 or frame.stage == stage_rest) return scanner.fail(at, .error_part);
                frame.count |= 2;
                frame.stage = stage_string;
            },
            .cause => {
                if (frame.stage == stage_rest) return scanner.fail(at, .error_part);
                frame.stage = stage_cause;
            },
            else => {
                if (frame.stage != stage_type or !tag.isType()) return scanner.fail(at, .error_part);
                frame.stage = stage_parts;
            },
        }
        return record;
    }

    // ---- values ----

    fn header(scanner: *Scanner, input: []const u8) Error!Record {
        const first = try scanner.byte(input, .version_tag);
        if (first != @intFromEnum(Tag.version)) return scanner.fail(0, .version_tag);
        scanner.version = try scanner.varint(input);
        if (scanner.version < format.version_min or scanner.version > format.version_max) {
            return scanner.fail(1, .version);
        }
        return .{
            .offset = 0,
            .end = scanner.at,
            .tag = first,
            .role = .version,
            .depth = 0,
            .number = scanner.version,
        };
    }

    fn value(scanner: *Scanner, input: []const u8, frames: []Frame) Error!Record {
        var at, var tag = try scanner.tagged(input, .value);
        while (tag == .verify_object_count) {
            _ = try scanner.varint(input);
            at, tag = try scanner.tagged(input, .value);
        }
        var record: Record = .{
            .offset = at,
            .end = 0,
            .tag = @intFromEnum(tag),
            .role = .value,
            .depth = scanner.depth,
        };
        switch (tag) {
            .undefined, .null, .true, .false => {},
            .int32, .uint32 => record.number = try scanner.varint(input),
            .double => record.payload = try scanner.bytes(input, 8),
            .bigint => try scanner.digits(input, &record),
            .one_byte_string, .two_byte_string, .utf8_string => try scanner.text(input, tag, &record),
            .reference => {
                const number_at = scanner.at;
                record.number = try scanner.varint(input);
                if (record.number >= scanner.objects) return scanner.fail(number_at, .object_number);
                scanner.buffer = .reference;
            },
            .true_object, .false_object => scanner.numbered(&record),
            .date, .number_object => {
                record.payload = try scanner.bytes(input, 8);
                scanner.numbered(&record);
            },
            .bigint_object => {
                try scanner.digits(input, &record);
                scanner.numbered(&record);
            },
            .object => scanner.open(frames, &record, .{ .kind = .object }),
            .map => scanner.open(frames, &record, .{ .kind = .map }),
            .set => scanner.open(frames, &record, .{ .kind = .set }),
            .regexp => scanner.open(frames, &record, .{ .kind = .regexp }),
            .string_object => scanner.open(frames, &record, .{ .kind = .string_object }),
            .error_object => scanner.open(frames, &record, .{ .kind = .error_object }),
            .sparse_array => {
                record.number = try scanner.varint(input);
                scanner.open(frames, &record, .{ .kind = .sparse_array, .length = record.number });
            },
            .dense_array => {
                const length_at = scanner.at;
                record.number = try scanner.varint(input);
                // Each element takes a byte at least.
                if (record.number > input.len - scanner.at) return scanner.fail(length_at, .bytes);
                scanner.open(frames, &record, .{
                    .kind = .dense_array,
                    .length = record.number,
                    .left = record.number,
                });
            },
            .array_buffer, .resizable_array_buffer => {
                record.number = try scanner.varint(input);
                const length_at = scanner.at;
                if (tag == .resizable_array_buffer) {
                    record.other = try scanner.varint(input);
                    if (record.other < record.number) return scanner.fail(length_at, .buffer_length);
                }
                record.payload = try scanner.bytes(input, record.number);
                scanner.buffer = if (tag == .array_buffer) .buffer else .resizable;
                scanner.buffer_len = record.number;
                scanner.numbered(&record);
            },
            .host_object => {
                const kind_at = scanner.at;
                record.number = try scanner.varint(input);
                record.other = try scanner.varint(input);
                if (format.hostElementBytes(record.number)) |element_bytes| {
                    if (record.other % element_bytes != 0) return scanner.fail(kind_at, .whole_elements);
                } else if (record.number < format.host_kind_application_min) {
                    return scanner.fail(kind_at, .host_kind);
                }
                record.payload = try scanner.bytes(input, record.other);
                scanner.numbered(&record);
            },
            else => return scanner.fail(at, .value),
        }
        record.end = scanner.at;
        return record;
    }

    /// What follows an ArrayBuffer or a reference, if it is a view; null if not.
    fn view(scanner: *Scanner, input: []const u8) Error!?Record {
        var at = scanner.at;
        while (at < input.len and input[at] == @intFromEnum(Tag.padding)) at += 1;
        if (at == input.len or input[at] != @intFromEnum(Tag.view)) return null;
        scanner.at = at + 1;
        var record: Record = .{
            .offset = at,
            .end = 0,
            .tag = @intFromEnum(Tag.view),
            .role = .view,
            .depth = scanner.depth,
        };
        const kind_at = scanner.at;
        const kind = try scanner.byte(input, .view_kind);
        const element_bytes = format.viewElementBytes(kind) orelse return scanner.fail(kind_at, .view_kind);
        record.payload = kind_at;
        record.number = try scanner.varint(input);
        record.other = try scanner.varint(input);
        if (scanner.buffer != .reference) {
            const outside = record.number > scanner.buffer_len or
                record.other > scanner.buffer_len - record.number;
            if (outside) return scanner.fail(kind_at, .view_range);
        }
        if (record.number % element_bytes != 0 or record.other % element_bytes != 0) {
            return scanner.fail(kind_at, .whole_elements);
        }
        if (scanner.version >= format.version_with_view_flags) {
            const view_flags = try scanner.varint(input);
            const resizable = view_flags & format.view_flag_resizable != 0;
            const tracking = view_flags & format.view_flag_length_tracking != 0;
            const as_buffer = scanner.buffer == .reference or resizable == (scanner.buffer == .resizable);
            if (!as_buffer or (tracking and !resizable)) return scanner.fail(kind_at, .view_flags);
        }
        scanner.buffer = .none;
        scanner.numbered(&record);
        record.end = scanner.at;
        return record;
    }

    fn numbered(scanner: *Scanner, record: *Record) void {
        record.object = scanner.objects;
        scanner.objects +%= 1;
    }

    /// There is room for the frame: `scan` saw to it.
    fn open(scanner: *Scanner, frames: []Frame, record: *Record, frame: Frame) void {
        scanner.numbered(record);
        frames[scanner.depth] = frame;
        scanner.depth += 1;
    }

    // ---- tokens ----

    fn string(scanner: *Scanner, input: []const u8) Error!Record {
        const at, const tag = try scanner.tagged(input, .string);
        var record: Record = .{
            .offset = at,
            .end = 0,
            .tag = @intFromEnum(tag),
            .role = .value,
            .depth = scanner.depth,
        };
        switch (tag) {
            .one_byte_string, .two_byte_string, .utf8_string => try scanner.text(input, tag, &record),
            else => return scanner.fail(at, .string),
        }
        record.end = scanner.at;
        return record;
    }

    fn text(scanner: *Scanner, input: []const u8, tag: Tag, record: *Record) Error!void {
        const at = scanner.at;
        record.number = try scanner.varint(input);
        if (tag == .two_byte_string and record.number % 2 != 0) return scanner.fail(at, .even_length);
        record.payload = try scanner.bytes(input, record.number);
    }

    fn digits(scanner: *Scanner, input: []const u8, record: *Record) Error!void {
        record.number = try scanner.varint(input);
        record.payload = try scanner.bytes(input, record.number >> 1);
    }

    /// The next byte that is no padding, and where it is.
    fn tagged(scanner: *Scanner, input: []const u8, expected: Expected) Error!struct { u32, Tag } {
        while (true) {
            const at = scanner.at;
            const byte_read = try scanner.byte(input, expected);
            if (byte_read != @intFromEnum(Tag.padding)) return .{ at, @enumFromInt(byte_read) };
        }
    }

    fn byte(scanner: *Scanner, input: []const u8, expected: Expected) Error!u8 {
        if (scanner.at == input.len) return scanner.fail(scanner.at, expected);
        defer scanner.at += 1;
        return input[scanner.at];
    }

    /// Reads over a number of bytes; gives where they begin.
    fn bytes(scanner: *Scanner, input: []const u8, len: u32) Error!u32 {
        const at = scanner.at;
        if (len > input.len - at) return scanner.fail(at, .bytes);
        scanner.at = at + len;
        return at;
    }

    fn varint(scanner: *Scanner, input: []const u8) Error!u32 {
        const at = scanner.at;
        var number: u32 = 0;
        for (0..5) |group| {
            const next = try scanner.byte(input, .number);
            if (group == 4 and next > 0x0f) break;
            number |= @as(u32, next & 0x7f) << @intCast(7 * group);
            if (next < 0x80) return number;
        }
        return scanner.fail(at, .number);
    }

    fn expectCount(scanner: *Scanner, input: []const u8, count: u32, expected: Expected) Error!u32 {
        const at = scanner.at;
        if (try scanner.varint(input) != count) return scanner.fail(at, expected);
        return count;
    }
};

comptime {
    assert(@sizeOf(Frame) == 16);
    assert(@sizeOf(Record) == 36);
    assert(@sizeOf(Scanner) == 44);
}

test {
    _ = @import("scanner_fuzz.zig");
}
