//! Keys for X25519, X448, Ed25519 and Ed448: RFC 8410. Both halves are bytes, as RFC 7748 and RFC 8032 encode them, and are
//! passed on as they stand: any bytes of the right number are a key, though not every public one is of use.

const OkpCurve = @import("oids.zig").OkpCurve;
const der = @import("reader.zig");
const Reader = der.Reader;
const Writer = @import("writer.zig").Writer;

pub const PublicKey = struct {
    curve: OkpCurve,
    public_key: []const u8,

    /// Section 4: subjectPublicKey holds the bytes of the key, in no further encoding.
    pub fn parse(curve: OkpCurve, bytes: []const u8) der.Error!PublicKey {
        if (bytes.len != curve.keyBytes()) return error.InvalidDer;
        return .{ .curve = curve, .public_key = bytes };
    }
};

///     CurvePrivateKey ::= OCTET STRING
pub const PrivateKey = struct {
    curve: OkpCurve,
    /// Null where it is to be computed, as from every file of version 1. It is not written.
    public_key: ?[]const u8,
    private_key: []const u8,

    pub fn parse(curve: OkpCurve, bytes: []const u8) der.Error!PrivateKey {
        var outer: Reader = .init(bytes);
        const private_key = try outer.contents(.octet_string);
        try outer.end();
        if (private_key.len != curve.keyBytes()) return error.InvalidDer;
        return .{ .curve = curve, .public_key = null, .private_key = private_key };
    }

    pub fn write(key: PrivateKey, writer: *Writer) void {
        writer.value(.octet_string, key.private_key);
    }
};
