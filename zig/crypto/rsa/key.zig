//! RSA keys, prepared for use: RFC 8017 (November 2016), section 3, with two primes and all five elements of the
//! Chinese remainder theorem.
//!
//! A prepared key is one piece of memory without addresses, which its owner may copy, keep and wipe. It begins with a
//! Header that says how long its parts are; a private one begins with a public one. What the header says is checked
//! whenever a key is opened, so that a forged one leads to wrong numbers, never outside its memory.
//!
//! Constant time in all that is secret. Public: the modulus, the exponent e, and how many bits each prime has.

const std = @import("std");
const limbs = @import("limbs.zig");
const modulus_module = @import("modulus.zig");
const power = @import("power.zig");
const Area = @import("area.zig").Area;
const bytesOf = @import("area.zig").bytesOf;
const ct = @import("../ct.zig");
const secret = @import("../ec/secret.zig");
const Modulus = modulus_module.Modulus;
const Divisor = modulus_module.Divisor;
const Number = modulus_module.Number;
const Scratch = modulus_module.Scratch;

pub const modulus_bits_min = 256;
pub const modulus_bits_max = 16_384;
/// A prime that is shorter would divide what blinds an operation (operation.zig) so often that operations fail by it.
pub const prime_bits_min = 64;

/// The numbers are not those of an RSA key, or not of one with two primes, or their sizes are out of range.
pub const KeyError = error{InvalidKey};
/// The memory holds no prepared key of this kind.
pub const StateError = error{InvalidState};

const public_tag = 0x25a9e100;
const private_tag = 0x25a9e200;

/// Of a prepared key. For a public one the primes have no bits.
pub const Header = extern struct {
    tag: u32 align(16),
    sizes: Sizes,

    pub fn isPrivate(header: *const Header) bool {
        return header.tag == private_tag;
    }

    /// How long the prepared key is.
    pub fn bytes(header: *const Header) StateError!usize {
        header.sizes.check() catch return error.InvalidState;
        return switch (header.tag) {
            public_tag => header.sizes.publicBytes(),
            private_tag => if (header.sizes.p_bits == 0) error.InvalidState else header.sizes.privateBytes(),
            else => error.InvalidState,
        };
    }
};

/// What the lengths of all parts follow from.
pub const Sizes = extern struct {
    modulus_bits: u32,
    exponent_bytes: u32,
    p_bits: u32 = 0,
    q_bits: u32 = 0,

    pub fn check(sizes: Sizes) KeyError!void {
        const bits = sizes.modulus_bits;
        if (bits < modulus_bits_min or bits > modulus_bits_max) return error.InvalidKey;
        if (sizes.exponent_bytes == 0 or sizes.exponent_bytes > sizes.modulusBytes()) return error.InvalidKey;
        if (sizes.p_bits == 0 and sizes.q_bits == 0) return;
        if (@min(sizes.p_bits, sizes.q_bits) < prime_bits_min) return error.InvalidKey;
        if (sizes.p_bits > bits or sizes.q_bits > bits) return error.InvalidKey;
        const sum = sizes.p_bits + sizes.q_bits;
        if (sum != bits and sum != bits + 1) return error.InvalidKey;
    }

    pub fn modulusBytes(sizes: Sizes) usize {
        return byteLength(sizes.modulus_bits);
    }

    pub fn publicBytes(sizes: Sizes) usize {
        return bytesOf(PublicKey, .{sizes});
    }

    pub fn privateBytes(sizes: Sizes) usize {
        return bytesOf(PrivateKey, .{sizes});
    }

    /// Of the memory that preparing a key takes beside the key itself.
    pub fn scratchBytes(sizes: Sizes) usize {
        return bytesOf(Checks, .{sizes});
    }
};

pub fn byteLength(bits: usize) usize {
    return (bits + 7) / 8;
}

