//! Which keys there are: RFC 5280 section 4.1.1.2, AlgorithmIdentifier, as key files hold it.
//!
//!     AlgorithmIdentifier ::= SEQUENCE {
//!         algorithm   OBJECT IDENTIFIER,
//!         parameters  ANY DEFINED BY algorithm OPTIONAL }
//!
//! | algorithm | identifier | parameters | standard |
//! |---|---|---|---|
//! | rsa | rsaEncryption | NULL, always there | RFC 8017 appendix A.1, RFC 3279 section 2.3.1 |
//! | ec | id-ecPublicKey | the identifier of a named curve | RFC 5480 section 2.1.1 |
//! | okp | id-X25519, id-X448, id-Ed25519, id-Ed448 | none | RFC 8410 section 3 |
//!
//! WebCrypto wants these identifiers and no others: keys that say id-RSASSA-PSS, id-RSAES-OAEP or id-ecDH are
//! refused there, and so are curves that are not named but spelled out. An algorithm more is a row here, a name in
//! `Algorithm`, and a case in `AlgorithmIdentifier`, spki.zig and pkcs8.zig.

const std = @import("std");
const Oid = std.crypto.codecs.asn1.Oid;
const Reader = @import("reader.zig").Reader;
const Writer = @import("writer.zig").Writer;

pub const Error = error{
    InvalidDer,
    /// An algorithm that is not in the table above.
    UnknownKeyAlgorithm,
    /// A curve that is not named, or not one of `Curve`.
    UnknownCurve,
};

/// Kinds of keys, by their names in JSON Web Keys: an okp, octet key pair, is one of RFC 8037. The numbers are the
/// boundary's.
pub const Algorithm = enum(u32) {
    rsa = 1,
    ec = 2,
    okp = 3,
};

const rsa_encryption = oid("1.2.840.113549.1.1.1");
const id_ec_public_key = oid("1.2.840.10045.2.1");

/// RFC 5480 section 2.1.1.1: secp256r1, secp384r1 and secp521r1, by their names in FIPS 186. The numbers are the
/// boundary's.
pub const Curve = enum(u32) {
    p256 = 1,
    p384 = 2,
    p521 = 3,

    fn identifier(curve: Curve) []const u8 {
        return switch (curve) {
            .p256 => oid("1.2.840.10045.3.1.7"),
            .p384 => oid("1.3.132.0.34"),
            .p521 => oid("1.3.132.0.35"),
        };
    }

    /// Of a private key, and of a coordinate: for these curves the same.
    pub fn scalarBytes(curve: Curve) usize {
        return switch (curve) {
            .p256 => 32,
            .p384 => 48,
            .p521 => 66,
        };
    }

    /// ECParameters, RFC 5480 section 2.1.1: namedCurve. Its other choices, implicitCurve and specifiedCurve, must
    /// not be used.
    pub noinline fn read(reader: *Reader) Error!Curve {
        if (reader.has(.null) or reader.has(.sequence)) {
            _ = try reader.any();
            return error.UnknownCurve;
        }
        return lookUp(Curve, try reader.objectIdentifier()) orelse error.UnknownCurve;
    }

    pub noinline fn write(curve: Curve, writer: *Writer) void {
        writer.value(.object_identifier, curve.identifier());
    }
};

/// RFC 8410 section 3: each is an algorithm, with an identifier of its own. The numbers are the boundary's.
pub const OkpCurve = enum(u32) {
    x25519 = 1,
    x448 = 2,
    ed25519 = 3,
    ed448 = 4,

    fn identifier(curve: OkpCurve) []const u8 {
        return switch (curve) {
            .x25519 => oid("1.3.101.110"),
            .x448 => oid("1.3.101.111"),
            .ed25519 => oid("1.3.101.112"),
            .ed448 => oid("1.3.101.113"),
        };
    }

    /// Of a private key, and of a public one (RFC 7748 section 5, RFC 8032 sections 5.1.5 and 5.2.5).
    pub fn keyBytes(curve: OkpCurve) usize {
        return switch (curve) {
            .x25519, .ed25519 => 32,
            .x448 => 56,
            .ed448 => 57,
        };
    }
};

pub const AlgorithmIdentifier = union(Algorithm) {
    rsa,
    ec: Curve,
    okp: OkpCurve,

    pub noinline fn read(reader: *Reader) Error!AlgorithmIdentifier {
        var sequence = try reader.enter(.sequence);
        const result = try readIn(&sequence);
        try sequence.end();
        return result;
    }

    fn readIn(sequence: *Reader) Error!AlgorithmIdentifier {
        const bytes = try sequence.objectIdentifier();
        if (std.mem.eql(u8, bytes, rsa_encryption)) {
            try sequence.nullValue();
            return .rsa;
        }
        if (std.mem.eql(u8, bytes, id_ec_public_key)) return .{ .ec = try Curve.read(sequence) };
        return .{ .okp = lookUp(OkpCurve, bytes) orelse return error.UnknownKeyAlgorithm };
    }

    pub noinline fn write(algorithm: AlgorithmIdentifier, writer: *Writer) void {
        const end = writer.len;
        const identifier = switch (algorithm) {
            .rsa => rsa: {
                writer.value(.null, "");
                break :rsa rsa_encryption;
            },
            .ec => |curve| ec: {
                curve.write(writer);
                break :ec id_ec_public_key;
            },
            .okp => |curve| curve.identifier(),
        };
        writer.value(.object_identifier, identifier);
        writer.wrap(.sequence, end);
    }
};

