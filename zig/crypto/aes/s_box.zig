//! AES's S-box and its inverse: SUBBYTES() and INVSUBBYTES() of FIPS 197 (updated May 2023), sections 5.1.1 and 5.3.2, both
//! without the constant of the affine map, which the round keys hold (cipher.zig).
//!
//! Each is there twice: as a table in registers, for a block, and as a circuit of Boyar and Peralta (2011), for planes. The
//! two circuits differ in their linear layers alone; the names in them are the authors', where bit 0 is the highest.
//!
//! Constant time: no branch, no memory index depends on what is substituted.

const std = @import("std");
const vector = @import("vector.zig");

const Block = vector.Block;
const splat = vector.splat;

/// Rows of sixteen values.
pub const Table = [16]Block;

/// Plane k holds bit k of all bytes.
pub const Planes = [8]Block;

/// c of section 5.1.1, equation 5.3.
pub const constant = 0x63;

/// Each byte of a block looked up: of each row a swizzle picks what is its own. All are read, whatever the block.
pub inline fn lookUp(comptime table: *const Table, block: Block) Block {
    var found = splat(0);
    inline for (0..4) |quarter| {
        // Other operations in the quarter than between quarters, or the compiler makes one long chain of all.
        var picked = splat(0);
        inline for (table[4 * quarter ..][0..4], 4 * quarter..) |row, high| {
            picked |= vector.swizzle(row, block ^ splat(high << 4));
        }
        found ^= picked;
    }
    return found;
}

/// J. Boyar and R. Peralta, "A depth-16 circuit for the AES S-box", 2011, in its form of 115 gates.
pub inline fn subBytes(planes: *Planes) void {
    const x0, const x1, const x2, const x3, const x4, const x5, const x6, const x7 =
        .{ planes[7], planes[6], planes[5], planes[4], planes[3], planes[2], planes[1], planes[0] };

    // Top linear layer.
    const y14 = x3 ^ x5;
    const y13 = x0 ^ x6;
    const y9 = x0 ^ x3;
    const y8 = x0 ^ x5;
    const t0 = x1 ^ x2;
    const y1 = t0 ^ x7;
    const y4 = y1 ^ x3;
    const y12 = y13 ^ y14;
    const y2 = y1 ^ x0;
    const y5 = y1 ^ x6;
    const y3 = y5 ^ y8;
    const t1 = x4 ^ y12;
    const y15 = t1 ^ x5;
    const y20 = t1 ^ x1;
    const y6 = y15 ^ x7;
    const y10 = y15 ^ t0;
    const y11 = y20 ^ y9;
    const y7 = x7 ^ y11;
    const y17 = y10 ^ y11;
    const y19 = y10 ^ y8;
    const y16 = t0 ^ y11;
    const y21 = y13 ^ y16;
    const y18 = x0 ^ y16;

    const z = invert(.{
        x7,  y1,  y2,  y3,  y4,  y5,  y6,  y7,
        y8,  y9,  y10, y11, y12, y13, y14, y15,
        y16, y17, y18, y19, y20, y21,
    });

    // Bottom linear layer.
    const t46 = z[15] ^ z[16];
    const t47 = z[10] ^ z[11];
    const t48 = z[5] ^ z[13];
    const t49 = z[9] ^ z[10];
    const t50 = z[2] ^ z[12];
    const t51 = z[2] ^ z[5];
    const t52 = z[7] ^ z[8];
    const t53 = z[0] ^ z[3];
    const t54 = z[6] ^ z[7];
    const t55 = z[16] ^ z[17];
    const t56 = z[12] ^ t48;
    const t57 = t50 ^ t53;
    const t58 = z[4] ^ t46;
    const t59 = z[3] ^ t54;
    const t60 = t46 ^ t57;
    const t61 = z[14] ^ t57;
    const t62 = t52 ^ t58;
    const t63 = t49 ^ t58;
    const t64 = z[4] ^ t59;
    const t65 = t61 ^ t62;
    const t66 = z[1] ^ t63;
    const s0 = t59 ^ t63;
    const s6 = t56 ^ t62;
    const s7 = t48 ^ t60;
    const t67 = t64 ^ t65;
    const s3 = t53 ^ t66;
    const s4 = t51 ^ t66;
    const s5 = t47 ^ t65;
    const s1 = t64 ^ s3;
    const s2 = t55 ^ t67;
    planes.* = .{ s7, s6, s5, s4, s3, s2, s1, s0 };
}