/// A key whose memory its owner vouches for: `Header.bytes` of it.
pub const PublicKey = struct {
    header: *Header,
    n: Modulus,
    /// Big-endian.
    e: []u8,

    pub fn at(area: *Area, sizes: Sizes) PublicKey {
        return .{
            .header = @ptrCast(area.take(Header, 1)),
            .n = .at(area, sizes.modulus_bits),
            .e = area.take(u8, sizes.exponent_bytes)[0..sizes.exponent_bytes],
        };
    }

    /// Of a private key too: that begins with a public one.
    pub fn open(header: *Header) StateError!PublicKey {
        var area: Area = .of(header);
        const key: PublicKey = .at(&area, header.sizes);
        return if (power.isExponent(key.e)) key else error.InvalidState;
    }

    /// Takes n, which begins with a bit of the first byte that is not zero, and e. Memory and scratch have the sizes
    /// that `sizes` says.
    pub fn prepare(
        memory: *Header,
        scratch: *align(16) anyopaque,
        sizes: Sizes,
        n: []const u8,
        e: []const u8,
    ) KeyError!void {
        try sizes.check();
        var scratch_area: Area = .of(scratch);
        const checks: Checks = .at(&scratch_area, sizes);
        var area: Area = .of(memory);
        const key: PublicKey = .at(&area, sizes);
        try key.fill(&checks.scratch, n, e);
        key.header.* = .{ .tag = public_tag, .sizes = sizes };
    }

    fn fill(key: PublicKey, scratch: *const Scratch, n: []const u8, e: []const u8) KeyError!void {
        if (power.bitLength(n) != key.n.divisor.bits or n[n.len - 1] & 1 == 0) return error.InvalidKey;
        // RFC 8017 asks for 3 <= e < n; primes could be of any parity, and e with a factor of p - 1 cannot be told.
        if (!power.isExponent(e)) return error.InvalidKey;
        if (e.len > n.len or (e.len == n.len and std.mem.order(u8, e, n) != .lt)) return error.InvalidKey;
        key.n.init(scratch, n);
        @memcpy(key.e, e);
    }
};

pub const PrivateKey = struct {
    public: PublicKey,
    p: Modulus,
    q: Modulus,
    /// Big-endian, as long as p and q.
    dp: []u8,
    dq: []u8,
    /// 1/q times R modulo p.
    qi: [*]i16,

    pub fn at(area: *Area, sizes: Sizes) PrivateKey {
        const public: PublicKey = .at(area, sizes);
        const p: Modulus = .at(area, sizes.p_bits);
        const q: Modulus = .at(area, sizes.q_bits);
        const p_bytes, const q_bytes = .{ byteLength(sizes.p_bits), byteLength(sizes.q_bits) };
        return .{
            .public = public,
            .p = p,
            .q = q,
            .dp = area.take(u8, p_bytes)[0..p_bytes],
            .dq = area.take(u8, q_bytes)[0..q_bytes],
            .qi = area.take(i16, limbs.block_limbs * p.divisor.blocks),
        };
    }

    pub fn open(header: *Header) StateError!PrivateKey {
        if (!header.isPrivate()) return error.InvalidState;
        _ = try PublicKey.open(header);
        var area: Area = .of(header);
        return .at(&area, header.sizes);
    }

    /// Takes the parts of a key, and refuses what do not fit together: n = p q, d e = 1 modulo p - 1 and q - 1, dp and
    /// dq are what d is modulo those, and qi is 1/q modulo p. That p and q are primes is not tested.
    pub fn prepare(memory: *Header, scratch: *align(16) anyopaque, sizes: Sizes, parts: Parts) KeyError!void {
        try sizes.check();
        if (sizes.p_bits == 0) return error.InvalidKey;
        var scratch_area: Area = .of(scratch);
        const checks: Checks = .at(&scratch_area, sizes);
        var area: Area = .of(memory);
        const key: PrivateKey = .at(&area, sizes);
        try key.fill(checks, parts);
        key.public.header.* = .{ .tag = private_tag, .sizes = sizes };
    }

    fn fill(key: PrivateKey, checks: Checks, parts: Parts) KeyError!void {
        errdefer ct.wipe(std.mem.sliceAsBytes(checks.columns()));
        const scratch = &checks.scratch;
        try key.public.fill(scratch, parts.n, parts.e);
        // Each has a bit where its length says so, and is odd: of these facts alone, no secret is told.
        if (!secret.declassified(isOddOfLength(parts.p, key.p.divisor.bits))) return error.InvalidKey;
        if (!secret.declassified(isOddOfLength(parts.q, key.q.divisor.bits))) return error.InvalidKey;
        key.p.init(scratch, parts.p);
        key.q.init(scratch, parts.q);
        @memcpy(key.dp, parts.dp);
        @memcpy(key.dq, parts.dq);

        var right = checks.isProduct(key);
        right &= checks.areInversesOfE(key, &key.p.divisor, parts.d, parts.dp);
        right &= checks.areInversesOfE(key, &key.q.divisor, parts.d, parts.dq);
        right &= isLess(parts.dp, parts.p);
        right &= isLess(parts.dq, parts.q);
        right &= isLess(parts.qi, parts.p);
        right &= isLess(parts.d, parts.n);
        right &= checks.inverseOfQ(key, parts.qi);
        if (secret.declassified(right == 0)) return error.InvalidKey;
    }
};

