//! spki.zig and pkcs8.zig against a second reader, slow and made another way: it decodes the input to a tree,
//! leniently, encodes that again by its own rules, and matches the tree with the ASN.1 modules only if the bytes are
//! the same. On whole files, on files cut at every byte, on files with every byte replaced by every other, and on files
//! mutated at random, both blindly and as trees, whose lengths then fit. What is accepted and plain must be written as
//! it was.

const std = @import("std");
const testing = std.testing;
const Allocator = std.mem.Allocator;
const oids = @import("oids.zig");
const reader = @import("reader.zig");
const table = @import("table.zig");
const writer = @import("writer.zig");
const PublicKey = @import("spki.zig").PublicKey;
const PrivateKey = @import("pkcs8.zig").PrivateKey;

fn hex(comptime digits: []const u8) []const u8 {
    return comptime blk: {
        @setEvalBranchQuota(100_000);
        var bytes: [digits.len / 2]u8 = undefined;
        _ = std.fmt.hexToBytes(&bytes, digits) catch unreachable;
        const final = bytes;
        break :blk &final;
    };
}

const rsa_encryption = "300d" ++ "06092a864886f70d010101" ++ "0500";
const p256_identifier = "06082a8648ce3d030107";
const ec_public_key_p256 = "3013" ++ "06072a8648ce3d0201" ++ p256_identifier;
/// n = a5b6, e = 3.
const rsa_public_key = "3008" ++ "020300a5b6" ++ "020103";
const rsa_integers = "020300a5b6" ++ "020103" ++ "02021234" ++ "020200c5" ++ "02017b" ++
    "020111" ++ "020122" ++ "020133";
const rsa_private_key = "301f" ++ "020100" ++ rsa_integers;
const other_primes = "300b" ++ "3009" ++ "020101" ++ "020102" ++ "020103";
const multi_prime_key = "302c" ++ "020101" ++ rsa_integers ++ other_primes;
const scalar = "11" ** 32;
const point = "04" ++ "22" ** 64;
const ed25519 = "3005" ++ "06032b6570";
const x25519 = "3005" ++ "06032b656e";
const ed448 = "3005" ++ "06032b6571";
const x448 = "3005" ++ "06032b656f";
const attributes = "a01d" ++
    "300b" ++ "06032a0304" ++ "3104" ++ "0c026869" ++
    "300e" ++ "06032a0305" ++ "3107" ++ "0101ff" ++ "02020080";

/// SubjectPublicKeyInfo. All are what `write` makes, too.
const public_keys = [_][]const u8{
    hex("301c" ++ rsa_encryption ++ "030b00" ++ rsa_public_key),
    hex("3059" ++ ec_public_key_p256 ++ "034200" ++ point),
    hex("302a" ++ ed25519 ++ "032100" ++ "33" ** 32),
    hex("3042" ++ x448 ++ "033900" ++ "33" ** 56),
    hex("3043" ++ ed448 ++ "033a00" ++ "33" ** 57),
};

/// PrivateKeyInfo as `write` makes it.
const plain_private_keys = [_][]const u8{
    hex("3035" ++ "020100" ++ rsa_encryption ++ "0421" ++ rsa_private_key),
    hex("308187" ++ "020100" ++ ec_public_key_p256 ++ "046d" ++
        "306b" ++ "020101" ++ "0420" ++ scalar ++ "a144034200" ++ point),
    hex("3041" ++ "020100" ++ ec_public_key_p256 ++ "0427" ++ "3025" ++ "020101" ++ "0420" ++ scalar),
    hex("302e" ++ "020100" ++ x25519 ++ "0422" ++ "0420" ++ scalar),
    hex("3046" ++ "020100" ++ x448 ++ "043a" ++ "0438" ++ "11" ** 56),
    hex("3047" ++ "020100" ++ ed448 ++ "043b" ++ "0439" ++ "11" ** 57),
};