/// The same circuit between the inverse affine map and itself, both made one with its linear layers, for which short programs
/// were searched: 117 gates.
pub inline fn invSubBytes(planes: *Planes) void {
    const x0, const x1, const x2, const x3, const x4, const x5, const x6, const x7 =
        .{ planes[7], planes[6], planes[5], planes[4], planes[3], planes[2], planes[1], planes[0] };

    // Top linear layer, after the inverse affine map.
    const r0 = x7 ^ x6;
    const r1 = x5 ^ x0;
    const y5 = x3 ^ x1;
    const y9 = x4 ^ x3;
    const y8 = x1 ^ x0;
    const y3 = x3 ^ x0;
    const y19 = x7 ^ x4;
    const y4 = y5 ^ r0;
    const y12 = r0 ^ y8;
    const y0 = x2 ^ r1;
    const y1 = x7 ^ y9;
    const y18 = x2 ^ y9;
    const y6 = x3 ^ y8;
    const y7 = x2 ^ y4;
    const y11 = y4 ^ r1;
    const y10 = y1 ^ y6;
    const y13 = x6 ^ y1;
    const y14 = x4 ^ y6;
    const y15 = y6 ^ y0;
    const y16 = y7 ^ y1;
    const y21 = x6 ^ y7;
    const y20 = y9 ^ y11;
    const y17 = y11 ^ y10;
    const y2 = y5 ^ y13;

    const z = invert(.{
        y0,  y1,  y2,  y3,  y4,  y5,  y6,  y7,
        y8,  y9,  y10, y11, y12, y13, y14, y15,
        y16, y17, y18, y19, y20, y21,
    });

    // Bottom linear layer, before the inverse affine map.
    const v0 = z[2] ^ z[10];
    const v1 = z[6] ^ z[8] ^ z[13] ^ z[15];
    const v2 = z[11] ^ z[17];
    const v3 = z[4] ^ z[7] ^ z[8];
    const v4 = z[12] ^ z[16] ^ v1;
    const v5 = z[9] ^ v2;
    const v6 = z[1] ^ z[4];
    const v7 = z[0] ^ v4;
    const v8 = z[3] ^ v4;
    const v9 = z[5] ^ v7;
    const v10 = z[3] ^ z[11] ^ z[14] ^ v0 ^ v6;
    const s7 = z[15] ^ v5;
    const s6 = v3 ^ v8;
    const s5 = v6 ^ v9;
    const s4 = z[16] ^ v0 ^ v2 ^ v3 ^ v9;
    const s3 = z[2] ^ v7;
    const s2 = z[13] ^ v4 ^ v10;
    const s1 = v1 ^ v5 ^ v10;
    const s0 = z[5] ^ v8;
    planes.* = .{ s7, s6, s5, s4, s3, s2, s1, s0 };
}

/// Inversion in GF(2^8), by way of GF(2^4): from what the top linear layer makes to what the bottom one takes. y0 is the
/// paper's x7.
inline fn invert(y: [22]Block) [18]Block {
    const t2 = y[12] & y[15];
    const t3 = y[3] & y[6];
    const t4 = t3 ^ t2;
    const t5 = y[4] & y[0];
    const t6 = t5 ^ t2;
    const t7 = y[13] & y[16];
    const t8 = y[5] & y[1];
    const t9 = t8 ^ t7;
    const t10 = y[2] & y[7];
    const t11 = t10 ^ t7;
    const t12 = y[9] & y[11];
    const t13 = y[14] & y[17];
    const t14 = t13 ^ t12;
    const t15 = y[8] & y[10];
    const t16 = t15 ^ t12;
    const t17 = t4 ^ t14;
    const t18 = t6 ^ t16;
    const t19 = t9 ^ t14;
    const t20 = t11 ^ t16;
    const t21 = t17 ^ y[20];
    const t22 = t18 ^ y[19];
    const t23 = t19 ^ y[21];
    const t24 = t20 ^ y[18];
    const t25 = t21 ^ t22;
    const t26 = t21 & t23;
    const t27 = t24 ^ t26;
    const t28 = t25 & t27;
    const t29 = t28 ^ t22;
    const t30 = t23 ^ t24;
    const t31 = t22 ^ t26;
    const t32 = t31 & t30;
    const t33 = t32 ^ t24;
    const t34 = t23 ^ t33;
    const t35 = t27 ^ t33;
    const t36 = t24 & t35;
    const t37 = t36 ^ t34;
    const t38 = t27 ^ t36;
    const t39 = t29 & t38;
    const t40 = t25 ^ t39;
    const t41 = t40 ^ t37;
    const t42 = t29 ^ t33;
    const t43 = t29 ^ t40;
    const t44 = t33 ^ t37;
    const t45 = t42 ^ t41;
    return .{
        t44 & y[15],
        t37 & y[6],
        t33 & y[0],
        t43 & y[16],
        t40 & y[1],
        t29 & y[7],
        t42 & y[11],
        t45 & y[17],
        t41 & y[10],
        t44 & y[12],
        t37 & y[3],
        t33 & y[4],
        t43 & y[13],
        t40 & y[5],
        t29 & y[2],
        t42 & y[9],
        t45 & y[14],
        t41 & y[8],
    };
}

