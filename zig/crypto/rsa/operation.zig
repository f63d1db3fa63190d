//! The primitives of RFC 8017, section 5: RSAEP and RSAVP1, x^e modulo n, and RSADP and RSASP1, x^d modulo n, which
//! schemes put their encodings around. Each is an operation in steps, as long as a budget lasts: with a modulus of
//! thousands of bits it takes longer than an event loop may be held.
//!
//! The private operation (section 5.1.2, 2.b):
//!
//! - is blinded: with a fresh random u of 128 bits, x u^e is raised to d, and the result divided by u. What is raised
//!   is not what somebody chose, nor the same twice.
//! - goes by the Chinese remainder theorem, with exponents of half the length modulo p and modulo q.
//! - is checked before anything is released: the result to the power of e must be x again. A fault in one half
//!   would give away a prime (Boneh, DeMillo and Lipton, 1997).
//!
//! Constant time in all but e, n and the length of the primes. The public one is not, and takes nothing secret,
//! but for a result that a scheme keeps secret: its bits do not steer it either.

const std = @import("std");
const ct = @import("../ct.zig");
const declassified = @import("../ec/secret.zig").declassified;
const limbs = @import("limbs.zig");
const modulus_module = @import("modulus.zig");
const key_module = @import("key.zig");
const power = @import("power.zig");
const Area = @import("area.zig").Area;
const bytesOf = @import("area.zig").bytesOf;
const Steps = @import("inverse.zig").Steps;
const Budget = power.Budget;
const Divisor = modulus_module.Divisor;
const Number = modulus_module.Number;
const Scratch = modulus_module.Scratch;
const PublicKey = key_module.PublicKey;
const PrivateKey = key_module.PrivateKey;
const PublicPower = power.PublicPower;
const SecretPower = power.SecretPower;

const block_limbs = limbs.block_limbs;

/// The memory holds no operation, or one that is not where it is asked to be, or not of this key.
pub const StateError = key_module.StateError;
/// The representative is not between 0 and n - 1 (sections 5.1 and 5.2, step 1).
pub const BeginError = StateError || error{RepresentativeOutOfRange};
/// The result of a private operation did not pass its check: the key is none, or the machine failed.
pub const StepError = StateError || error{PrivateOperationFailed};

/// Of the random u that blinds, and its bits.
pub const blinding_bytes = 16;

const Stage = enum(u32) { public, blind, first_prime, second_prime, check, done };

/// An operation on its way begins with this.
pub const Header = extern struct {
    tag: u32 align(16),
    is_private: u32,
    /// Of the key; they must be the same at each step.
    sizes: key_module.Sizes,
    stage: u32,
    public_place: u32,
    secret_place: SecretPower.Place,

    pub fn bytes(header: *const Header) StateError!usize {
        if (header.tag != operation_tag) return error.InvalidState;
        header.sizes.check() catch return error.InvalidState;
        return bytesFor(header.sizes, header.is_private != 0);
    }
};

const operation_tag = 0x25a09e00;

/// How long an operation with this key is.
pub fn operationBytes(key: *const key_module.Header) usize {
    return bytesFor(key.sizes, key.isPrivate());
}

fn bytesFor(sizes: key_module.Sizes, is_private: bool) usize {
    return if (is_private) bytesOf(Private, .{sizes}) else bytesOf(Public, .{sizes});
}

/// Takes the representative big-endian, as long as n. The operation's memory is as long as `operationBytes` says.
pub fn beginPublic(key_header: *key_module.Header, header: *Header, x: []const u8) BeginError!void {
    const key: PublicKey = try .open(key_header);
    var area: Area = .of(header);
    const operation: Public = .at(&area, key_header.sizes);
    try operation.takeRepresentative(&key, x);
    const place = operation.power.begin(&key.n, &operation.scratch, operation.x.digits, key.e);
    header.* = .{
        .tag = operation_tag,
        .is_private = 0,
        .sizes = key_header.sizes,
        .stage = @intFromEnum(Stage.public),
        .public_place = place,
        .secret_place = undefined,
    };
    header.secret_place = .{ .entries = 0, .windows = 0 };
}