/// With attributes, version 2 and a public key, or parameters that were said before.
const other_private_keys = [_][]const u8{
    hex("3061" ++ "020101" ++ rsa_encryption ++ "0421" ++ rsa_private_key ++ attributes ++ "810b00" ++ rsa_public_key),
    hex("308193" ++ "020100" ++ ec_public_key_p256 ++ "0479" ++ "3077" ++ "020101" ++ "0420" ++ scalar ++
        "a00a" ++ p256_identifier ++ "a144034200" ++ point),
    hex("308185" ++ "020101" ++ ec_public_key_p256 ++ "0427" ++ "3025" ++ "020101" ++ "0420" ++ scalar ++
        "814200" ++ point),
    hex("3037" ++ "020100" ++ rsa_encryption ++ "0421" ++ rsa_private_key ++ "a000"),
    hex("3070" ++ "020101" ++ x25519 ++ "0422" ++ "0420" ++ scalar ++ attributes ++ "812100" ++ "33" ** 32),
    hex("304d" ++ "020100" ++ x25519 ++ "0422" ++ "0420" ++ scalar ++ attributes),
};

const private_keys = plain_private_keys ++ other_private_keys;

const No = error{No};

/// A value, its contents decoded as values in turn where its tag says that there are some.
const Node = struct {
    tag: u8,
    contents: []const u8,
    children: []const Node = &.{},

    /// Lenient about lengths: they may take any number of bytes. All of `bytes` is one value.
    fn decode(allocator: Allocator, bytes: []const u8) (No || Allocator.Error)!Node {
        const nodes = try decodeAll(allocator, bytes);
        return if (nodes.len == 1) nodes[0] else error.No;
    }

    fn decodeAll(allocator: Allocator, bytes: []const u8) (No || Allocator.Error)![]const Node {
        var nodes: std.ArrayList(Node) = .empty;
        var at: usize = 0;
        while (at < bytes.len) {
            const tag = bytes[at];
            if (bytes.len - at < 2) return error.No;
            var len: usize = bytes[at + 1];
            at += 2;
            if (len > 0x80) {
                const octets = len - 0x80;
                if (octets > bytes.len - at) return error.No;
                len = 0;
                for (bytes[at..][0..octets]) |octet| len = @min(len, 1 << 40) << 8 | octet;
                at += octets;
            } else if (len == 0x80) return error.No;
            if (len > bytes.len - at) return error.No;
            const contents = bytes[at..][0..len];
            at += len;
            const children = if (tag & 0x20 != 0) try decodeAll(allocator, contents) else &.{};
            try nodes.append(allocator, .{ .tag = tag, .contents = contents, .children = children });
        }
        return nodes.items;
    }

    /// The one encoding that DER has for this.
    fn encode(node: Node, allocator: Allocator) Allocator.Error![]const u8 {
        var contents: std.ArrayList(u8) = .empty;
        if (node.tag & 0x20 == 0) {
            try contents.appendSlice(allocator, try canonical(allocator, node.tag, node.contents));
        } else for (node.children) |child| {
            try contents.appendSlice(allocator, try child.encode(allocator));
        }
        return wrap(allocator, node.tag, contents.items);
    }

    fn depth(node: Node) usize {
        var deepest: usize = 0;
        for (node.children) |child| deepest = @max(deepest, child.depth());
        return 1 + deepest;
    }

    /// Every tag is one that exists, in the form it has in DER.
    fn isLegal(node: Node) bool {
        if (node.tag & 0x1f == 0x1f) return false;
        if (node.tag < 0x40) {
            const constructed = [_]u8{ 0x28, 0x2b, 0x30, 0x31, 0x3d };
            const listed = std.mem.indexOfScalar(u8, &constructed, node.tag) != null;
            if (listed != (node.tag & 0x20 != 0)) return false;
            const contents = node.contents;
            switch (node.tag) {
                0x00, 0x08, 0x0b, 0x0f, 0x10, 0x11, 0x1d => return false,
                0x01 => if (contents.len != 1) return false,
                0x02, 0x0a => if (contents.len == 0) return false,
                0x03 => if (contents.len == 0 or contents[0] > @min(7, 8 * (contents.len - 1))) return false,
                0x06 => if (contents.len == 0 or contents[contents.len - 1] >= 0x80) return false,
                else => {},
            }
        }
        for (node.children) |child| if (!child.isLegal()) return false;
        return true;
    }
};

