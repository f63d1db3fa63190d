//! SubjectPublicKeyInfo: RFC 5280 section 4.1.2.7, the format that WebCrypto calls "spki".
//!
//!     SubjectPublicKeyInfo ::= SEQUENCE {
//!         algorithm         AlgorithmIdentifier,
//!         subjectPublicKey  BIT STRING }
//!
//! Strict DER, whole: what is accepted is, byte for byte, what `write` makes of it.

const std = @import("std");
const oids = @import("oids.zig");
const ec_key = @import("ec_key.zig");
const okp_key = @import("okp_key.zig");
const rsa_key = @import("rsa_key.zig");
const Reader = @import("reader.zig").Reader;
const Writer = @import("writer.zig").Writer;

pub const Error = oids.Error;

/// Views of what was read.
pub const PublicKey = union(oids.Algorithm) {
    rsa: rsa_key.PublicKey,
    ec: ec_key.PublicKey,
    okp: okp_key.PublicKey,

    pub fn parse(bytes: []const u8) Error!PublicKey {
        var outer: Reader = .init(bytes);
        var info = try outer.enter(.sequence);
        try outer.end();
        const algorithm = try oids.AlgorithmIdentifier.read(&info);
        const public_key = try info.bitString(.bit_string);
        try info.end();
        return .parseAs(algorithm, public_key);
    }

    /// What the BIT STRING holds, by the algorithm that stands before it.
    pub fn parseAs(algorithm: oids.AlgorithmIdentifier, public_key: []const u8) Error!PublicKey {
        return switch (algorithm) {
            .rsa => .{ .rsa = try .parse(public_key) },
            .ec => |curve| .{ .ec = try .parse(curve, public_key) },
            .okp => |curve| .{ .okp = try .parse(curve, public_key) },
        };
    }

    pub fn write(key: PublicKey, writer: *Writer) void {
        const end = writer.len;
        switch (key) {
            .rsa => |rsa| rsa.write(writer),
            .ec => |ec| writer.bytes(ec.point),
            .okp => |okp| writer.bytes(okp.public_key),
        }
        writer.wrapBits(.bit_string, end);
        const algorithm: oids.AlgorithmIdentifier = switch (key) {
            .rsa => .rsa,
            .ec => |ec| .{ .ec = ec.curve },
            .okp => |okp| .{ .okp = okp.curve },
        };
        algorithm.write(writer);
        writer.wrap(.sequence, end);
    }
};