/// The numbers of RFC 8017, section 3.2, big-endian; n and e begin where they begin, the others may have zeros before.
pub const Parts = struct {
    n: []const u8,
    e: []const u8,
    /// As long as n.
    d: []const u8,
    p: []const u8,
    q: []const u8,
    /// As long as p, and qi too.
    dp: []const u8,
    dq: []const u8,
    qi: []const u8,

    /// All parts one after another, in this order and these lengths.
    pub fn bytesOfAll(sizes: Sizes) usize {
        const n_bytes = sizes.modulusBytes();
        return 2 * n_bytes + sizes.exponent_bytes + 3 * byteLength(sizes.p_bits) + 2 * byteLength(sizes.q_bits);
    }

    pub fn of(sizes: Sizes, all: []const u8) Parts {
        var rest = all;
        const n_bytes, const p_bytes, const q_bytes =
            .{ sizes.modulusBytes(), byteLength(sizes.p_bits), byteLength(sizes.q_bits) };
        return .{
            .n = cut(&rest, n_bytes),
            .e = cut(&rest, sizes.exponent_bytes),
            .d = cut(&rest, n_bytes),
            .p = cut(&rest, p_bytes),
            .q = cut(&rest, q_bytes),
            .dp = cut(&rest, p_bytes),
            .dq = cut(&rest, q_bytes),
            .qi = cut(&rest, p_bytes),
        };
    }

    fn cut(rest: *[]const u8, length: usize) []const u8 {
        defer rest.* = rest.*[length..];
        return rest.*[0..length];
    }
};

fn isOddOfLength(bytes: []const u8, bits: usize) bool {
    const above = bytes[0] >> @intCast((bits - 1) % 8);
    return above == 1 and bytes[bytes.len - 1] & 1 == 1;
}