/// The same for a private key, with random bytes that nobody knows and that are used once.
pub fn beginPrivate(
    key_header: *key_module.Header,
    header: *Header,
    x: []const u8,
    random: *const [blinding_bytes]u8,
) BeginError!void {
    const key: PrivateKey = try .open(key_header);
    var area: Area = .of(header);
    const operation: Private = .at(&area, key_header.sizes);
    const public = &operation.public;
    try public.takeRepresentative(&key.public, x);
    // Odd, so that it can be divided by, and with its highest bit, so that its length is no secret.
    @memcpy(operation.u_bytes, random);
    operation.u_bytes[0] |= 0x80;
    operation.u_bytes[blinding_bytes - 1] |= 1;
    modulus_module.fromBytes(operation.a.digits, key.public.n.divisor.blocks, operation.u_bytes);
    const place = public.power.begin(&key.public.n, &public.scratch, operation.a.digits, key.public.e);
    header.* = .{
        .tag = operation_tag,
        .is_private = 1,
        .sizes = key_header.sizes,
        .stage = @intFromEnum(Stage.blind),
        .public_place = place,
        .secret_place = .{ .entries = 0, .windows = 0 },
    };
}

/// Works until the result is there, which gives true, or the budget is spent.
pub fn step(key_header: *key_module.Header, header: *Header, budget: *Budget) StepError!bool {
    if (!std.meta.eql(key_header.sizes, header.sizes)) return error.InvalidState;
    var area: Area = .of(header);
    if (header.is_private == 0) {
        const operation: Public = .at(&area, header.sizes);
        return operation.step(&try PublicKey.open(key_header), budget);
    }
    const key: PrivateKey = try .open(key_header);
    const operation: Private = .at(&area, header.sizes);
    return operation.step(&key, budget) catch |err| {
        ct.wipe(operation.public.digitsOfResult());
        return err;
    };
}

/// The result of an operation that is done, big-endian, as long as n.
pub fn finish(key_header: *key_module.Header, header: *const Header, output: []u8) StateError!void {
    if (!std.meta.eql(key_header.sizes, header.sizes)) return error.InvalidState;
    if (header.stage != @intFromEnum(Stage.done)) return error.InvalidState;
    var area: Area = .of(@constCast(header));
    const operation: Public = .at(&area, header.sizes);
    const key: PublicKey = try .open(key_header);
    const result = operation.result.digits;
    key.n.divisor.toBytes(&operation.scratch, result, output);
}

const Public = struct {
    header: *Header,
    scratch: Scratch,
    x: Number,
    result: Number,
    power: PublicPower,

    pub fn at(area: *Area, sizes: key_module.Sizes) Public {
        const header: *Header = @ptrCast(area.take(Header, 1));
        const blocks = limbs.blocksFor(sizes.modulus_bits);
        const scratch: Scratch = .at(area, blocks);
        const x: Number = .at(area, blocks);
        const result: Number = .at(area, blocks);
        return .{ .header = header, .scratch = scratch, .x = x, .result = result, .power = .at(area, blocks) };
    }

    fn takeRepresentative(operation: *const Public, key: *const PublicKey, x: []const u8) BeginError!void {
        // A least residue has the bytes that it came in, and what is out of range is public. With bits beyond those of n,
        // x might not fit the digits, which would take it for less than it is.
        const top: u3 = @intCast((key.n.divisor.bits - 1) % 8);
        const fits = @intFromBool(x[0] >> top <= 1);
        modulus_module.fromBytes(operation.x.digits, key.n.divisor.blocks, x);
        const is_below = @intFromBool(key.n.divisor.isAbove(&operation.scratch, operation.x.digits));
        if (!declassified(fits & is_below == 1)) return error.RepresentativeOutOfRange;
    }

    fn step(operation: *const Public, key: *const PublicKey, budget: *Budget) StateError!bool {
        const header = operation.header;
        switch (try stageOf(header)) {
            .public => {},
            .done => return true,
            else => return error.InvalidState,
        }
        if (!operation.powerStep(key, operation.x.digits, budget)) return false;
        const count = key.n.limbCount();
        @memcpy(operation.result.digits[0..count], operation.power.result.digits);
        header.stage = @intFromEnum(Stage.done);
        return true;
    }

    fn powerStep(operation: *const Public, key: *const PublicKey, x: [*]const i16, budget: *Budget) bool {
        const place = &operation.header.public_place;
        return operation.power.step(&key.n, &operation.scratch, x, key.e, place, budget);
    }

    fn digitsOfResult(operation: *const Public) []u8 {
        const count = block_limbs * limbs.blocksFor(operation.header.sizes.modulus_bits);
        return std.mem.sliceAsBytes(operation.result.digits[0..count]);
    }
};

