//! Keys as they cross the boundary: a table of where each part lies in an area of bytes. Reading fills it in, and the
//! area is the key file; writing goes by it, and the area is whatever holds the parts.
//!
//!      0  u32  algorithm   oids.Algorithm
//!      4  u32  curve       oids.Curve or oids.OkpCurve; 0 for RSA
//!      8  8 x (u32 offset, u32 length):
//!              RSA         n, e; then, of a private key, d, p, q, dp, dq, qi: big-endian, above zero
//!              EC          the point; then, of a private key, the scalar
//!              OKP         the public key; then, of a private key, that
//!
//! Parts that a key does not have are all zero: a private key on a curve may come without its public one.

const std = @import("std");
const oids = @import("oids.zig");
const spki = @import("spki.zig");
const significant = @import("writer.zig").significant;

pub const Error = error{
    /// No key can be made of these parts: an algorithm or curve that is not known, a part outside the area, an integer
    /// that is zero, a scalar, an uncompressed point or a key that has not the curve's length.
    InvalidKeyParts,
};

const Span = extern struct {
    offset: u32 = 0,
    len: u32 = 0,

    /// `part` is a view of `area`.
    fn of(part: []const u8, area: []const u8) Span {
        return .{ .offset = @intCast(part.ptr - area.ptr), .len = @intCast(part.len) };
    }

    fn in(span: Span, area: []const u8) Error![]const u8 {
        if (span.offset > area.len or span.len > area.len - span.offset) return error.InvalidKeyParts;
        return area[span.offset..][0..span.len];
    }
};

pub const Table = extern struct {
    algorithm: u32,
    curve: u32 = 0,
    parts: [8]Span = @splat(.{}),

    /// Of a public or private key whose parts are views of `area`.
    pub fn of(given: anytype, area: []const u8) Table {
        return switch (given) {
            .rsa => |rsa| .ofParts(.rsa, 0, rsa, area),
            .ec => |ec| .ofParts(.ec, @intFromEnum(ec.curve), ec, area),
            .okp => |okp| .ofParts(.okp, @intFromEnum(okp.curve), okp, area),
        };
    }

    /// The parts are the fields that are bytes, in their order.
    fn ofParts(algorithm: oids.Algorithm, curve: u32, given: anytype, area: []const u8) Table {
        var table: Table = .{ .algorithm = @intFromEnum(algorithm), .curve = curve };
        comptime var i = 0;
        inline for (@typeInfo(@TypeOf(given)).@"struct".fields) |field| {
            if (field.type == oids.Curve or field.type == oids.OkpCurve) continue;
            if (@as(?[]const u8, @field(given, field.name))) |part| table.parts[i] = .of(part, area);
            i += 1;
        }
        return table;
    }

    /// The public or private key, whose parts lie in `area`.
    pub fn key(table: *const Table, comptime Key: type, area: []const u8) Error!Key {
        const algorithm = std.enums.fromInt(oids.Algorithm, table.algorithm) orelse return error.InvalidKeyParts;
        switch (algorithm) {
            .rsa => return .{ .rsa = try table.integers(@FieldType(Key, "rsa"), area) },
            .ec => {
                const curve = std.enums.fromInt(oids.Curve, table.curve) orelse return error.InvalidKeyParts;
                const point = try table.pointOn(curve, area);
                if (Key == spki.PublicKey) {
                    return .{ .ec = .{ .curve = curve, .point = point orelse return error.InvalidKeyParts } };
                }
                const scalar = try table.parts[1].in(area);
                if (scalar.len != curve.scalarBytes()) return error.InvalidKeyParts;
                return .{ .ec = .{ .curve = curve, .point = point, .scalar = scalar } };
            },
            .okp => {
                const curve = std.enums.fromInt(oids.OkpCurve, table.curve) orelse return error.InvalidKeyParts;
                if (Key == spki.PublicKey) {
                    return .{ .okp = .{ .curve = curve, .public_key = try table.keyOn(curve, 0, area) } };
                }
                const private_key = try table.keyOn(curve, 1, area);
                return .{ .okp = .{ .curve = curve, .public_key = null, .private_key = private_key } };
            },
        }
    }

    fn integers(table: *const Table, comptime Key: type, area: []const u8) Error!Key {
        var parts: Key = undefined;
        inline for (@typeInfo(Key).@"struct".fields, 0..) |field, i| {
            const integer = try table.parts[i].in(area);
            if (significant(integer).len == 0) return error.InvalidKeyParts;
            @field(parts, field.name) = integer;
        }
        return parts;
    }

    fn keyOn(table: *const Table, curve: oids.OkpCurve, part: usize, area: []const u8) Error![]const u8 {
        const bytes = try table.parts[part].in(area);
        if (bytes.len != curve.keyBytes()) return error.InvalidKeyParts;
        return bytes;
    }

    /// Uncompressed, as WebCrypto exports it (SEC 1 section 2.3.3).
    fn pointOn(table: *const Table, curve: oids.Curve, area: []const u8) Error!?[]const u8 {
        const point = try table.parts[0].in(area);
        if (point.len == 0) return null;
        if (point.len != 1 + 2 * curve.scalarBytes() or point[0] != 0x04) return error.InvalidKeyParts;
        return point;
    }
};

comptime {
    std.debug.assert(@sizeOf(Table) == 72 and @alignOf(Table) == 4);
}
