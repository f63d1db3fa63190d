//! ECDSA: FIPS 186-5 (February 2023), section 6, on P-256, P-384 and P-521. Signatures are r || s, each as long as the
//! order, as WebCrypto has them.
//!
//! Signing is constant time in key and nonce. Verification is not: all that it sees is public.

const std = @import("std");
const ct = @import("../ct.zig");
const hash = @import("../hash.zig");
const keys = @import("key.zig");
const multiply = @import("multiply.zig");
const nonce = @import("nonce.zig");
const points = @import("point.zig");
const secret = @import("secret.zig");

const Curve = keys.Curve;

/// Signs a digest of any length: FIPS 186-5, section 6.4.1. The nonce is RFC 6979's, by HMAC with the algorithm, hedged
/// by entropy of any length. Writes the signature into the first bytes of `signature`, and gives its length.
pub fn sign(
    curve: Curve,
    algorithm: hash.Algorithm,
    private_key: []const u8,
    digest: []const u8,
    entropy: []const u8,
    signature: []u8,
) (keys.PrivateKeyError || error{NoSpace})!u32 {
    switch (curve) {
        inline else => |comptime_curve| {
            const E = Ecdsa(comptime_curve.Type());
            if (signature.len < E.signature_bytes) return error.NoSpace;
            defer secret.wipeStack();
            try keys.requirePrivateKey(curve, private_key);
            E.sign(algorithm, private_key[0..E.scalar_bytes], digest, entropy, signature[0..E.signature_bytes]);
            return E.signature_bytes;
        },
    }
}

/// Whether `signature` is one of the digest by the holder of the public key: FIPS 186-5, section 6.4.2.
pub fn verify(
    curve: Curve,
    public_key: []const u8,
    digest: []const u8,
    signature: []const u8,
) points.DecodeError!bool {
    switch (curve) {
        inline else => |comptime_curve| {
            const E = Ecdsa(comptime_curve.Type());
            const point = try points.Points(comptime_curve.Type()).decode(public_key);
            if (signature.len != E.signature_bytes) return false;
            return E.verify(.{ .point = &point }, digest, signature[0..E.signature_bytes]);
        },
    }
}

/// What a prepared public key consists of.
pub const Unit = @Vector(4, i32);

/// How many of them.
pub fn preparedUnits(curve: Curve) u32 {
    return switch (curve) {
        inline else => |comptime_curve| @sizeOf(Ecdsa(comptime_curve.Type()).Prepared) / @sizeOf(Unit),
    };
}

/// Prepares a public key for faster verification. That takes about as long as two verifications; each that follows
/// takes a good third of one.
pub fn prepare(curve: Curve, public_key: []const u8, prepared: []Unit) points.DecodeError!void {
    std.debug.assert(prepared.len == preparedUnits(curve));
    switch (curve) {
        inline else => |comptime_curve| {
            const C = comptime_curve.Type();
            const point = try points.Points(C).decode(public_key);
            multiply.Multiples(C).prepareKey(&point, @ptrCast(prepared.ptr));
        },
    }
}

/// `verify` with a public key that `prepare` has written.
pub fn verifyPrepared(curve: Curve, prepared: []const Unit, digest: []const u8, signature: []const u8) bool {
    std.debug.assert(prepared.len == preparedUnits(curve));
    switch (curve) {
        inline else => |comptime_curve| {
            const E = Ecdsa(comptime_curve.Type());
            if (signature.len != E.signature_bytes) return false;
            return E.verify(.{ .prepared = @ptrCast(prepared.ptr) }, digest, signature[0..E.signature_bytes]);
        },
    }
}