const Private = struct {
    public: Public,
    u_bytes: *[blinding_bytes]u8,
    u: Divisor,
    steps: Steps,
    inverse_bytes: *[blinding_bytes]u8,
    /// u; and what is at hand.
    a: Number,
    b: Number,
    /// x u^e.
    blinded: [*]i16,
    /// Its powers modulo p and q.
    first: [*]i16,
    second: [*]i16,
    power: SecretPower,

    pub fn at(area: *Area, sizes: key_module.Sizes) Private {
        const public: Public = .at(area, sizes);
        const blocks = limbs.blocksFor(sizes.modulus_bits);
        const count = block_limbs * blocks;
        const half_blocks = limbs.blocksFor(@max(sizes.p_bits, sizes.q_bits));
        return .{
            .public = public,
            .u_bytes = area.take(u8, blinding_bytes)[0..blinding_bytes],
            .u = .at(area, 8 * blinding_bytes),
            .steps = .at(area, 8 * blinding_bytes),
            .inverse_bytes = area.take(u8, blinding_bytes)[0..blinding_bytes],
            .a = .at(area, blocks),
            .b = .at(area, blocks),
            .blinded = area.take(i16, count),
            .first = area.take(i16, count),
            .second = area.take(i16, count),
            .power = .at(area, half_blocks),
        };
    }

    fn step(operation: *const Private, key: *const PrivateKey, budget: *Budget) StepError!bool {
        const header = operation.public.header;
        while (true) {
            const stage = try stageOf(header);
            const next: Stage = switch (stage) {
                .public => return error.InvalidState,
                .blind => if (operation.blind(key, budget)) .first_prime else return false,
                .first_prime => if (try operation.raise(&key.p, key.dp, operation.first, budget))
                    .second_prime
                else
                    return false,
                .second_prime => if (try operation.raise(&key.q, key.dq, operation.second, budget))
                    .check
                else
                    return false,
                .check => if (try operation.check(key, budget)) .done else return false,
                .done => return true,
            };
            switch (next) {
                .first_prime => operation.enterPrime(&key.p),
                .second_prime => operation.enterPrime(&key.q),
                .check => operation.combine(key),
                else => {},
            }
            header.stage = @intFromEnum(next);
        }
    }

    /// x u^e.
    fn blind(operation: *const Private, key: *const PrivateKey, budget: *Budget) bool {
        const public = &operation.public;
        if (!public.powerStep(&key.public, operation.a.digits, budget)) return false;
        const n = &key.public.n;
        const count = n.limbCount();
        @memcpy(operation.b.digits[0..count], public.x.digits);
        n.enter(&public.scratch, operation.b);
        n.multiply(&public.scratch, operation.b, public.power.result.digits, operation.b.pairs);
        @memcpy(operation.blinded[0..count], operation.b.digits);
        return true;
    }

    /// Begins to raise the blinded representative modulo a prime.
    fn enterPrime(operation: *const Private, prime: *const modulus_module.Modulus) void {
        const scratch = &operation.public.scratch;
        const count = block_limbs * limbs.blocksFor(operation.public.header.sizes.modulus_bits);
        prime.divisor.remainder(scratch, operation.power.base.digits, operation.blinded, count);
        prime.enter(scratch, operation.power.base);
        operation.public.header.secret_place = operation.power.begin(prime, scratch);
    }

    fn raise(
        operation: *const Private,
        prime: *const modulus_module.Modulus,
        exponent: []const u8,
        output: [*]i16,
        budget: *Budget,
    ) StateError!bool {
        const scratch = &operation.public.scratch;
        const place = &operation.public.header.secret_place;
        if (!SecretPower.isPlace(prime, place.*)) return error.InvalidState;
        if (!operation.power.step(prime, scratch, exponent, place, budget)) return false;
        prime.leave(scratch, operation.power.result);
        @memcpy(output[0..prime.limbCount()], operation.power.result.digits);
        return true;
    }

    /// Section 5.1.2, steps 2.b.iii and iv, and the division by u. Begins the check.
    fn combine(operation: *const Private, key: *const PrivateKey) void {
        const public = &operation.public;
        const scratch, const n = .{ &public.scratch, &key.public.n };
        const blocks = n.divisor.blocks;
        const count, const p_count, const q_count = .{ n.limbCount(), key.p.limbCount(), key.q.limbCount() };
        const a, const b = .{ operation.a, operation.b };

        // h = (m_1 - m_2) qInv modulo p, in b.
        key.p.divisor.remainder(scratch, b.digits, operation.second, q_count);
        for (scratch.columns, operation.first[0..p_count], b.digits) |*column, x, y| column.* = @as(i32, x) - y;
        _ = limbs.normalize(.keeps, scratch.columns, key.p.divisor.blocks, b.digits, b.pairs);
        key.p.multiply(scratch, b, key.qi, b.pairs);

        // m = m_2 + q h, less than n in magnitude, as m_2 is less than 0.51 q and h less than 0.99 p.
        @memset(b.digits[p_count..count], 0);
        limbs.pair(b.digits, blocks, b.pairs);
        key_module.widen(a.digits[0..count], key.q.divisor.number.digits, q_count);
        limbs.multiplyLow(scratch.columns, a.digits, b.pairs, blocks);
        for (scratch.columns, operation.second[0..q_count]) |*column, digit| column.* +%= digit;
        _ = limbs.normalize(.carries, scratch.columns, blocks, b.digits, b.pairs);

        operation.invertBlinding(key);
        n.enter(scratch, a);
        n.multiply(scratch, public.result, b.digits, a.pairs);
        public.header.public_place = public.power.begin(n, scratch, public.result.digits, key.public.e);
    }

    /// 1/u modulo n, in a: with w = 1/n modulo u, n w - 1 is a multiple of u, and (1 - n w) / u is it.
    fn invertBlinding(operation: *const Private, key: *const PrivateKey) void {
        const scratch, const n = .{ &operation.public.scratch, &key.public.n };
        const blocks, const count = .{ n.divisor.blocks, n.limbCount() };
        const a = operation.a;
        operation.u.init(operation.u_bytes);
        operation.u.remainder(scratch, a.digits, n.divisor.number.digits, count);
        operation.u.toBytes(scratch, a.digits, operation.inverse_bytes);
        // If u and n had a common factor, which is a prime of n, the check would find it.
        _ = operation.steps.invert(operation.u_bytes, operation.inverse_bytes, operation.inverse_bytes);
        modulus_module.fromBytes(a.digits, blocks, operation.inverse_bytes);
        limbs.multiplyLow(scratch.columns, a.digits, n.divisor.number.pairs, blocks);
        scratch.columns[0] -%= 1;
        _ = limbs.normalize(.carries, scratch.columns, blocks, a.digits, null);
        // Exact, so that it may be done modulo R, times -1/u.
        key_module.widen(scratch.multiplier[0..count], operation.u.number.digits, block_limbs * operation.u.blocks);
        modulus_module.negatedInverse(scratch, scratch.multiplier, blocks, scratch.number);
        limbs.multiplyLow(scratch.columns, a.digits, scratch.number.pairs, blocks);
        _ = limbs.normalize(.carries, scratch.columns, blocks, a.digits, null);
    }

    /// The result, less than n in magnitude, to the power of e is x.
    fn check(operation: *const Private, key: *const PrivateKey, budget: *Budget) StepError!bool {
        const public = &operation.public;
        if (!public.powerStep(&key.public, public.result.digits, budget)) return false;
        const n = &key.public.n;
        const power_digits, const x_digits = .{ public.power.result.digits, public.x.digits };
        if (!declassified(n.same(&public.scratch, power_digits, x_digits) != 0)) return error.PrivateOperationFailed;
        return true;
    }
};