/// Table 4, derived as section 5.1.1 defines it: the inverse in GF(2^8), then the linear map.
pub const forward: Table = blk: {
    @setEvalBranchQuota(20_000);
    // Powers of x + 1, which generates the field's multiplicative group, and of its inverse.
    var bytes: [256]u8 = undefined;
    var power: u8 = 1;
    var reciprocal: u8 = 1;
    for (0..255) |_| {
        bytes[power] = linear(reciprocal);
        power ^= xTimes(power);
        // Division by x + 1: multiplication by its inverse, x^7 + x^6 + x^5 + x^4 + x^2 + x.
        reciprocal ^= reciprocal << 1;
        reciprocal ^= reciprocal << 2;
        reciprocal ^= reciprocal << 4;
        if (reciprocal & 0x80 != 0) reciprocal ^= 0x09;
    }
    bytes[0] = linear(0);
    break :blk @bitCast(bytes);
};

fn linear(b: u8) u8 {
    const rotl = std.math.rotl;
    return b ^ rotl(u8, b, 1) ^ rotl(u8, b, 2) ^ rotl(u8, b, 3) ^ rotl(u8, b, 4);
}

/// Table 6, but that what is looked up lacks the constant.
pub const inverse: Table = blk: {
    const substituted: [256]u8 = @bitCast(forward);
    var bytes: [256]u8 = undefined;
    for (substituted, 0..) |to, byte| bytes[to] = byte;
    break :blk @bitCast(bytes);
};

/// XTIMES() of section 4.2. Only for what is public: it branches.
pub fn xTimes(b: u8) u8 {
    return b << 1 ^ if (b & 0x80 != 0) @as(u8, 0x1b) else 0;
}

const testing = std.testing;

test "the derived tables are tables 4 and 6" {
    const to: [256]u8 = @bitCast(forward);
    for ([_]u8{ 0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5 }, to[0..8]) |expected, byte| {
        try testing.expectEqual(expected, byte ^ constant);
    }
    try testing.expectEqual(0xed, to[0x53] ^ constant);
    try testing.expectEqual(0x16, to[0xff] ^ constant);
    const from: [256]u8 = @bitCast(inverse);
    for ([_]u8{ 0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38 }, 0..) |expected, i| {
        try testing.expectEqual(expected, from[i ^ constant]);
    }
    try testing.expectEqual(0x7d, from[0xff ^ constant]);
}

test "the circuits and the lookups are the tables, for every byte" {
    inline for (.{ &forward, &inverse }, .{ subBytes, invSubBytes }) |table, circuit| {
        const bytes: [256]u8 = @bitCast(table.*);
        for (bytes, 0..) |expected, byte| {
            var planes: Planes = undefined;
            for (&planes, 0..) |*plane, k| plane.* = splat(if (byte >> @intCast(k) & 1 == 1) 0xff else 0);
            circuit(&planes);
            for (planes, 0..) |plane, k| {
                try testing.expectEqual(splat(if (expected >> @intCast(k) & 1 == 1) 0xff else 0), plane);
            }
            try testing.expectEqual(splat(expected), lookUp(table, splat(@intCast(byte))));
        }
    }
}