fn Ecdsa(comptime C: type) type {
    return struct {
        const F = C.Field;
        const Scalar = C.Scalar;
        const Keys = keys.Keys(C);
        const Multiples = multiply.Multiples(C);
        const Affine = points.Points(C).Affine;
        const scalar_bytes = Scalar.bytes;
        const signature_bytes = 2 * scalar_bytes;

        /// Not inlined, for `wipeStack` to reach what it leaves; and so below.
        noinline fn sign(
            algorithm: hash.Algorithm,
            private_key: *const [scalar_bytes]u8,
            digest: []const u8,
            entropy: []const u8,
            signature: *[signature_bytes]u8,
        ) void {
            const e = digestScalar(digest);
            var nonces: nonce.Nonces = undefined;
            defer nonces.wipe();
            nonces.init(algorithm, &Keys.order, Scalar.bits, private_key, &Scalar.leave(&e), entropy);
            var k: [scalar_bytes]u8 = undefined;
            defer ct.wipe(&k);
            while (true) {
                nonces.next(&k);
                if (signWith(private_key, &e, &k, signature)) return;
            }
        }

        /// Signs with the nonce k, from 1 to the order less 1. False if r or s would be 0.
        noinline fn signWith(
            private_key: *const [scalar_bytes]u8,
            e: *const Scalar.Element,
            k_bytes: *const [scalar_bytes]u8,
            signature: *[signature_bytes]u8,
        ) bool {
            const k = Scalar.enter(k_bytes);
            const point = Multiples.ofGenerator(&k);
            const zz_inverse, const k_inverse = F.inverses(Scalar, &point.zz_zzz, &k);
            const x = F.leave(&F.mul(&point.xy, &zz_inverse))[0];
            const r = Scalar.enter(&x);
            const d = Scalar.enter(private_key);
            const s = Scalar.mul(&k_inverse, &e.plus(&Scalar.mul(&r, &d)));
            signature[0..scalar_bytes].* = Scalar.leave(&r);
            signature[scalar_bytes..].* = Scalar.leave(&s);
            return !secret.declassified(Scalar.isZero(&r)) and !secret.declassified(Scalar.isZero(&s));
        }

        const Prepared = Multiples.Key;
        const PublicKey = union(enum) { point: *const Affine, prepared: *const Prepared };

        noinline fn verify(public_key: PublicKey, digest: []const u8, signature: *const [signature_bytes]u8) bool {
            const r_bytes = signature[0..scalar_bytes];
            const s_bytes = signature[scalar_bytes..];
            for ([_][]const u8{ r_bytes, s_bytes }) |number| if (!secret.isInRange(number, &Keys.order)) return false;
            const r = Scalar.enter(r_bytes);
            const w = Scalar.inverse(&Scalar.enter(s_bytes));
            const u = Scalar.mul(&digestScalar(digest), &w);
            const v = Scalar.mul(&r, &w);
            const point = switch (public_key) {
                .point => |point| Multiples.ofGeneratorAndPoint(&u, &v, point),
                .prepared => |prepared| Multiples.ofGeneratorAndKey(&u, &v, prepared),
            };
            if (point.isInfinity()) return false;

            // x / z^2 = r modulo the order: x = r * z^2, or, where that is below the prime, x = (r + order) * z^2.
            const z = F.computed(F.lanes(&point.yz, 1, &point.yz, 1));
            const z2 = F.sqr(&z);
            const r_coordinate = F.enter(r_bytes, r_bytes);
            if (F.isZero(&F.mulSub(&r_coordinate, &z2, &point.x), 0)) return true;
            comptime std.debug.assert(Scalar.modulus < F.modulus and F.modulus < 2 * Scalar.modulus);
            if (!secret.isBelow(r_bytes, &prime_less_order)) return false;
            const r_and_order = F.plus(&r_coordinate, &F.constants(Scalar.modulus, Scalar.modulus));
            return F.isZero(&F.mulSub(r_and_order, &z2, &point.x), 0);
        }

        const prime_less_order = keys.bigEndian(scalar_bytes, F.modulus - Scalar.modulus);

        /// The leftmost bits of a digest, as many as the order has: RFC 6979, section 2.3.2.
        noinline fn digestScalar(digest: []const u8) Scalar.Element {
            var integer: [scalar_bytes]u8 = @splat(0);
            if (digest.len < scalar_bytes) {
                @memcpy(integer[scalar_bytes - digest.len ..], digest);
            } else {
                integer = digest[0..scalar_bytes].*;
                nonce.shiftRight(&integer, 8 * scalar_bytes - Scalar.bits);
            }
            return Scalar.enter(&integer);
        }
    };
}