/// A place that no operation could have reached is no operation's.
fn stageOf(header: *const Header) StateError!Stage {
    if (header.public_place >= 8 * header.sizes.exponent_bytes) return error.InvalidState;
    return std.enums.fromInt(Stage, header.stage) orelse error.InvalidState;
}

const testing = std.testing;

/// Of 256 bits, with e = 17.
const test_key = struct {
    const sizes: key_module.Sizes = .{ .modulus_bits = 256, .exponent_bytes = 1, .p_bits = 128, .q_bits = 128 };
    const n = 0x95688fb2da20c41165fb352b3631150e266b23bef3b89d53053af6664c7bdc6f;
    const d = 0x0bb7e31d1620b0015d54f51c7cb88e332f8dd82370d449baa74da3ecdccc49b1;
    const parts_hex = "95688fb2da20c41165fb352b3631150e266b23bef3b89d53053af6664c7bdc6f" ++ "11" ++
        "0bb7e31d1620b0015d54f51c7cb88e332f8dd82370d449baa74da3ecdccc49b1" ++
        "d1c1c8a23f1de18370ef4e4d61fbc947" ++ "b658d758d6080fc3bf2dbe0ceb536799" ++
        "18ad62e5e94ecf3ca3dfeb1829a526bd" ++ "35a1a8bfc67ad775ced137e5aea00f69" ++ "1a30cd41a8917510d8bc5b3ba7ab8d8c";

    fn prepare(key: []align(16) u8) !*key_module.Header {
        var parts: [parts_hex.len / 2]u8 = undefined;
        _ = try std.fmt.hexToBytes(&parts, parts_hex);
        var scratch: [4096]u8 align(16) = undefined;
        try testing.expect(sizes.privateBytes() <= key.len and sizes.scratchBytes() <= scratch.len);
        const header: *key_module.Header = @ptrCast(key.ptr);
        try PrivateKey.prepare(header, &scratch, sizes, .of(sizes, &parts));
        return header;
    }

    fn power(base: u256, exponent: u256) u256 {
        var result: u512 = 1;
        var square: u512 = base;
        var left = exponent;
        while (left != 0) : (left >>= 1) {
            if (left & 1 == 1) result = result * square % n;
            square = square * square % n;
        }
        return @intCast(result);
    }
};