fn wrap(allocator: Allocator, tag: u8, contents: []const u8) Allocator.Error![]const u8 {
    var bytes: std.ArrayList(u8) = .empty;
    try bytes.append(allocator, tag);
    if (contents.len < 128) {
        try bytes.append(allocator, @intCast(contents.len));
    } else {
        var digits: [8]u8 = undefined;
        std.mem.writeInt(u64, &digits, contents.len, .big);
        const minimal = std.mem.trimStart(u8, &digits, "\x00");
        try bytes.append(allocator, @intCast(0x80 + minimal.len));
        try bytes.appendSlice(allocator, minimal);
    }
    try bytes.appendSlice(allocator, contents);
    return bytes.items;
}

/// The contents of a universal primitive type in their one form.
fn canonical(allocator: Allocator, tag: u8, contents: []const u8) Allocator.Error![]const u8 {
    switch (tag) {
        1 => return if (contents[0] == 0) "\x00" else "\xff",
        2, 10 => {
            // As long as the number stays the same without its first byte, that byte goes.
            var rest = contents;
            while (rest.len > 1 and rest[0] == (if (rest[1] >= 0x80) @as(u8, 0xff) else 0)) rest = rest[1..];
            return rest;
        },
        3 => {
            const copy = try allocator.dupe(u8, contents);
            if (copy.len > 1) copy[copy.len - 1] = copy[copy.len - 1] >> @intCast(copy[0]) << @intCast(copy[0]);
            return copy;
        },
        5 => return "",
        6 => {
            // Numbers without their leading zeros, bytes of 0x80.
            var bytes: std.ArrayList(u8) = .empty;
            for (contents, 0..) |byte, i| {
                const begins = i == 0 or contents[i - 1] < 0x80;
                const padded = begins or (bytes.items.len == 0 or bytes.items[bytes.items.len - 1] < 0x80);
                if (!(padded and byte == 0x80)) try bytes.append(allocator, byte);
            }
            return bytes.items;
        },
        else => return contents,
    }
}