const testing = std.testing;

fn bytesOf(comptime hex: []const u8) [hex.len / 2]u8 {
    var bytes: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, hex) catch unreachable;
    return bytes;
}

/// Each example: a message, the algorithm that hashes it, and the nonce, r and s that the RFC has for it.
fn expectSignatures(comptime curve: Curve, comptime private_key_hex: []const u8, examples: anytype) !void {
    @setEvalBranchQuota(1_000_000);
    const E = Ecdsa(curve.Type());
    const private_key = bytesOf(private_key_hex);
    var public_key: [2 * E.scalar_bytes + 1]u8 = undefined;
    _ = try keys.publicKey(curve, &private_key, &public_key);
    inline for (examples) |example| {
        const message, const algorithm, const k, const r, const s = example;
        var storage: [hash.digest_bytes_max]u8 = undefined;
        const digest = storage[0..try hash.digest(algorithm, message, &storage)];
        const expected = bytesOf(r ++ s);
        var signature: [E.signature_bytes]u8 = undefined;
        _ = try sign(curve, algorithm, &private_key, digest, "", &signature);
        try testing.expectEqualSlices(u8, &expected, &signature);
        try testing.expect(try verify(curve, &public_key, digest, &signature));
        const e = E.digestScalar(digest);
        try testing.expect(E.signWith(&private_key, &e, &bytesOf(k), &signature));
        try testing.expectEqualSlices(u8, &expected, &signature);
    }
}

