//! Keys, operations and generations as a host might hand them back: with bytes changed, everywhere or in their headers,
//! or made of nothing but random ones. Whatever comes of it, numbers or an error, nothing traps (these tests run with
//! every safety check), nothing is endless, and nothing outside their memory is read or written as anything.

const std = @import("std");
const testing = std.testing;
const key_module = @import("key.zig");
const operation = @import("operation.zig");
const generation = @import("generation.zig");
const Budget = @import("power.zig").Budget;

/// Of 256 bits each; the second has an e of 10 bytes, which division steps and long exponents meet.
const exponents = [_][]const u8{ &.{17}, &.{ 0xc3, 1, 2, 3, 4, 5, 6, 7, 8, 0x0b } };
const modulus_bits = 256;
const modulus_bytes = modulus_bits / 8;
const guard_byte = 0x5c;

/// Memory with a guard behind it, and what is to be in it before it is changed.
const Room = struct {
    storage: [1 << 18]u8 align(16) = undefined,
    pristine: [1 << 18]u8 = undefined,
    length: usize = 0,

    fn take(room: *Room, length: usize) []align(16) u8 {
        room.length = length;
        @memset(room.storage[length..][0..64], guard_byte);
        return room.bytes();
    }

    fn bytes(room: *Room) []align(16) u8 {
        return room.storage[0..room.length];
    }

    fn keep(room: *Room) void {
        @memcpy(room.pristine[0..room.length], room.bytes());
    }

    fn restore(room: *Room) void {
        @memcpy(room.bytes(), room.pristine[0..room.length]);
    }

    fn expectGuarded(room: *const Room) !void {
        try testing.expect(std.mem.allEqual(u8, room.storage[room.length..][0..64], guard_byte));
    }
};

const State = struct {
    var key: Room = .{};
    var operation: Room = .{};
    var generation: Room = .{};
};

fn begin(exponent: []const u8) !*generation.Header {
    const sizes = try generation.sizesOf(modulus_bits, @intCast(exponent.len));
    const header: *generation.Header = @ptrCast(State.generation.take(generation.generationBytes(sizes)).ptr);
    try generation.begin(header, sizes, exponent);
    State.generation.keep();
    return header;
}

/// A private key of a generation that has begun.
fn prepare(random: std.Random, begun: *generation.Header) !*key_module.Header {
    var pool: [512]u8 = undefined;
    while (true) {
        random.bytes(&pool);
        begun.used = 0;
        var budget: Budget = .{ .tiles = 1 << 40 };
        if (try generation.step(begun, &pool, &budget) == .done) break;
    }
    const sizes = begun.sizes;
    var parts: [1024]u8 = undefined;
    const all = parts[0..key_module.Parts.bytesOfAll(sizes)];
    try generation.finish(begun, all);
    const header: *key_module.Header = @ptrCast(State.key.take(sizes.privateBytes()).ptr);
    var scratch: [8192]u8 align(16) = undefined;
    try testing.expect(sizes.scratchBytes() <= scratch.len);
    try key_module.PrivateKey.prepare(header, &scratch, sizes, .of(sizes, all));
    State.key.keep();
    return header;
}

/// Some bytes, or words, of the header or of all, become others.
fn forge(random: std.Random, memory: []u8, header_bytes: usize) void {
    const words = [_]u32{ 0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_7fff, 0x8000_8000, 0x7ff8_0000 };
    switch (random.uintLessThan(u8, 8)) {
        0 => random.bytes(memory[header_bytes..]),
        1 => @memset(memory[header_bytes..], random.int(u8)),
        2 => {
            const word = words[random.uintLessThan(usize, words.len)];
            for (std.mem.bytesAsSlice(u32, memory[header_bytes .. memory.len / 4 * 4])) |*place| place.* = word;
        },
        else => for (0..random.uintLessThan(usize, 6) + 1) |_| {
            const within = if (random.boolean()) header_bytes else memory.len;
            const at = random.uintLessThan(usize, within / 4) * 4;
            const word = if (random.boolean()) random.int(u32) else words[random.uintLessThan(usize, words.len)];
            std.mem.writeInt(u32, memory[at..][0..4], word, .little);
        },
    }
}

test "forged keys and operations give numbers or errors, and end" {
    const seed = testing.random_seed;
    errdefer std.debug.print("seed {}\n", .{seed});
    var prng: std.Random.DefaultPrng = .init(seed);
    const random = prng.random();
    for (exponents) |exponent| {
        const key = try prepare(random, try begin(exponent));
        const header: *operation.Header = @ptrCast(State.operation.take(operation.operationBytes(key)).ptr);
        for (0..200) |round| {
            State.key.restore();
            if (round % 2 == 0) forge(random, State.key.bytes(), @sizeOf(key_module.Header));
            operateForged(random, key, header, round % 2 == 1) catch |err| switch (err) {
                error.Endless => return err,
                else => {},
            };
            try State.key.expectGuarded();
            try State.operation.expectGuarded();
        }
    }
}

fn operateForged(random: std.Random, key: *key_module.Header, header: *operation.Header, forges: bool) !void {
    // What every export asks before it goes on: that key and operation say what they are, and lie in memory whole.
    if (try key.bytes() > State.key.length or operation.operationBytes(key) > State.operation.length) return;
    var storage: [2 * modulus_bytes]u8 = undefined;
    const x = storage[0..key.sizes.modulusBytes()];
    random.bytes(x);
    x[0] &= 0x7f;
    const blinding: [operation.blinding_bytes]u8 = @splat(random.int(u8));
    if (random.uintLessThan(u8, 4) == 0) {
        try operation.beginPublic(key, header, x);
    } else {
        try operation.beginPrivate(key, header, x, &blinding);
    }
    const forged_at = random.uintLessThan(usize, 60);
    for (0..2000) |count| {
        if (forges and count == forged_at) forge(random, State.operation.bytes(), @sizeOf(operation.Header));
        if (try header.bytes() > State.operation.length) return;
        var budget: Budget = .{ .tiles = if (count < 60) 50 else 100_000 };
        if (try operation.step(key, header, &budget)) return operation.finish(key, header, x);
    }
    return error.Endless;
}

test "forged generations give keys, of whatever kind, or errors, and end" {
    const seed = testing.random_seed;
    errdefer std.debug.print("seed {}\n", .{seed});
    var prng: std.Random.DefaultPrng = .init(seed);
    const random = prng.random();
    for (exponents) |exponent| {
        const header = try begin(exponent);
        for (0..15) |_| {
            State.generation.restore();
            generateForged(random, header) catch |err| switch (err) {
                error.Endless => return err,
                else => {},
            };
            try State.generation.expectGuarded();
        }
    }
}

fn generateForged(random: std.Random, header: *generation.Header) !void {
    var pool: [512]u8 = undefined;
    random.bytes(&pool);
    const forged_at = random.uintLessThan(usize, 40);
    for (0..2000) |count| {
        if (count == forged_at) {
            const memory = State.generation.bytes();
            // The small primes are most of it, and in its middle.
            const end = memory.len / 16 * 15;
            if (random.boolean()) forge(random, memory, @sizeOf(generation.Header)) else forge(random, memory[end..], 4);
        }
        if (try header.bytes() > State.generation.length) return;
        var budget: Budget = .{ .tiles = if (count < 40) 4000 else 1 << 40 };
        switch (try generation.step(header, &pool, &budget)) {
            .more => {},
            .needs_random => random.bytes(&pool),
            .done => {
                var output: [1024]u8 = undefined;
                return generation.finish(header, output[0..key_module.Parts.bytesOfAll(header.sizes)]);
            },
        }
    }
    return error.Endless;
}