/// The contents of an OBJECT IDENTIFIER, from its numbers.
fn oid(comptime dotted: []const u8) []const u8 {
    @setEvalBranchQuota(10_000);
    return Oid.fromDotComptime(dotted).encoded;
}

fn lookUp(comptime Table: type, identifier: []const u8) ?Table {
    for (std.enums.values(Table)) |row| {
        if (std.mem.eql(u8, row.identifier(), identifier)) return row;
    }
    return null;
}

const testing = std.testing;

const golden = [_]struct { AlgorithmIdentifier, []const u8 }{
    .{ .rsa, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00" },
    .{ .{ .ec = .p256 }, "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" },
    .{ .{ .ec = .p384 }, "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22" },
    .{ .{ .ec = .p521 }, "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23" },
    .{ .{ .okp = .x25519 }, "\x30\x05\x06\x03\x2b\x65\x6e" },
    .{ .{ .okp = .x448 }, "\x30\x05\x06\x03\x2b\x65\x6f" },
    .{ .{ .okp = .ed25519 }, "\x30\x05\x06\x03\x2b\x65\x70" },
    .{ .{ .okp = .ed448 }, "\x30\x05\x06\x03\x2b\x65\x71" },
};

test "the identifiers are those of RFC 8017, RFC 5480 and RFC 8410, both ways" {
    for (golden) |case| {
        var reader: Reader = .init(case[1]);
        try testing.expectEqual(case[0], try AlgorithmIdentifier.read(&reader));
        try reader.end();
        var room: [32]u8 = undefined;
        var writer: Writer = .{ .room = &room };
        case[0].write(&writer);
        try testing.expectEqualSlices(u8, case[1], room[room.len - @as(usize, @intCast(writer.len)) ..]);
    }
}

fn expectRefused(expected: Error, bytes: []const u8) !void {
    var reader: Reader = .init(bytes);
    try testing.expectError(expected, AlgorithmIdentifier.read(&reader));
}

test "parameters are exactly those of the algorithm" {
    const rsa = golden[0][1][2..13];
    try expectRefused(error.InvalidDer, "\x30\x0b" ++ rsa);
    try expectRefused(error.InvalidDer, "\x30\x0e" ++ rsa ++ "\x05\x01\x00");
    try expectRefused(error.InvalidDer, "\x30\x0f" ++ rsa ++ "\x05\x00\x05\x00");
    try expectRefused(error.InvalidDer, "\x30\x0d" ++ rsa ++ "\x30\x00");
    const ec = golden[1][1][2..11];
    const p256 = golden[1][1][11..];
    try expectRefused(error.InvalidDer, "\x30\x09" ++ ec);
    try expectRefused(error.InvalidDer, "\x30\x15" ++ ec ++ p256 ++ "\x05\x00");
    try expectRefused(error.UnknownCurve, "\x30\x0b" ++ ec ++ "\x05\x00");
    try expectRefused(error.UnknownCurve, "\x30\x0e" ++ ec ++ "\x30\x03\x02\x01\x01");
    try expectRefused(error.InvalidDer, "\x30\x0d" ++ ec ++ "\x30\x03\x02\x01");
    for ([_]*const [1]u8{ "\x6e", "\x6f", "\x70", "\x71" }) |curve| {
        const okp = "\x06\x03\x2b\x65".* ++ curve.*;
        try expectRefused(error.InvalidDer, "\x30\x07" ++ okp ++ "\x05\x00");
        try expectRefused(error.InvalidDer, "\x30\x0a" ++ okp ++ okp);
        try expectRefused(error.InvalidDer, "\x30\x06" ++ okp ++ "\x00");
    }
}

test "other algorithms and curves have errors of their own" {
    // id-RSASSA-PSS and id-RSAES-OAEP (RFC 8017 appendix A.2), id-ecDH (RFC 5480 section 2.1.2), and the neighbours of
    // RFC 8410's four.
    const pkcs1 = "\x30\x0d\x06\x09";
    try expectRefused(error.UnknownKeyAlgorithm, pkcs1 ++ comptime oid("1.2.840.113549.1.1.10") ++ "\x05\x00");
    try expectRefused(error.UnknownKeyAlgorithm, pkcs1 ++ comptime oid("1.2.840.113549.1.1.7") ++ "\x05\x00");
    try expectRefused(error.UnknownKeyAlgorithm, "\x30\x07\x06\x05" ++ comptime oid("1.3.132.1.12"));
    try expectRefused(error.UnknownKeyAlgorithm, "\x30\x05\x06\x03" ++ comptime oid("1.3.101.109"));
    try expectRefused(error.UnknownKeyAlgorithm, "\x30\x05\x06\x03" ++ comptime oid("1.3.101.114"));
    // secp224r1 and secp256k1.
    const ec = "\x30\x10\x06\x07" ++ comptime oid("1.2.840.10045.2.1") ++ "\x06\x05";
    try expectRefused(error.UnknownCurve, ec ++ comptime oid("1.3.132.0.33"));
    try expectRefused(error.UnknownCurve, ec ++ comptime oid("1.3.132.0.10"));
}