/// Matches trees with the modules; null is a file that is refused.
const Reference = struct {
    allocator: Allocator,

    fn publicKey(reference: Reference, bytes: []const u8) ?PublicKey {
        return reference.subjectPublicKeyInfo(bytes) catch null;
    }

    fn privateKey(reference: Reference, bytes: []const u8) ?PrivateKey {
        return reference.oneAsymmetricKey(bytes) catch null;
    }

    fn tree(reference: Reference, bytes: []const u8) !Node {
        const node = try Node.decode(reference.allocator, bytes);
        try require(node.isLegal());
        try require(std.mem.eql(u8, bytes, try node.encode(reference.allocator)));
        return node;
    }

    fn subjectPublicKeyInfo(reference: Reference, bytes: []const u8) !PublicKey {
        const info = try members(try reference.tree(bytes), 0x30, 2, 2);
        return reference.subjectPublicKey(try algorithmIn(info[0]), info[1], 0x03);
    }

    fn subjectPublicKey(reference: Reference, algorithm: oids.AlgorithmIdentifier, node: Node, tag: u8) !PublicKey {
        const bytes = try bits(node, tag);
        switch (algorithm) {
            .rsa => {
                const integers = try members(try reference.tree(bytes), 0x30, 2, 2);
                return .{ .rsa = .{ .n = try positive(integers[0]), .e = try positive(integers[1]) } };
            },
            .ec => |curve| {
                try require(bytes.len > 0);
                return .{ .ec = .{ .curve = curve, .point = bytes } };
            },
            .okp => |curve| {
                try require(bytes.len == curve.keyBytes());
                return .{ .okp = .{ .curve = curve, .public_key = bytes } };
            },
        }
    }

    fn oneAsymmetricKey(reference: Reference, bytes: []const u8) !PrivateKey {
        var info = try members(try reference.tree(bytes), 0x30, 3, 5);
        const version_2 = info[0].tag == 2 and std.mem.eql(u8, info[0].contents, "\x01");
        try require(version_2 or (info[0].tag == 2 and std.mem.eql(u8, info[0].contents, "\x00")));
        const algorithm = try algorithmIn(info[1]);
        try require(info[2].tag == 4);
        const inner = try reference.tree(info[2].contents);
        info = info[3..];
        if (info.len > 0 and info[0].tag == 0xa0) {
            try attributesIn(reference.allocator, info[0]);
            info = info[1..];
        }
        try require(info.len == @intFromBool(version_2));
        const public_key = if (version_2) try reference.subjectPublicKey(algorithm, info[0], 0x81) else null;

        switch (algorithm) {
            .rsa => {
                const integers = try members(inner, 0x30, 9, 9);
                try require(integers[0].tag == 2 and std.mem.eql(u8, integers[0].contents, "\x00"));
                const key: PrivateKey = .{ .rsa = .{
                    .n = try positive(integers[1]),
                    .e = try positive(integers[2]),
                    .d = try positive(integers[3]),
                    .p = try positive(integers[4]),
                    .q = try positive(integers[5]),
                    .dp = try positive(integers[6]),
                    .dq = try positive(integers[7]),
                    .qi = try positive(integers[8]),
                } };
                if (public_key) |given| {
                    try require(std.mem.eql(u8, given.rsa.n, key.rsa.n) and std.mem.eql(u8, given.rsa.e, key.rsa.e));
                }
                return key;
            },
            .ec => |curve| {
                var rest = try members(inner, 0x30, 2, 4);
                try require(rest[0].tag == 2 and std.mem.eql(u8, rest[0].contents, "\x01"));
                try require(rest[1].tag == 4 and rest[1].contents.len == curve.scalarBytes());
                var key: PrivateKey = .{ .ec = .{ .curve = curve, .point = null, .scalar = rest[1].contents } };
                rest = rest[2..];
                if (rest.len > 0 and rest[0].tag == 0xa0) {
                    try require(try curveIn((try members(rest[0], 0xa0, 1, 1))[0]) == curve);
                    rest = rest[1..];
                }
                if (rest.len > 0) {
                    key.ec.point = try bits((try members(rest[0], 0xa1, 1, 1))[0], 0x03);
                    try require(key.ec.point.?.len > 0);
                    rest = rest[1..];
                }
                try require(rest.len == 0);
                if (public_key) |given| {
                    if (key.ec.point) |same| try require(std.mem.eql(u8, same, given.ec.point));
                    key.ec.point = key.ec.point orelse given.ec.point;
                }
                return key;
            },
            .okp => |curve| {
                try require(inner.tag == 4 and inner.contents.len == curve.keyBytes());
                const given = if (public_key) |key| key.okp.public_key else null;
                return .{ .okp = .{ .curve = curve, .public_key = given, .private_key = inner.contents } };
            },
        }
    }

    fn algorithmIn(node: Node) !oids.AlgorithmIdentifier {
        const parts = try members(node, 0x30, 1, 2);
        try require(parts[0].tag == 6);
        if (parts.len == 1) {
            const curves = [_]oids.OkpCurve{ .x25519, .x448, .ed25519, .ed448 };
            for (curves, [_][]const u8{ hex("2b656e"), hex("2b656f"), hex("2b6570"), hex("2b6571") }) |curve, identifier| {
                if (std.mem.eql(u8, parts[0].contents, identifier)) return .{ .okp = curve };
            }
            return error.No;
        }
        if (std.mem.eql(u8, parts[0].contents, hex("2a864886f70d010101"))) {
            try require(parts[1].tag == 5);
            return .rsa;
        }
        try require(std.mem.eql(u8, parts[0].contents, hex("2a8648ce3d0201")));
        return .{ .ec = try curveIn(parts[1]) };
    }

    fn curveIn(node: Node) !oids.Curve {
        try require(node.tag == 6);
        if (std.mem.eql(u8, node.contents, hex("2a8648ce3d030107"))) return .p256;
        if (std.mem.eql(u8, node.contents, hex("2b81040022"))) return .p384;
        if (std.mem.eql(u8, node.contents, hex("2b81040023"))) return .p521;
        return error.No;
    }

    fn attributesIn(allocator: Allocator, node: Node) !void {
        try ascending(allocator, node.children);
        for (node.children) |child| {
            try require(child.depth() <= reader.depth_max);
            const attribute = try members(child, 0x30, 2, 2);
            try require(attribute[0].tag == 6 and attribute[1].tag == 0x31);
            try ascending(allocator, attribute[1].children);
        }
    }

    /// X.690 section 11.6, the padding with zeros included.
    fn ascending(allocator: Allocator, nodes: []const Node) !void {
        for (1..@max(nodes.len, 1)) |i| {
            const a = try nodes[i - 1].encode(allocator);
            const b = try nodes[i].encode(allocator);
            const order = for (0..@max(a.len, b.len)) |at| {
                const x = if (at < a.len) a[at] else 0;
                const y = if (at < b.len) b[at] else 0;
                if (x != y) break std.math.order(x, y);
            } else .eq;
            try require(order != .gt);
        }
    }

    fn members(node: Node, tag: u8, min: usize, max: usize) No![]const Node {
        try require(node.tag == tag and node.children.len >= min and node.children.len <= max);
        return node.children;
    }

    fn positive(node: Node) No![]const u8 {
        try require(node.tag == 2 and node.contents[0] < 0x80);
        const digits = std.mem.trimStart(u8, node.contents, "\x00");
        try require(digits.len > 0);
        return digits;
    }

    fn bits(node: Node, tag: u8) No![]const u8 {
        try require(node.tag == tag and node.contents.len > 0 and node.contents[0] == 0);
        return node.contents[1..];
    }

    fn require(condition: bool) No!void {
        if (!condition) return error.No;
    }
};