test "RFC 6979 appendix A.2.5: P-256, every hash" {
    try expectSignatures(.p256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", .{
        .{
            "sample",
            .sha1,
            "882905f1227fd620fbf2abf21244f0ba83d0dc3a9103dbbee43a1fb858109db4",
            "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32",
            "6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
        },
        .{
            "sample",
            .sha256,
            "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        },
        .{
            "sample",
            .sha384,
            "09f634b188cefd98e7ec88b1aa9852d734d0bc272f7d2a47decc6ebeb375aad4",
            "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
            "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954",
        },
        .{
            "sample",
            .sha512,
            "5fa81c63109badb88c1f367b47da606da28cad69aa22c4fe6ad7df73a7173aa5",
            "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
            "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
        },
        .{
            "test",
            .sha1,
            "8c9520267c55d6b980df741e56b4adee114d84fbfa2e62137954164028632a2e",
            "0cbcc86fd6abd1d99e703e1ec50069ee5c0b4ba4b9ac60e409e8ec5910d81a89",
            "01b9d7b73dfaa60d5651ec4591a0136f87653e0fd780c3b1bc872ffdeae479b1",
        },
        .{
            "test",
            .sha256,
            "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        },
        .{
            "test",
            .sha384,
            "16aeffa357260b04b1dd199693960740066c1a8f3e8edd79070aa914d361b3b8",
            "83910e8b48bb0c74244ebdf7f07a1c5413d61472bd941ef3920e623fbccebeb6",
            "8ddbec54cf8cd5874883841d712142a56a8d0f218f5003cb0296b6b509619f2c",
        },
        .{
            "test",
            .sha512,
            "6915d11632aca3c40d5d51c08daf9c555933819548784480e93499000d9f0b7f",
            "461d93f31b6540894788fd206c07cfa0cc35f46fa3c91816fff1040ad1581a04",
            "39af9f15de0db8d97e72719c74820d304ce5226e32dedae67519e840d1194e55",
        },
    });
}

test "RFC 6979 appendix A.2.6: P-384, every hash" {
    try expectSignatures(.p384, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba" ++
        "9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", .{
        .{
            "sample",
            .sha1,
            "4471ef7518bb2c7c20f62eae1c387ad0c5e8e470995db4acf694466e6ab096630f29e5938d25106c3c340045a2db01a7",
            "ec748d839243d6fbef4fc5c4859a7dffd7f3abddf72014540c16d73309834fa37b9ba002899f6fda3a4a9386790d4eb2",
            "a3bcfa947beef4732bf247ac17f71676cb31a847b9ff0cbc9c9ed4c1a5b3facf26f49ca031d4857570ccb5ca4424a443",
        },
        .{
            "sample",
            .sha256,
            "180ae9f9aec5438a44bc159a1fcb277c7be54fa20e7cf404b490650a8acc414e375572342863c899f9f2edf9747a9b60",
            "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd",
            "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
        },
        .{
            "sample",
            .sha384,
            "94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca87a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9",
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
            "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
        },
        .{
            "sample",
            .sha512,
            "92fc3c7183a883e24216d1141f1a8976c5b0dd797dfa597e3d7b32198bd35331a4e966532593a52980d0e3aaa5e10ec3",
            "ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709",
            "512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5",
        },
        .{
            "test",
            .sha1,
            "66cc2c8f4d303fc962e5ff6a27bd79f84ec812ddae58cf5243b64a4ad8094d47ec3727f3a3c186c15054492e30698497",
            "4bc35d3a50ef4e30576f58cd96ce6bf638025ee624004a1f7789a8b8e43d0678acd9d29876daf46638645f7f404b11c7",
            "d5a6326c494ed3ff614703878961c0fde7b2c278f9a65fd8c4b7186201a2991695ba1c84541327e966fa7b50f7382282",
        },
        .{
            "test",
            .sha256,
            "0cfac37587532347dc3389fdc98286bba8c73807285b184c83e62e26c401c0faa48dd070ba79921a3457abff2d630ad7",
            "6d6defac9ab64dabafe36c6bf510352a4cc27001263638e5b16d9bb51d451559f918eedaf2293be5b475cc8f0188636b",
            "2d46f3becbcc523d5f1a1256bf0c9b024d879ba9e838144c8ba6baeb4b53b47d51ab373f9845c0514eefb14024787265",
        },
        .{
            "test",
            .sha384,
            "015ee46a5bf88773ed9123a5ab0807962d193719503c527b031b4c2d225092ada71f4a459bc0da98adb95837db8312ea",
            "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db",
            "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5",
        },
        .{
            "test",
            .sha512,
            "3780c4f67cb15518b6acae34c9f83568d2e12e47deab6c50a4e4ee5319d1e8ce0e2cc8a136036dc4b9c00e6888f66b6c",
            "a0d5d090c9980faf3c2ce57b7ae951d31977dd11c775d314af55f76c676447d06fb6495cd21b4b6e340fc236584fb277",
            "976984e59b4c77b0e8e4460dca3d9f20e07b9bb1f63beefaf576f6b2e8b224634a2092cd3792e0159ad9cee37659c736",
        },
    });
}

test "RFC 6979 appendix A.2.7: P-521, every hash" {
    try expectSignatures(.p521, "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75ca" ++
        "a896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538", .{
        .{
            "sample",
            .sha1,
            "0089c071b419e1c2820962321787258469511958e80582e95d8378e0c2ccdb3cb4" ++
                "2bede42f50e3fa3c71f5a76724281d31d9c89f0f91fc1be4918db1c03a5838d0f9",
            "00343b6ec45728975ea5cba6659bbb6062a5ff89eea58be3c80b619f322c87910f" ++
                "e092f7d45bb0f8eee01ed3f20babec079d202ae677b243ab40b5431d497c55d75d",
            "00e7b0e675a9b24413d448b8cc119d2bf7b2d2df032741c096634d6d65d0dbe3d5" ++
                "694625fb9e8104d3b842c1b0e2d0b98bea19341e8676aef66ae4eba3d5475d5d16",
        },
        .{
            "sample",
            .sha256,
            "00edf38afcaaecab4383358b34d67c9f2216c8382aaea44a3dad5fdc9c32575761" ++
                "793fef24eb0fc276dfc4f6e3ec476752f043cf01415387470bcbd8678ed2c7e1a0",
            "01511bb4d675114fe266fc4372b87682baecc01d3cc62cf2303c92b3526012659d" ++
                "16876e25c7c1e57648f23b73564d67f61c6f14d527d54972810421e7d87589e1a7",
            "004a171143a83163d6df460aaf61522695f207a58b95c0644d87e52aa1a347916e" ++
                "4f7a72930b1bc06dbe22ce3f58264afd23704cbb63b29b931f7de6c9d949a7ecfc",
        },
        .{
            "sample",
            .sha384,
            "01546a108bc23a15d6f21872f7ded661fa8431ddbd922d0dcdb77cc878c8553ffa" ++
                "d064c95a920a750ac9137e527390d2d92f153e66196966ea554d9adfcb109c4211",
            "01ea842a0e17d2de4f92c15315c63ddf72685c18195c2bb95e572b9c5136ca4b4b" ++
                "576ad712a52be9730627d16054ba40cc0b8d3ff035b12ae75168397f5d50c67451",
            "01f21a3cee066e1961025fb048bd5fe2b7924d0cd797babe0a83b66f1e35eeaf5f" ++
                "de143fa85dc394a7dee766523393784484bdf3e00114a1c857cde1aa203db65d61",
        },
        .{
            "sample",
            .sha512,
            "01dae2ea071f8110dc26882d4d5eae0621a3256fc8847fb9022e2b7d28e6f10198" ++
                "b1574fdd03a9053c08a1854a168aa5a57470ec97dd5ce090124ef52a2f7ecbffd3",
            "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f17" ++
                "4e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa",
            "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af28" ++
                "2623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
        },
        .{
            "test",
            .sha1,
            "00bb9f2bf4fe1038ccf4dabd7139a56f6fd8bb1386561bd3c6a4fc818b20df5ddb" ++
                "a80795a947107a1ab9d12daa615b1ade4f7a9dc05e8e6311150f47f5c57ce8b222",
            "013bad9f29abe20de37ebeb823c252ca0f63361284015a3bf430a46aaa80b87b06" ++
                "93f0694bd88afe4e661fc33b094cd3b7963bed5a727ed8bd6a3a202abe009d0367",
            "01e9bb81ff7944ca409ad138dbbee228e1afcc0c890fc78ec8604639cb0dbdc90f" ++
                "717a99ead9d272855d00162ee9527567dd6a92cbd629805c0445282bbc916797ff",
        },
        .{
            "test",
            .sha256,
            "001de74955efaabc4c4f17f8e84d881d1310b5392d7700275f82f145c61e843841" ++
                "af09035bf7a6210f5a431a6a9e81c9323354a9e69135d44ebd2fcaa7731b909258",
            "000e871c4a14f993c6c7369501900c4bc1e9c7b0b4ba44e04868b30b41d8071042" ++
                "eb28c4c250411d0ce08cd197e4188ea4876f279f90b3d8d74a3c76e6f1e4656aa8",
            "00cd52dbaa33b063c3a6cd8058a1fb0a46a4754b034fcc644766ca14da8ca5ca9f" ++
                "de00e88c1ad60ccba759025299079d7a427ec3cc5b619bfbc828e7769bcd694e86",
        },
        .{
            "test",
            .sha384,
            "01f1fc4a349a7da9a9e116bfdd055dc08e78252ff8e23ac276ac88b1770ae0b5dc" ++
                "eb1ed14a4916b769a523ce1e90ba22846af11df8b300c38818f713dadd85de0c88",
            "014bee21a18b6d8b3c93fab08d43e739707953244fdbe924fa926d76669e7ac8c8" ++
                "9df62ed8975c2d8397a65a49dcc09f6b0ac62272741924d479354d74ff6075578c",
            "0133330865c067a0eaf72362a65e2d7bc4e461e8c8995c3b6226a21bd1aa78f0ed" ++
                "94fe536a0dca35534f0cd1510c41525d163fe9d74d134881e35141ed5e8e95b979",
        },
        .{
            "test",
            .sha512,
            "016200813020ec986863bedfc1b121f605c1215645018aea1a7b215a564de9eb1b" ++
                "38a67aa1128b80ce391c4fb71187654aaa3431027bfc7f395766ca988c964dc56d",
            "013e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10c" ++
                "db93482fdcc54edcee91eca4166b2a7c6265ef0ce2bd7051b7cef945babd47ee6d",
            "01fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98f7e78a" ++
                "19ca69eff5c57400e3b3a0ad66ce0978214d13baf4e9ac60752f7b155e2de4dce3",
        },
    });
}

test "entropy changes the nonce, and what it is made of is key, digest and entropy" {
    const private_key = [_]u8{0} ** 31 ++ [_]u8{7};
    var signatures: [4][64]u8 = undefined;
    const entropies = [_][]const u8{ "", "a", "b", "ab" };
    for (&signatures, entropies) |*signature, entropy| {
        _ = try sign(.p256, .sha256, &private_key, "digest", entropy, signature);
        var again: [64]u8 = undefined;
        _ = try sign(.p256, .sha256, &private_key, "digest", entropy, &again);
        try testing.expectEqual(signature.*, again);
    }
    for (signatures, 0..) |signature, i| for (signatures[0..i]) |other| {
        try testing.expect(!std.mem.eql(u8, signature[0..32], other[0..32]));
    };
}

test "a nonce that gives an s of 0 is not used" {
    inline for (.{ .p256, .p384, .p521 }) |curve| {
        const E = Ecdsa(@as(Curve, curve).Type());
        const private_key = [_]u8{0} ** (E.scalar_bytes - 1) ++ [_]u8{3};
        const k = [_]u8{0} ** (E.scalar_bytes - 1) ++ [_]u8{1};
        var signature: [E.signature_bytes]u8 = undefined;
        var e = E.Scalar.one;
        try testing.expect(E.signWith(&private_key, &e, &k, &signature));
        // With k = 1, r is the generator's x: s = e + 3r is 0 for e = -3r.
        const r = E.Scalar.enter(signature[0..E.scalar_bytes]);
        e = E.Scalar.mul(&E.Scalar.constant(E.Scalar.modulus - 3), &r);
        try testing.expect(!E.signWith(&private_key, &e, &k, &signature));
    }
}

test "r or s of 0, of the order and beyond, and signatures of another length are refused" {
    inline for (.{ .p256, .p384, .p521 }) |curve| {
        const E = Ecdsa(@as(Curve, curve).Type());
        const n = E.scalar_bytes;
        const private_key = [_]u8{0} ** (n - 1) ++ [_]u8{9};
        var public_key: [2 * n + 1]u8 = undefined;
        _ = try keys.publicKey(curve, &private_key, &public_key);
        var good: [2 * n]u8 = undefined;
        _ = try sign(curve, .sha512, &private_key, "a digest", "", &good);
        try testing.expect(try verify(curve, &public_key, "a digest", &good));
        var prepared: [@sizeOf(E.Prepared) / @sizeOf(Unit)]Unit = undefined;
        try prepare(curve, &public_key, &prepared);
        try testing.expect(verifyPrepared(curve, &prepared, "a digest", &good));
        try testing.expect(!verifyPrepared(curve, &prepared, "another", &good));
        const zero: [n]u8 = @splat(0);
        const all_ones: [n]u8 = @splat(0xff);
        const order_and_1 = keys.bigEndian(n, E.Scalar.modulus + 1);
        for ([_][n]u8{ zero, E.Keys.order, order_and_1, all_ones }) |bad| {
            for ([_][2 * n]u8{ bad ++ good[n..].*, good[0..n].* ++ bad }) |signature| {
                try testing.expect(!try verify(curve, &public_key, "a digest", &signature));
                try testing.expect(!verifyPrepared(curve, &prepared, "a digest", &signature));
            }
        }
        for (0..good.len) |length| {
            try testing.expect(!try verify(curve, &public_key, "a digest", good[0..length]));
            try testing.expect(!verifyPrepared(curve, &prepared, "a digest", good[0..length]));
        }
        try testing.expect(!try verify(curve, &public_key, "a digest", &(good ++ .{0})));
        try testing.expect(!try verify(curve, &public_key, "another", &good));
    }
}

test "an x coordinate between order and prime is r and the order" {
    // A point with such an x, by trial: x = order + i on the curve. With u = 0 * w, v = r * w, and s = r, the
    // point that verification finds is the public key itself.
    inline for (.{ .p256, .p384, .p521 }) |curve| {
        const E = Ecdsa(@as(Curve, curve).Type());
        const n = E.scalar_bytes;
        inline for (1..40) |index| {
            const i: comptime_int = index;
            const x = comptime keys.bigEndian(n, E.Scalar.modulus + i);
            const point = points.Points(@as(Curve, curve).Type()).decode(&([_]u8{2} ++ x));
            if (point) |public_key| {
                const r = comptime keys.bigEndian(n, i);
                var prepared: E.Prepared = undefined;
                E.Multiples.prepareKey(&public_key, &prepared);
                for ([_]E.PublicKey{ .{ .point = &public_key }, .{ .prepared = &prepared } }) |key| {
                    try testing.expect(E.verify(key, &(.{0} ** n), &(r ++ r)));
                    try testing.expect(!E.verify(key, &(.{0} ** n), &(keys.bigEndian(n, i + 1) ++ r)));
                }
                break;
            } else |_| {}
        } else return error.NoSuchPoint;
    }
}

test "private keys out of range or of another length sign nothing" {
    var signature: [132]u8 = undefined;
    inline for (.{ .p256, .p384, .p521 }) |curve| {
        const K = keys.Keys(@as(Curve, curve).Type());
        const all_ones: [K.bytes]u8 = @splat(0xff);
        const zero: [K.bytes]u8 = @splat(0);
        for ([_][]const u8{ &zero, &K.order, &all_ones, zero[1..], "", &(.{1} ** (K.bytes + 1)) }) |bad| {
            try testing.expectError(error.InvalidPrivateKey, sign(curve, .sha1, bad, "digest", "", &signature));
        }
        const good = [_]u8{0} ** (K.bytes - 1) ++ [_]u8{1};
        try testing.expectError(error.NoSpace, sign(curve, .sha1, &good, "", "", signature[0 .. 2 * K.bytes - 1]));
    }
}

test "std.crypto verifies what is signed here, and the reverse" {
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    const random = prng.random();
    inline for (.{
        .{ Curve.p256, std.crypto.sign.ecdsa.EcdsaP256Sha256, hash.Algorithm.sha256 },
        .{ Curve.p384, std.crypto.sign.ecdsa.EcdsaP384Sha384, hash.Algorithm.sha384 },
    }) |pair| {
        const curve, const Other, const algorithm = pair;
        for (0..10) |_| {
            var seed: [Other.KeyPair.seed_length]u8 = undefined;
            random.bytes(&seed);
            const pair_of_keys = try Other.KeyPair.generateDeterministic(seed);
            const private_key = pair_of_keys.secret_key.toBytes();
            const public_key = pair_of_keys.public_key.toUncompressedSec1();
            var ours: [public_key.len]u8 = undefined;
            _ = try keys.publicKey(curve, &private_key, &ours);
            try testing.expectEqual(public_key, ours);

            var message: [50]u8 = undefined;
            random.bytes(&message);
            var digest: [hash.digest_bytes_max]u8 = undefined;
            const digest_bytes = try hash.digest(algorithm, &message, &digest);
            var signature: [Other.Signature.encoded_length]u8 = undefined;
            _ = try sign(curve, algorithm, &private_key, digest[0..digest_bytes], message[0..20], &signature);
            try Other.Signature.fromBytes(signature).verify(&message, pair_of_keys.public_key);
            const theirs = (try pair_of_keys.sign(&message, null)).toBytes();
            try testing.expect(try verify(curve, &public_key, digest[0..digest_bytes], &theirs));

            var storage: [2000]Unit = undefined;
            const prepared = storage[0..preparedUnits(curve)];
            try prepare(curve, &public_key, prepared);
            try testing.expect(verifyPrepared(curve, prepared, digest[0..digest_bytes], &theirs));
            var forged = theirs;
            forged[random.uintLessThan(usize, forged.len)] ^= @as(u8, 1) << random.int(u3);
            try testing.expect(!verifyPrepared(curve, prepared, digest[0..digest_bytes], &forged));
        }
    }
}
