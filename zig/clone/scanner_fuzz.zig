//! scanner.zig on values of every kind, whole, cut at every length, with every byte replaced by every other, and
//! mutated at random: what it says is always in order and within the input, and the same however often it pauses.

const std = @import("std");
const testing = std.testing;
const scanner_module = @import("scanner.zig");
const Expected = scanner_module.Expected;
const Frame = scanner_module.Frame;
const Record = scanner_module.Record;
const Scanner = scanner_module.Scanner;

const golden = [_][]const u8{
    "\xff\x0fI\x02",
    "\xff\x0f\"\x02hi",
    "\xff\x0f_",
    "\xff\x0fN\x00\x00\x00\x00\x00\x00\xf8?",
    "\xff\x0fZ\x11\x0a\x00\x00\x00\x00\x00\x00\x00",
    "\xff\x0fo\"\x01ac\x04\xe5e,g\"\x01b\x00c\x04\xe5e,gI\x02^\x00{\x03",
    "\xff\x0fA\x03I\x02-_\"\x01xT$\x01\x03",
    "\xff\x0fa\x03I\x00F@\x01\x03",
    "\xff\x0f;I\x02;:\x00'\x30,\x01I\x06:\x04",
    "\xff\x0fA\x06D\x00\x00\x00\x00\x00\x00\x00\x00yxn\x00\x00\x00\x00\x00\x00\x00\x00z\x00s\"\x01q$\x00\x06",
    "\xff\x0fR\"\x02a+\xbf\x03",
    "\xff\x0fA\x03~\x04\x08abcdVB\x01\x00\x03^\x01VW\x02\x02\x02B\x02zz$\x00\x03",
    "\xff\x0fA\x01B\x04abcdVd\x00\x04\x00$\x00\x01",
    "\xff\x0frRm\"\x01ms\"\x01ScrT..",
    "\xff\x0frTm\"\x01mco{\x00s\"\x01S.",
    "\xff\x0f\\\x04\x04abcd",
    "\xff\x0f?\x05\\\x10\x02hi",
    "\xff\x0dA\x01B\x01aVb\x00\x01$\x00\x01",
};

/// How many inputs the last test tries; more are a matter of patience only.
const mutations = if (@import("builtin").mode == .Debug) 200_000 else 3_000_000;

const Outcome = union(enum) {
    records: u32,
    failure: struct { at: u32, expected: Expected },
};

/// Scans with so much room at a time, into `all`, and checks what must always hold.
fn outcomeOf(input: []const u8, all: []Record, room: u32) !Outcome {
    var scanner: Scanner = .{};
    var frames: [64]Frame = undefined;
    var frames_len: u32 = if (room == 1) 1 else frames.len;
    var count: u32 = 0;
    var end: u32 = 0;
    while (scanner.done == 0) {
        const given = scanner.scan(input, frames[0..frames_len], all[count..][0..@min(room, all.len - count)]) catch {
            try testing.expect(scanner.at <= input.len);
            try testing.expect(scanner.expected != .nothing);
            return .{ .failure = .{ .at = scanner.at, .expected = scanner.expected } };
        };
        for (all[count..][0..given]) |record| {
            try testing.expect(record.offset >= end and record.end > record.offset and record.end <= input.len);
            try testing.expect(record.payload <= record.end);
            end = record.end;
        }
        count += given;
        if (scanner.needs_frames != 0) {
            if (frames_len == frames.len) return .{ .records = count };
            frames_len += 1;
        }
    }
    try testing.expectEqual(input.len, end);
    return .{ .records = count };
}

fn expectSame(input: []const u8) !Outcome {
    var all: [2][512]Record = undefined;
    const whole = try outcomeOf(input, &all[0], 512);
    const paused = try outcomeOf(input, &all[1], 1);
    try testing.expectEqual(whole, paused);
    if (whole == .records) {
        for (all[0][0..whole.records], all[1][0..whole.records]) |a, b| try testing.expectEqual(a, b);
    }
    return whole;
}

test "golden inputs are whole, and no part of one is" {
    for (golden) |input| {
        try testing.expect(try expectSame(input) == .records);
        for (0..input.len) |len| {
            const outcome = try expectSame(input[0..len]);
            try testing.expect(outcome == .failure);
        }
        var longer: [256]u8 = undefined;
        @memcpy(longer[0..input.len], input);
        longer[input.len] = '_';
        const outcome = try expectSame(longer[0 .. input.len + 1]);
        try testing.expectEqual(Expected.end_of_input, outcome.failure.expected);
        try testing.expectEqual(input.len, outcome.failure.at);
    }
}

test "any byte may be any other" {
    var buffer: [256]u8 = undefined;
    for (golden) |input| {
        const copy = buffer[0..input.len];
        @memcpy(copy, input);
        for (copy, input) |*byte, original| {
            for (0..256) |other| {
                byte.* = @intCast(other);
                _ = try expectSame(copy);
            }
            byte.* = original;
        }
    }
}

test "mutated inputs: bytes replaced, taken away, put in from another" {
    var prng: std.Random.DefaultPrng = .init(0x636c6f6e65);
    const random = prng.random();
    var buffer: [256]u8 = undefined;
    var all: [512]Record = undefined;
    for (0..mutations) |_| {
        const input = golden[random.uintLessThan(usize, golden.len)];
        @memcpy(buffer[0..input.len], input);
        var len = input.len;
        for (0..random.uintAtMost(usize, 4)) |_| {
            const at = random.uintLessThan(usize, len);
            switch (random.uintLessThan(u8, 4)) {
                0 => buffer[at] = random.int(u8),
                1 => buffer[at] = golden[random.uintLessThan(usize, golden.len)][2],
                2 => if (len > 1) {
                    std.mem.copyForwards(u8, buffer[at .. len - 1], buffer[at + 1 .. len]);
                    len -= 1;
                },
                else => {
                    const other = golden[random.uintLessThan(usize, golden.len)][2..];
                    if (len + other.len > buffer.len) continue;
                    std.mem.copyBackwards(u8, buffer[at + other.len .. len + other.len], buffer[at..len]);
                    @memcpy(buffer[at..][0..other.len], other);
                    len += other.len;
                },
            }
        }
        _ = try outcomeOf(buffer[0..len], &all, 512);
    }
}

test "depth takes frames and nothing else" {
    const depth = 100_000;
    const input = try testing.allocator.alloc(u8, 2 + 5 * depth);
    defer testing.allocator.free(input);
    const frames = try testing.allocator.alloc(Frame, depth + 1);
    defer testing.allocator.free(frames);
    input[0..2].* = "\xff\x0f".*;
    for (0..depth) |i| {
        input[2 + 2 * i ..][0..2].* = if (i + 1 < depth) "A\x01".* else "A\x00".*;
        input[2 + 2 * depth + 3 * i ..][0..3].* = if (i > 0) "$\x00\x01".* else "$\x00\x00".*;
    }
    var scanner: Scanner = .{};
    var records: [1000]Record = undefined;
    try testing.expectEqual(10, try scanner.scan(input, frames[0..9], &records));
    try testing.expectEqual(1, scanner.needs_frames);
    while (scanner.done == 0) _ = try scanner.scan(input, frames, &records);
    try testing.expectEqual(depth, scanner.objects);
}
