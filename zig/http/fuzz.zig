//! What the parsers' fuzzers share: a cursor for second parsers, written from the grammar one byte at a time; and the
//! inputs on which both have to agree: whole messages, and those cut at every byte, with every byte replaced by every
//! other, and mutated at random.
//!
//! A subject is a namespace with
//!
//!     golden        messages that are whole, each with something behind its end or not
//!     splinters     what a mutation is likely to trip over
//!     variants      in how many ways an input can be taken; the functions get a number below
//!     consumed      how many bytes of an input the second parser takes; null for what is refused or not whole
//!     agree         fails unless both parsers say the same of an input; the second parser gets one of its own
//!     parse         what the parser says of an input that arrives in pieces, the cuts at ascending offsets
//!
//! A parser may write to its input, the last byte of which is the last of a page that nothing can be read behind.

const std = @import("std");
const builtin = @import("builtin");
const testing = std.testing;

/// Longer than any golden message with its mutations.
const input_max = 2048;

/// How much is tried: a build that is not optimised takes twenty times as long for each. In one that is, the parser of
/// requests reads 1.3 million inputs, some of them in pieces.
const mutations: usize = if (builtin.mode == .Debug) 30_000 else 500_000;
const replacement_stride: usize = if (builtin.mode == .Debug) 4 else 1;

pub const Cursor = struct {
    bytes: []const u8,
    at: usize = 0,

    pub fn peek(cursor: *const Cursor) ?u8 {
        return if (cursor.at < cursor.bytes.len) cursor.bytes[cursor.at] else null;
    }

    pub fn literal(cursor: *Cursor, text: []const u8) error{No}!void {
        if (!std.mem.startsWith(u8, cursor.bytes[cursor.at..], text)) return error.No;
        cursor.at += text.len;
    }

    pub fn run(cursor: *Cursor, comptime belongs: fn (u8) bool, min: usize) error{No}![]const u8 {
        const start = cursor.at;
        while (cursor.peek()) |byte| : (cursor.at += 1) if (!belongs(byte)) break;
        return if (cursor.at - start < min) error.No else cursor.bytes[start..cursor.at];
    }
};

/// RFC 9110 section 5.6.2.
pub fn isToken(byte: u8) bool {
    return switch (byte) {
        'a'...'z', 'A'...'Z', '0'...'9' => true,
        '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~' => true,
        else => false,
    };
}

/// What a field value may hold: RFC 9110 section 5.5.
pub fn isText(byte: u8) bool {
    return byte == '\t' or (byte >= ' ' and byte != 0x7f);
}

pub fn isDigit(byte: u8) bool {
    return byte >= '0' and byte <= '9';
}

/// A page, behind which lies one that cannot be read.
const Page = struct {
    pages: []align(std.heap.page_size_min) u8,

    fn init() !Page {
        const page_bytes = std.heap.pageSize();
        const alignment = comptime std.mem.Alignment.fromByteUnits(std.heap.page_size_min);
        const pages = try std.heap.page_allocator.alignedAlloc(u8, alignment, 2 * page_bytes);
        try std.process.protectMemory(@alignCast(pages[page_bytes..]), .{});
        return .{ .pages = pages };
    }

    fn deinit(page: Page) void {
        const guard = page.pages[page.pages.len / 2 ..];
        std.process.protectMemory(@alignCast(guard), .{ .read = true, .write = true }) catch unreachable;
        std.heap.page_allocator.free(page.pages);
    }

    /// A copy at the very end.
    fn put(page: Page, input: []const u8) []u8 {
        const end = page.pages.len / 2;
        const copy = page.pages[end - input.len .. end];
        @memcpy(copy, input);
        return copy;
    }
};