fn toBytes(x: u256) [32]u8 {
    var bytes: [32]u8 = undefined;
    std.mem.writeInt(u256, &bytes, x, .big);
    return bytes;
}

fn run(key: *key_module.Header, memory: []align(16) u8, tiles: u64) !u256 {
    const header: *Header = @ptrCast(memory.ptr);
    while (true) {
        var budget: Budget = .{ .tiles = tiles };
        if (try step(key, header, &budget)) break;
    }
    var output: [32]u8 = undefined;
    try finish(key, header, &output);
    return std.mem.readInt(u256, &output, .big);
}

test "both operations give what slow arithmetic gives, in steps of any size" {
    var prng: std.Random.DefaultPrng = .init(0x6f706572);
    const random = prng.random();
    var key_memory: [4096]u8 align(16) = undefined;
    const key = try test_key.prepare(&key_memory);
    var memory: [16_384]u8 align(16) = undefined;
    try testing.expect(operationBytes(key) <= memory.len);
    for (0..40) |round| {
        const x: u256 = switch (round) {
            0 => 0,
            1 => 1,
            2 => test_key.n - 1,
            3 => 0xd1c1c8a23f1de18370ef4e4d61fbc947, // p: not coprime to n.
            else => random.uintLessThan(u256, test_key.n),
        };
        const tiles = if (round % 3 == 0) 1 else random.uintLessThan(u64, 2000) + 1;
        try beginPublic(key, @ptrCast(&memory), &toBytes(x));
        try testing.expectEqual(test_key.power(x, 17), try run(key, &memory, tiles));
        var blinding: [blinding_bytes]u8 = undefined;
        random.bytes(&blinding);
        try beginPrivate(key, @ptrCast(&memory), &toBytes(x), &blinding);
        try testing.expectEqual(test_key.power(x, test_key.d), try run(key, &memory, tiles));
    }
}

