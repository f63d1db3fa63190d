//! For the tests of both heads: the fields of a head that has been read, cut out of its text as ts/core/http.ts does.

const std = @import("std");
const Head = @import("head.zig").Head;

pub const Fields = struct {
    text: []const u8,

    /// `text` is the head, from its first byte to the empty line.
    pub fn of(text: []const u8, head: Head) Fields {
        return .{ .text = text[head.fields_start..] };
    }

    pub fn next(fields: *Fields) ?[2][]const u8 {
        const end = std.mem.indexOf(u8, fields.text, "\r\n").?;
        const line = fields.text[0..end];
        fields.text = fields.text[end + 2 ..];
        if (line.len == 0) return null;
        const colon = std.mem.indexOfScalar(u8, line, ':').?;
        return .{ line[0..colon], std.mem.trim(u8, line[colon + 1 ..], " \t") };
    }
};