/// Both readers agree on whether `input` is a key of either kind, and on what it holds.
fn expectAgreement(input: []const u8) !void {
    errdefer std.debug.print("input: {x}\n", .{input});
    var buffer: [64 * 1024]u8 = undefined;
    var fixed: std.heap.FixedBufferAllocator = .init(&buffer);
    const reference: Reference = .{ .allocator = fixed.allocator() };
    const public_key: ?PublicKey = PublicKey.parse(input) catch null;
    try testing.expectEqualDeep(reference.publicKey(input), public_key);
    fixed.reset();
    const private_key: ?PrivateKey = PrivateKey.parse(input) catch null;
    try testing.expectEqualDeep(reference.privateKey(input), private_key);

    if (public_key) |key| try expectWritten(input, key, table.Table.of(key, input).key(PublicKey, input));
    if (private_key) |key| {
        const room = try writeInto(&buffer, key);
        var kept = key;
        // RFC 8410's public keys are not written beside private ones.
        if (kept == .okp) kept.okp.public_key = null;
        try testing.expectEqualDeep(kept, try PrivateKey.parse(room));
    }
}

/// What was read is written as it was, and the table keeps it unless its point is of another form.
fn expectWritten(input: []const u8, key: anytype, kept: table.Error!@TypeOf(key)) !void {
    var buffer: [4096]u8 = undefined;
    try testing.expectEqualSlices(u8, input, try writeInto(&buffer, key));
    if (kept) |same| try testing.expectEqualDeep(key, same) else |_| try testing.expect(key == .ec);
}

fn writeInto(buffer: []u8, key: anytype) ![]const u8 {
    const len = try writer.encodedBytes(key);
    try testing.expectError(error.NoSpace, writer.encode(key, buffer[0 .. len - 1]));
    try testing.expectEqual(len, try writer.encode(key, buffer[0..len]));
    return buffer[0..len];
}