pub fn Fuzz(comptime Subject: type) type {
    return struct {
        page: Page,

        const Self = @This();

        /// Every golden message is whole, and both parsers agree on it.
        pub fn whole() !void {
            const self: Self = .{ .page = try .init() };
            defer self.page.deinit();
            for (Subject.golden) |input| {
                for (0..Subject.variants) |variant| {
                    try testing.expect(Subject.consumed(input, variant) != null);
                    try self.agree(input, variant);
                }
            }
        }

        /// A message cut at any byte, or into single bytes, reads as the whole does, and is not whole before its end.
        pub fn cut() !void {
            const self: Self = .{ .page = try .init() };
            defer self.page.deinit();
            var every_byte: [input_max]usize = undefined;
            for (&every_byte, 0..) |*each, at| each.* = at;
            for (Subject.golden) |input| {
                for (0..Subject.variants) |variant| {
                    const end = Subject.consumed(input, variant).?;
                    try self.sameInPieces(input, every_byte[0..input.len], variant);
                    for (0..input.len) |at| {
                        try self.sameInPieces(input, &.{at}, variant);
                        try self.agree(input[0..at], variant);
                        try testing.expectEqual(at >= end, Subject.consumed(input[0..at], variant) != null);
                    }
                }
            }
        }

        /// A message with any byte replaced by any other is accepted exactly where the second parser accepts it; a build
        /// that is not optimised tries a quarter of them.
        pub fn replaced() !void {
            const self: Self = .{ .page = try .init() };
            defer self.page.deinit();
            var buffer: [input_max]u8 = undefined;
            for (Subject.golden) |input| {
                const bytes = buffer[0..input.len];
                @memcpy(bytes, input);
                for (input, 0..) |original, at| {
                    defer bytes[at] = original;
                    var value = (at + testing.random_seed) % replacement_stride;
                    while (value < 256) : (value += replacement_stride) {
                        bytes[at] = @intCast(value);
                        try self.agree(bytes, (at + value) % Subject.variants);
                    }
                }
            }
        }

        /// Messages mutated at random, whole and in random pieces, are accepted exactly where the second parser accepts
        /// them.
        pub fn mutated() !void {
            const self: Self = .{ .page = try .init() };
            defer self.page.deinit();
            const seed = testing.random_seed;
            errdefer std.debug.print("seed: {d}\n", .{seed});
            var prng: std.Random.DefaultPrng = .init(seed);
            const random = prng.random();
            var buffer: [input_max]u8 = undefined;
            for (0..mutations) |_| {
                var bytes: std.ArrayList(u8) = .initBuffer(&buffer);
                bytes.appendSliceAssumeCapacity(Subject.golden[random.uintLessThan(usize, Subject.golden.len)]);
                for (0..random.intRangeAtMost(usize, 1, 4)) |_| mutate(random, &bytes);
                const variant = random.uintLessThan(usize, Subject.variants);
                try self.agree(bytes.items, variant);

                var cuts: [4]usize = undefined;
                for (&cuts) |*each| each.* = random.uintAtMost(usize, bytes.items.len);
                std.mem.sort(usize, &cuts, {}, std.sort.asc(usize));
                try self.sameInPieces(bytes.items, &cuts, variant);
            }
        }

        /// Puts something in, takes some bytes away, or both.
        fn mutate(random: std.Random, bytes: *std.ArrayList(u8)) void {
            const at = random.uintAtMost(usize, bytes.items.len);
            const len = random.uintAtMost(usize, @min(bytes.items.len - at, random.uintAtMost(usize, 20)));
            const splinter = Subject.splinters[random.uintLessThan(usize, Subject.splinters.len)];
            switch (random.uintLessThan(u8, 3)) {
                0 => bytes.replaceRangeAssumeCapacity(at, 0, splinter),
                1 => bytes.replaceRangeAssumeCapacity(at, len, ""),
                else => bytes.replaceRangeAssumeCapacity(at, len, splinter),
            }
        }

        fn agree(self: Self, input: []const u8, variant: usize) !void {
            errdefer std.debug.print("variant {d}, input: {f}\n", .{ variant, std.ascii.hexEscape(input, .lower) });
            try Subject.agree(input, self.page.put(input), variant);
        }

        /// The answer, its error and what became of the input included, is the same with the cuts as without.
        fn sameInPieces(self: Self, input: []const u8, cuts: []const usize, variant: usize) !void {
            errdefer std.debug.print("cuts: {any}\n", .{cuts});
            errdefer std.debug.print("variant {d}, input: {f}\n", .{ variant, std.ascii.hexEscape(input, .lower) });
            var buffer: [input_max]u8 = undefined;
            const expected = Subject.parse(self.page.put(input), &.{}, variant);
            const text = buffer[0..input.len];
            @memcpy(text, self.page.pages[self.page.pages.len / 2 - input.len ..][0..input.len]);
            const exact = self.page.put(input);
            const actual = Subject.parse(exact, cuts, variant);
            try testing.expectEqualDeep(expected, actual);
            if (actual) |_| try testing.expectEqualSlices(u8, text, exact) else |_| {}
        }
    };
}