/// Memory for preparing a key, and the checks of a private one. Each gives all ones or zero.
const Checks = struct {
    scratch: Scratch,
    blocks: usize,
    a: Number,
    b: Number,
    c: Number,
    /// p - 1 or q - 1.
    divisor: Area,

    pub fn at(area: *Area, sizes: Sizes) Checks {
        const blocks = limbs.blocksFor(sizes.modulus_bits);
        const checks: Checks = .{
            .scratch = .at(area, blocks),
            .blocks = blocks,
            .a = .at(area, blocks),
            .b = .at(area, blocks),
            .c = .at(area, blocks),
            .divisor = area.*,
        };
        if (sizes.p_bits != 0) _ = Divisor.at(area, @max(sizes.p_bits, sizes.q_bits));
        return checks;
    }

    fn columns(checks: Checks) []i32 {
        return checks.scratch.columns[0 .. 2 * limbs.block_limbs * checks.blocks];
    }

    /// n = p q: both are less than R / 4, so it is enough that they are equal modulo R.
    fn isProduct(checks: Checks, key: PrivateKey) u32 {
        const count = limbs.block_limbs * checks.blocks;
        widen(checks.a.digits[0..count], key.p.divisor.number.digits, limbs.block_limbs * key.p.divisor.blocks);
        widen(checks.b.digits[0..count], key.q.divisor.number.digits, limbs.block_limbs * key.q.divisor.blocks);
        limbs.pair(checks.b.digits, checks.blocks, checks.b.pairs);
        limbs.multiplyLow(checks.scratch.columns, checks.a.digits, checks.b.pairs, checks.blocks);
        _ = limbs.normalize(.carries, checks.scratch.columns, checks.blocks, checks.a.digits, null);
        const n = key.public.n.divisor.number.digits;
        for (checks.scratch.columns, checks.a.digits[0..count], n) |*column, x, y| column.* = @as(i32, x) - y;
        _ = limbs.normalize(.keeps, checks.scratch.columns, checks.blocks, checks.a.digits, null);
        return modulus_module.isZero(checks.a.digits[0..count]);
    }

    /// dp e = 1 modulo p - 1, which determines dp < p, and d = dp.
    fn areInversesOfE(checks: Checks, key: PrivateKey, prime: *const Divisor, d: []const u8, dp: []const u8) u32 {
        const scratch, const a, const b = .{ &checks.scratch, checks.a.digits, checks.b };
        const count = limbs.block_limbs * prime.blocks;
        var area = checks.divisor;
        const divisor: Divisor = .at(&area, prime.bits);
        @memcpy(divisor.number.digits[0..count], prime.number.digits);
        divisor.number.digits[0] -= 1; // p is odd: the lowest digit is not the least one.
        divisor.prepare();

        modulus_module.fromBytes(a, checks.blocks, d);
        modulus_module.fromBytes(checks.c.digits, prime.blocks, dp);
        for (a[0..count], checks.c.digits) |*digit, other| digit.* -= other;
        divisor.remainder(scratch, b.digits, a, limbs.block_limbs * checks.blocks);
        const is_same = modulus_module.isZero(b.digits[0..count]);

        // An e that is shorter by a limb is what remains of itself, which saves most of the division of the product.
        const e = key.public.e;
        const is_short = 8 * e.len + limbs.limb_bits < prime.bits;
        const e_limbs = if (is_short) std.mem.alignForward(usize, 8 * e.len / limbs.limb_bits + 2, 4) else count;
        const e_blocks = @min(checks.blocks, limbs.blocksFor(8 * e.len));
        modulus_module.fromBytes(a, e_blocks, e);
        divisor.remainder(scratch, b.digits, a, limbs.block_limbs * e_blocks);
        limbs.pair(b.digits, prime.blocks, b.pairs);
        limbs.multiply(scratch.columns, checks.c.digits, b.pairs, prime.blocks);
        divisor.remainderOfColumns(scratch, b.digits, count + @min(count, e_limbs));
        // Less than 0.51 N in magnitude, and so 1 if it is 1 modulo N, for N > 2.
        b.digits[0] -= 1;
        return is_same & modulus_module.isZero(b.digits[0..count]);
    }

    /// Takes qi to the key, in Montgomery's form; whether q qi = 1 modulo p.
    fn inverseOfQ(checks: Checks, key: PrivateKey, qi: []const u8) u32 {
        const p, const scratch = .{ &key.p, &checks.scratch };
        const count = p.limbCount();
        modulus_module.fromBytes(checks.a.digits, p.divisor.blocks, qi);
        p.enter(scratch, checks.a);
        @memcpy(key.qi[0..count], checks.a.digits[0..count]);
        const q_count = key.q.limbCount();
        p.divisor.remainder(scratch, checks.b.digits, key.q.divisor.number.digits, q_count);
        p.multiply(scratch, checks.a, checks.b.digits, checks.a.pairs);
        @memset(checks.b.digits[0..count], 0);
        checks.b.digits[0] = 1;
        return p.same(scratch, checks.a.digits, checks.b.digits);
    }
};

/// Whether a < b, big-endian and of the same length: all ones or zero.
pub fn isLess(a: []const u8, b: []const u8) u32 {
    var borrow: u32 = 0;
    var i = a.len;
    while (i > 0) {
        i -= 1;
        borrow = (@as(u32, a[i]) -% b[i] -% borrow) >> 31;
    }
    return secret.hidden(0 -% borrow);
}

/// Digits, and zeros beyond them.
pub fn widen(to: []i16, from: [*]const i16, count: usize) void {
    @memcpy(to[0..count], from);
    @memset(to[count..], 0);
}