test "every golden key is read, and written again" {
    var buffer: [4096]u8 = undefined;
    for (public_keys) |input| {
        const key = try PublicKey.parse(input);
        try expectWritten(input, key, table.Table.of(key, input).key(PublicKey, input));
        try expectAgreement(input);
    }
    for (plain_private_keys) |input| {
        const key = try PrivateKey.parse(input);
        try expectWritten(input, key, table.Table.of(key, input).key(PrivateKey, input));
        try expectAgreement(input);
    }
    for (other_private_keys, [_]usize{ 0, 1, 1, 0, 3, 3 }) |input, plain| {
        const written = try writeInto(&buffer, try PrivateKey.parse(input));
        try testing.expectEqualSlices(u8, plain_private_keys[plain], written);
        try expectAgreement(input);
    }
}

test "a key of more than two primes has an error of its own, if it is well-formed" {
    const prefix = "3042" ++ "020100" ++ rsa_encryption ++ "042e";
    try testing.expectError(error.MultiPrimeKey, PrivateKey.parse(hex(prefix ++ multi_prime_key)));
    inline for (.{
        // Version 0 with other primes, none of them, one without its last integer, and version 2.
        "3042" ++ "020100" ++ rsa_encryption ++ "042e" ++ "302c" ++ "020100" ++ rsa_integers ++ other_primes,
        "3035" ++ "020100" ++ rsa_encryption ++ "0421" ++ "301f" ++ "020101" ++ rsa_integers,
        "3037" ++ "020100" ++ rsa_encryption ++ "0423" ++ "3021" ++ "020101" ++ rsa_integers ++ "3000",
        "303f" ++ "020100" ++ rsa_encryption ++ "042b" ++ "3029" ++ "020101" ++ rsa_integers ++
            "3008" ++ "3006" ++ "020101" ++ "020102",
        "3042" ++ "020100" ++ rsa_encryption ++ "042e" ++ "302c" ++ "020102" ++ rsa_integers ++ other_primes,
        // And one with an integer too many.
        "3045" ++ "020100" ++ rsa_encryption ++ "0431" ++ "302f" ++ "020101" ++ rsa_integers ++
            "300e" ++ "300c" ++ "020101" ++ "020102" ++ "020103" ++ "020104",
    }) |digits| try testing.expectError(error.InvalidDer, PrivateKey.parse(hex(digits)));
}

test "a public key that is not the private key's, or without version 2, is refused" {
    const rsa = rsa_encryption ++ "0421" ++ rsa_private_key;
    inline for (.{
        "3042" ++ "020101" ++ rsa ++ "810b00" ++ "3008" ++ "020300a5b7" ++ "020103",
        "3042" ++ "020101" ++ rsa ++ "810b00" ++ "3008" ++ "020300a5b6" ++ "020105",
        "3042" ++ "020100" ++ rsa ++ "810b00" ++ rsa_public_key,
        "3035" ++ "020101" ++ rsa,
        "3035" ++ "020102" ++ rsa,
        "3081cd" ++ "020101" ++ ec_public_key_p256 ++ "046d" ++ "306b" ++ "020101" ++ "0420" ++ scalar ++
            "a144034200" ++ point ++ "81420004" ++ "23" ** 64,
        // RFC 8410: of another curve's length, without version 2, and version 2 without one.
        "306a" ++ "020101" ++ x25519 ++ "0422" ++ "0420" ++ scalar ++ "813900" ++ "33" ** 56,
        "3051" ++ "020100" ++ x25519 ++ "0422" ++ "0420" ++ scalar ++ "812100" ++ "33" ** 32,
        "302e" ++ "020101" ++ x25519 ++ "0422" ++ "0420" ++ scalar,
        // And CurvePrivateKey itself: bare, too long by a byte, and followed by one.
        "302c" ++ "020100" ++ x25519 ++ "0420" ++ scalar,
        "302f" ++ "020100" ++ x25519 ++ "0423" ++ "0421" ++ scalar ++ "00",
        "302f" ++ "020100" ++ x25519 ++ "0423" ++ "0420" ++ scalar ++ "00",
    }) |digits| {
        try testing.expectError(error.InvalidDer, PrivateKey.parse(hex(digits)));
        try expectAgreement(hex(digits));
    }
}

