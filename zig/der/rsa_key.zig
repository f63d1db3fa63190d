//! RSA keys: RFC 8017 appendix A.1, with the names that RFC 7518 section 6.3 and WebCrypto's JWK have for the integers.
//! All are big-endian, above zero, and views of what was read. Whether they make a working key is not asked here.

const std = @import("std");
const der = @import("reader.zig");
const Reader = der.Reader;
const Writer = @import("writer.zig").Writer;

pub const Error = error{
    InvalidDer,
    /// A key of more than two primes, well-formed: RFC 8017 allows it, WebCrypto has no use for it.
    MultiPrimeKey,
};

///     RSAPublicKey ::= SEQUENCE {
///         modulus         INTEGER,  -- n
///         publicExponent  INTEGER   -- e
///     }
pub const PublicKey = struct {
    n: []const u8,
    e: []const u8,

    pub fn parse(bytes: []const u8) der.Error!PublicKey {
        var outer: Reader = .init(bytes);
        var sequence = try outer.enter(.sequence);
        try outer.end();
        const key = try readIntegers(PublicKey, &sequence);
        try sequence.end();
        return key;
    }

    pub fn write(key: PublicKey, writer: *Writer) void {
        const end = writer.len;
        writeIntegers(key, writer);
        writer.wrap(.sequence, end);
    }
};

///     RSAPrivateKey ::= SEQUENCE {
///         version          Version,  -- two-prime(0) or multi(1)
///         modulus          INTEGER,  -- n
///         publicExponent   INTEGER,  -- e
///         privateExponent  INTEGER,  -- d
///         prime1           INTEGER,  -- p
///         prime2           INTEGER,  -- q
///         exponent1        INTEGER,  -- d mod (p-1)
///         exponent2        INTEGER,  -- d mod (q-1)
///         coefficient      INTEGER,  -- (inverse of q) mod p
///         otherPrimeInfos  OtherPrimeInfos OPTIONAL  -- there if version is multi
///     }
pub const PrivateKey = struct {
    n: []const u8,
    e: []const u8,
    d: []const u8,
    p: []const u8,
    q: []const u8,
    dp: []const u8,
    dq: []const u8,
    qi: []const u8,

    const two_prime = 0;
    const multi = 1;

    pub fn parse(bytes: []const u8) Error!PrivateKey {
        var outer: Reader = .init(bytes);
        var sequence = try outer.enter(.sequence);
        try outer.end();
        const version = try sequence.version();
        const key = try readIntegers(PrivateKey, &sequence);
        switch (version) {
            two_prime => {},
            multi => try skipOtherPrimes(&sequence),
            else => return error.InvalidDer,
        }
        try sequence.end();
        return if (version == two_prime) key else error.MultiPrimeKey;
    }

    pub fn write(key: PrivateKey, writer: *Writer) void {
        const end = writer.len;
        writeIntegers(key, writer);
        writer.version(two_prime);
        writer.wrap(.sequence, end);
    }
};

///     OtherPrimeInfos ::= SEQUENCE SIZE(1..MAX) OF OtherPrimeInfo
///     OtherPrimeInfo ::= SEQUENCE {
///         prime        INTEGER,  -- ri
///         exponent     INTEGER,  -- di
///         coefficient  INTEGER   -- ti
///     }
fn skipOtherPrimes(reader: *Reader) der.Error!void {
    var infos = try reader.enter(.sequence);
    while (true) {
        var info = try infos.enter(.sequence);
        for (0..3) |_| _ = try info.positiveInteger();
        try info.end();
        if (infos.rest.len == 0) return;
    }
}

/// In the order of the fields.
fn readIntegers(comptime Key: type, reader: *Reader) der.Error!Key {
    var key: Key = undefined;
    inline for (@typeInfo(Key).@"struct".fields) |field| @field(key, field.name) = try reader.positiveInteger();
    return key;
}

/// The last field first, as the writer goes.
fn writeIntegers(key: anytype, writer: *Writer) void {
    const fields = @typeInfo(@TypeOf(key)).@"struct".fields;
    inline for (0..fields.len) |i| writer.positiveInteger(@field(key, fields[fields.len - 1 - i].name));
}
