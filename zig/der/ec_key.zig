//! Keys on a named curve: RFC 5480 (public) and RFC 5915 (private).
//!
//! A point is passed on as it stands, uncompressed or compressed: the curve's own code decodes it (SEC 1 section 2.3.4)
//! and knows whether it is one, as it must for points that come in no key file.

const Curve = @import("oids.zig").Curve;
const oids = @import("oids.zig");
const Reader = @import("reader.zig").Reader;
const Writer = @import("writer.zig").Writer;

pub const Error = oids.Error;

pub const PublicKey = struct {
    curve: Curve,
    /// SEC 1 section 2.3.3. Never empty.
    point: []const u8,

    /// RFC 5480 section 2.2: subjectPublicKey holds the bytes of the point, in no further encoding.
    pub fn parse(curve: Curve, bytes: []const u8) Error!PublicKey {
        if (bytes.len == 0) return error.InvalidDer;
        return .{ .curve = curve, .point = bytes };
    }
};

///     ECPrivateKey ::= SEQUENCE {
///         version     INTEGER { ecPrivkeyVer1(1) },
///         privateKey  OCTET STRING,
///         parameters  [0] ECParameters {{ NamedCurve }} OPTIONAL,
///         publicKey   [1] BIT STRING OPTIONAL
///     }
pub const PrivateKey = struct {
    curve: Curve,
    /// Null where it is to be computed. Never empty.
    point: ?[]const u8,
    /// `curve.scalarBytes()` bytes, big-endian. Whether it is below the curve's order is not asked here.
    scalar: []const u8,

    const version_1 = 1;

    /// `curve` is what the algorithm's parameters around the key say; parameters inside must say the same.
    pub fn parse(curve: Curve, bytes: []const u8) Error!PrivateKey {
        var outer: Reader = .init(bytes);
        var sequence = try outer.enter(.sequence);
        try outer.end();
        if (try sequence.version() != version_1) return error.InvalidDer;
        // RFC 5915 section 3: as long as the curve's order, whatever the number.
        const scalar = try sequence.contents(.octet_string);
        if (scalar.len != curve.scalarBytes()) return error.InvalidDer;
        if (sequence.has(.constructed(0))) {
            var parameters = try sequence.enter(.constructed(0));
            if (try Curve.read(&parameters) != curve) return error.InvalidDer;
            try parameters.end();
        }
        var point: ?[]const u8 = null;
        if (sequence.has(.constructed(1))) {
            var public_key = try sequence.enter(.constructed(1));
            point = (try PublicKey.parse(curve, try public_key.bitString(.bit_string))).point;
            try public_key.end();
        }
        try sequence.end();
        return .{ .curve = curve, .point = point, .scalar = scalar };
    }

    /// Without parameters, which stand around the key already: WebCrypto's text would repeat them, its tests and the
    /// engines do not.
    pub fn write(key: PrivateKey, writer: *Writer) void {
        const end = writer.len;
        if (key.point) |point| {
            const point_end = writer.len;
            writer.bitString(.bit_string, point);
            writer.wrap(.constructed(1), point_end);
        }
        writer.value(.octet_string, key.scalar);
        writer.version(version_1);
        writer.wrap(.sequence, end);
    }
};