test "parameters inside a private key name the curve that those around it do" {
    inline for (.{
        // P-384, secp256k1, NULL, a curve spelled out; then the right one twice.
        .{ "304a", "0430", "302e", "a007" ++ "06052b81040022", error.InvalidDer },
        .{ "304a", "0430", "302e", "a007" ++ "06052b8104000a", error.UnknownCurve },
        .{ "3045", "042b", "3029", "a002" ++ "0500", error.UnknownCurve },
        .{ "3048", "042e", "302c", "a005" ++ "3003020101", error.UnknownCurve },
        .{ "3057", "043d", "303b", "a014" ++ p256_identifier ++ p256_identifier, error.InvalidDer },
    }) |case| {
        const info = case[0] ++ "020100" ++ ec_public_key_p256 ++ case[1];
        const input = hex(info ++ case[2] ++ "020101" ++ "0420" ++ scalar ++ case[3]);
        try testing.expectError(case[4], PrivateKey.parse(input));
        try expectAgreement(input);
    }
}

test "a key cut at any byte is refused, and so is one with a byte more, whatever it is" {
    var buffer: [512]u8 = undefined;
    for (public_keys ++ private_keys) |input| {
        for (0..input.len) |len| {
            // In memory of its own, so that a read beyond it is one beyond the slice.
            const cut = try testing.allocator.dupe(u8, input[0..len]);
            defer testing.allocator.free(cut);
            try testing.expectError(error.InvalidDer, PublicKey.parse(cut));
            try testing.expectError(error.InvalidDer, PrivateKey.parse(cut));
        }
        @memcpy(buffer[0..input.len], input);
        for (0..256) |byte| {
            buffer[input.len] = @intCast(byte);
            try testing.expectError(error.InvalidDer, PublicKey.parse(buffer[0 .. input.len + 1]));
            try testing.expectError(error.InvalidDer, PrivateKey.parse(buffer[0 .. input.len + 1]));
        }
    }
}

test "a key with any byte replaced by any other is accepted exactly where the reference accepts it" {
    var buffer: [512]u8 = undefined;
    for (public_keys ++ private_keys) |input| {
        const bytes = buffer[0..input.len];
        @memcpy(bytes, input);
        for (input, 0..) |original, at| {
            // Of a run of equal bytes, points and scalars, the ends will do.
            if (at > 0 and at + 1 < input.len and input[at - 1] == original and input[at + 1] == original) continue;
            defer bytes[at] = original;
            for (0..256) |value| {
                bytes[at] = @intCast(value);
                try expectAgreement(bytes);
            }
        }
    }
}

/// What a mutation is likely to trip over.
const splinters = [_][]const u8{
    "",                 "\x00",               "\x80",                 "\xff",
    "\x7f",             "\x00\x00",           "\x05\x00",             "\x30\x00",
    "\x30\x80",         "\x02\x01\x00",       "\x02\x01\x01",         "\x02\x02\x00\x01",
    "\x81\x01",         "\x82\x00\x01",       "\x84\xff\xff\xff\xff", "\x01\x01\xff",
    "\x03\x02\x00\x01", "\x03\x01\x00",       "\x04\x01\x00",         "\xa0\x00",
    "\xa1\x00",         "\x31\x00",           "\x06\x03\x2a\x03\x04", "\x06\x05\x2b\x81\x04\x00\x22",
    "\x1f\x01",         hex(p256_identifier), hex(rsa_encryption),    hex(attributes),
    hex(ed25519),       hex(ed448),           "\x04\x20",             "\x81\x21\x00" ++ "\x44" ** 32,
};