test "representatives of n and more are refused" {
    var key_memory: [4096]u8 align(16) = undefined;
    const key = try test_key.prepare(&key_memory);
    var memory: [16_384]u8 align(16) = undefined;
    for ([_]u256{ test_key.n, test_key.n + 1, std.math.maxInt(u256) }) |x| {
        try testing.expectError(error.RepresentativeOutOfRange, beginPublic(key, @ptrCast(&memory), &toBytes(x)));
        const random: [blinding_bytes]u8 = @splat(7);
        try testing.expectError(
            error.RepresentativeOutOfRange,
            beginPrivate(key, @ptrCast(&memory), &toBytes(x), &random),
        );
    }
}

test "a fault anywhere in the key or the halves is found, and nothing is given" {
    var key_memory: [4096]u8 align(16) = undefined;
    const key = try test_key.prepare(&key_memory);
    const private: PrivateKey = try .open(key);
    var memory: [16_384]u8 align(16) = undefined;
    const header: *Header = @ptrCast(&memory);
    const random: [blinding_bytes]u8 = @splat(0xa7);
    const x = toBytes(0x1234_5678_9abc_def0 << 100);
    const digits = [_]*i16{ &private.qi[3], &private.p.r_squared[2], &private.q.divisor.number.digits[1] };
    for (0..digits.len + 2) |fault| {
        try beginPrivate(key, header, &x, &random);
        if (fault < digits.len) digits[fault].* ^= 1;
        if (fault == digits.len) private.dp[5] ^= 0x10;
        var steps: usize = 0;
        const failed = while (true) : (steps += 1) {
            var budget: Budget = .{ .tiles = 1 };
            const done = step(key, header, &budget) catch |err| break err;
            try testing.expect(!done);
            if (fault == digits.len + 1 and header.stage == @intFromEnum(Stage.second_prime)) {
                var area: Area = .of(header);
                Private.at(&area, header.sizes).first[4] ^= 2;
            }
        };
        try testing.expectEqual(error.PrivateOperationFailed, failed);
        var output: [32]u8 = undefined;
        try testing.expectError(error.InvalidState, finish(key, header, &output));
        var area: Area = .of(header);
        const result = Private.at(&area, header.sizes).public.digitsOfResult();
        try testing.expect(std.mem.allEqual(u8, result, 0));
        _ = try test_key.prepare(&key_memory);
    }
}

test "what is no operation, or another key's, is refused" {
    var key_memory: [4096]u8 align(16) = undefined;
    const key = try test_key.prepare(&key_memory);
    var memory: [16_384]u8 align(16) = undefined;
    const header: *Header = @ptrCast(&memory);
    for ([_]u8{ 0, 1, 0xaa, 0xff }) |byte| {
        @memset(&memory, byte);
        try testing.expectError(error.InvalidState, header.bytes());
    }
    var output: [32]u8 = undefined;
    try beginPublic(key, header, &toBytes(5));
    try testing.expectEqual(operationBytes(key), bytesFor(key.sizes, true));
    try testing.expectError(error.InvalidState, finish(key, header, &output));
    header.stage = @intFromEnum(Stage.blind);
    var budget: Budget = .{ .tiles = 100 };
    try testing.expectError(error.InvalidState, step(key, header, &budget));
    header.stage = 77;
    try testing.expectError(error.InvalidState, step(key, header, &budget));
    try beginPublic(key, header, &toBytes(5));
    header.public_place = 8;
    try testing.expectError(error.InvalidState, step(key, header, &budget));
    var other = key.*;
    other.sizes.modulus_bits += 1;
    try testing.expectError(error.InvalidState, step(&other, header, &budget));
}
