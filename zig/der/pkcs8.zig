//! PrivateKeyInfo, RFC 5208 section 5, and what became of it, OneAsymmetricKey, RFC 5958 section 2: the format that
//! WebCrypto calls "pkcs8".
//!
//!     OneAsymmetricKey ::= SEQUENCE {
//!         version              Version,         -- v1(0); v2(1) if publicKey is there, and only then
//!         privateKeyAlgorithm  AlgorithmIdentifier,
//!         privateKey           OCTET STRING,    -- holding the DER of what the algorithm defines
//!         attributes           [0] IMPLICIT SET OF Attribute OPTIONAL,
//!         publicKey            [1] IMPLICIT BIT STRING OPTIONAL }
//!
//! Strict DER, whole. Attributes are checked and dropped; `write` makes v1 without any. A key has one public key: where
//! it is given twice, both must be the same.

const std = @import("std");
const oids = @import("oids.zig");
const ec_key = @import("ec_key.zig");
const okp_key = @import("okp_key.zig");
const rsa_key = @import("rsa_key.zig");
const spki = @import("spki.zig");
const Reader = @import("reader.zig").Reader;
const SetOf = @import("reader.zig").SetOf;
const Writer = @import("writer.zig").Writer;

pub const Error = oids.Error || rsa_key.Error;

/// Views of what was read.
pub const PrivateKey = union(oids.Algorithm) {
    rsa: rsa_key.PrivateKey,
    ec: ec_key.PrivateKey,
    okp: okp_key.PrivateKey,

    const version_1 = 0;
    const version_2 = 1;

    pub fn parse(bytes: []const u8) Error!PrivateKey {
        var outer: Reader = .init(bytes);
        var info = try outer.enter(.sequence);
        try outer.end();
        const version = try info.version();
        const algorithm = try oids.AlgorithmIdentifier.read(&info);
        const private_key = try info.contents(.octet_string);
        if (info.has(.constructed(0))) try checkAttributes(try info.enter(.constructed(0)));
        const public_key: ?spki.PublicKey = switch (version) {
            version_1 => null,
            version_2 => try .parseAs(algorithm, try info.bitString(.primitive(1))),
            else => return error.InvalidDer,
        };
        try info.end();

        var key: PrivateKey = switch (algorithm) {
            .rsa => .{ .rsa = try .parse(private_key) },
            .ec => |curve| .{ .ec = try .parse(curve, private_key) },
            .okp => |curve| .{ .okp = try .parse(curve, private_key) },
        };
        if (public_key) |given| try key.join(given);
        return key;
    }

    /// Takes in the public key that stands beside the private one.
    fn join(key: *PrivateKey, public_key: spki.PublicKey) Error!void {
        const same = switch (key.*) {
            .rsa => |rsa| std.mem.eql(u8, rsa.n, public_key.rsa.n) and std.mem.eql(u8, rsa.e, public_key.rsa.e),
            .ec => |*ec| same: {
                const point = ec.point orelse public_key.ec.point;
                ec.point = point;
                break :same std.mem.eql(u8, point, public_key.ec.point);
            },
            .okp => |*okp| same: {
                okp.public_key = public_key.okp.public_key;
                break :same true;
            },
        };
        if (!same) return error.InvalidDer;
    }

    pub fn write(key: PrivateKey, writer: *Writer) void {
        const end = writer.len;
        switch (key) {
            inline else => |inner| inner.write(writer),
        }
        writer.wrap(.octet_string, end);
        const algorithm: oids.AlgorithmIdentifier = switch (key) {
            .rsa => .rsa,
            .ec => |ec| .{ .ec = ec.curve },
            .okp => |okp| .{ .okp = okp.curve },
        };
        algorithm.write(writer);
        writer.version(version_1);
        writer.wrap(.sequence, end);
    }
};

///     Attribute ::= SEQUENCE {
///         type    OBJECT IDENTIFIER,
///         values  SET OF ANY }
fn checkAttributes(attributes: Reader) Error!void {
    var set: SetOf = .{ .members = attributes };
    while (try set.next()) |bytes| {
        var member: Reader = .init(bytes);
        var attribute = try member.enter(.sequence);
        _ = try attribute.objectIdentifier();
        var values: SetOf = .{ .members = try attribute.enter(.set) };
        while (try values.next()) |_| {}
        try attribute.end();
    }
}

test {
    _ = @import("key_fuzz.zig");
}