/// A tree that is changed in one place and encoded with lengths that fit. Where a string holds the DER of a structure,
/// that belongs to the tree.
const Mutator = struct {
    allocator: Allocator,
    random: std.Random,

    fn mutate(mutator: Mutator, node: Node) Allocator.Error![]const u8 {
        const target = mutator.random.uintLessThan(usize, count(node));
        var at: usize = 0;
        return mutator.encode(node, target, &at);
    }

    fn inner(node: Node) ?struct { prefix: []const u8, bytes: []const u8 } {
        const prefix: usize = if (node.tag == 0x03 or node.tag == 0x81) 1 else if (node.tag == 0x04) 0 else return null;
        const rest = node.contents[@min(prefix, node.contents.len)..];
        const is_structure = rest.len > 2 and (rest[0] == 0x30 or (rest[0] == 0x04 and rest[1] == rest.len - 2));
        return if (is_structure) .{ .prefix = node.contents[0..prefix], .bytes = rest } else null;
    }

    fn count(node: Node) usize {
        var total: usize = 1;
        for (node.children) |child| total += count(child);
        return total;
    }

    fn encode(mutator: Mutator, node: Node, target: usize, at: *usize) Allocator.Error![]const u8 {
        const here = at.* == target;
        at.* += 1;
        var contents: std.ArrayList(u8) = .empty;
        if (node.tag & 0x20 != 0) {
            for (node.children) |child| {
                try contents.appendSlice(mutator.allocator, try mutator.encode(child, target, at));
            }
        } else if (inner(node)) |structure| {
            try contents.appendSlice(mutator.allocator, structure.prefix);
            const tree = Node.decode(mutator.allocator, structure.bytes) catch unreachable;
            const changed = if (here or mutator.random.boolean()) structure.bytes else try mutator.mutate(tree);
            try contents.appendSlice(mutator.allocator, changed);
        } else try contents.appendSlice(mutator.allocator, node.contents);
        if (!here) return wrap(mutator.allocator, node.tag, contents.items);

        const random = mutator.random;
        const splinter = splinters[random.uintLessThan(usize, splinters.len)];
        const whole = try wrap(mutator.allocator, node.tag, contents.items);
        return switch (random.uintLessThan(u8, 8)) {
            0 => "",
            1 => splinter,
            2 => std.mem.concat(mutator.allocator, u8, &.{ whole, whole }),
            3 => std.mem.concat(mutator.allocator, u8, &.{ splinter, whole }),
            4 => std.mem.concat(mutator.allocator, u8, &.{ whole, splinter }),
            5 => wrap(mutator.allocator, node.tag ^ (@as(u8, 1) << random.int(u3)), contents.items),
            6 => wrap(mutator.allocator, node.tag, splinter),
            else => {
                try contents.appendSlice(mutator.allocator, splinter);
                return wrap(mutator.allocator, node.tag, contents.items);
            },
        };
    }
};

test "keys mutated at random are accepted exactly where the reference accepts them" {
    const seed = testing.random_seed;
    errdefer std.debug.print("seed: {d}\n", .{seed});
    var prng: std.Random.DefaultPrng = .init(seed);
    const random = prng.random();
    const golden = public_keys ++ private_keys;

    for (0..20_000) |round| {
        var buffer: [64 * 1024]u8 = undefined;
        var fixed: std.heap.FixedBufferAllocator = .init(&buffer);
        const allocator = fixed.allocator();
        var bytes: std.ArrayList(u8) = .empty;
        try bytes.appendSlice(allocator, golden[random.uintLessThan(usize, golden.len)]);
        if (round % 4 != 0) {
            const mutator: Mutator = .{ .allocator = allocator, .random = random };
            const mutant = try mutator.mutate(Node.decode(allocator, bytes.items) catch unreachable);
            try expectAgreement(mutant);
            continue;
        }
        for (0..random.intRangeAtMost(usize, 1, 3)) |_| {
            const at = random.uintAtMost(usize, bytes.items.len);
            const len = random.uintAtMost(usize, @min(bytes.items.len - at, 8));
            const splinter = splinters[random.uintLessThan(usize, splinters.len)];
            try bytes.replaceRange(allocator, at, if (random.boolean()) len else 0, splinter);
        }
        try expectAgreement(bytes.items);
    }
}
