//! EdDSA: RFC 8032 (January 2017), sections 5.1.5 to 5.1.7 and 5.2.5 to 5.2.7. Ed25519 is the variant without context
//! or prehashing, Ed448 the one without prehashing.
//!
//! The message is hashed twice to be signed: it is given at once, or in pieces and then in pieces once more, between
//! which `commit` chooses R. Both times it must be the same message: R would commit to one and S answer for the
//! other, and two such answers tell the private key.
//!
//! Verification is that of the W3C Web Cryptography API, Level 2 (Ed25519, "Verify"), and of Secure Curves in the Web
//! Cryptography API (Ed448): S below the order, points in their only encoding and not of small order, and the
//! equation without the cofactor.
//!
//! Constant time in private keys and messages to be signed, whose lengths are public. Verification is of what is
//! public.

const std = @import("std");
const ct = @import("../ct.zig");
const hash = @import("../hash.zig");
const secret = @import("../ec/secret.zig");

pub const Curve = enum(u32) {
    ed25519 = 1,
    ed448 = 2,

    pub fn Type(comptime curve: Curve) type {
        return switch (curve) {
            .ed25519 => Ed25519,
            .ed448 => Ed448,
        };
    }

    /// The curve with this number, as a host names it.
    pub fn fromInt(number: u32) error{UnknownAlgorithm}!Curve {
        return std.enums.fromInt(Curve, number) orelse error.UnknownAlgorithm;
    }
};

/// Section 5.1: what the steps below need of a curve.
const Ed25519 = struct {
    const point = @import("../curve25519/point.zig");
    const scalar = @import("../curve25519/scalar.zig");
    const bytes = scalar.bytes;
    const Hash = Sha512;
    /// Without dom2, there is no context.
    const domain = "";
    const context_bytes_max = 0;

    fn clamp(s: *[bytes]u8) void {
        s[0] &= 0xf8;
        s[bytes - 1] = s[bytes - 1] & 0x7f | 0x40;
    }
};

const Sha512 = struct {
    const State = hash.State;

    fn init(state: *State) void {
        hash.init(.sha512, state);
    }

    noinline fn update(state: *State, input: []const u8) void {
        hash.append(state, .sha512, input);
    }

    /// Writes the digest, and wipes the state.
    noinline fn final(state: *State, output: *[64]u8) void {
        hash.finish(state, .sha512, output);
        ct.wipe(std.mem.asBytes(state));
    }
};

/// Section 5.2.
const Ed448 = struct {
    const point = @import("../curve448/point.zig");
    const scalar = @import("../curve448/scalar.zig");
    const bytes = scalar.bytes;
    const Hash = @import("../shake256.zig");
    const domain = "SigEd448";
    const context_bytes_max = 255;

    fn clamp(s: *[bytes]u8) void {
        s[0] &= 0xfc;
        s[bytes - 2] |= 0x80;
        s[bytes - 1] = 0;
    }
};

/// A context of a length that the curve does not have.
pub const ContextError = error{InvalidLength};
/// The state was not begun, is in another phase, or belongs to another curve.
pub const StateError = error{InvalidState};

pub fn Eddsa(comptime curve: Curve) type {
    return struct {
        const C = curve.Type();
        const Hash = C.Hash;
        /// Of private keys and public keys.
        pub const bytes = C.bytes;
        pub const signature_bytes = 2 * bytes;
        pub const context_bytes_max = C.context_bytes_max;

        /// A private key, expanded. Secret but for the public key, with which it begins.
        pub const Prepared = extern struct {
            public_key: [bytes]u8 align(16),
            secrets: Secrets,
        };

        /// The hash of a private key.
        const Secrets = extern struct {
            /// s, clamped.
            scalar: [bytes]u8,
            /// What nonces are made with.
            prefix: [bytes]u8,
        };

        /// A signature under way, or a verification.
        pub const State = extern struct {
            /// Tells a live state, and its phase, from any other memory.
            tag: u32 align(16),
            hash: Hash.State,
            /// Only the public key for verification.
            key: Prepared,
            /// r, for a signature that is committed to.
            nonce: [bytes]u8,
            /// R, and S for verification.
            signature: [signature_bytes]u8,
            context_bytes: u32,
            context: [context_bytes_max]u8,
        };

        /// Arbitrary numbers, unlikely elsewhere in memory.
        const Phase = enum(u32) {
            committing = 0xedd5_a100 + @intFromEnum(curve),
            signing = 0xedd5_a200 + @intFromEnum(curve),
            verifying = 0xedd5_a300 + @intFromEnum(curve),
        };

        /// Section 5.1.5.
        pub fn prepare(key: *const [bytes]u8, prepared: *Prepared) void {
            defer secret.wipeStack();
            expand(key, prepared);
        }

        /// Not inlined, for `wipeStack` to reach what it leaves; and so below.
        noinline fn expand(key: *const [bytes]u8, prepared: *Prepared) void {
            var state: Hash.State = undefined;
            Hash.init(&state);
            Hash.update(&state, key);
            Hash.final(&state, std.mem.asBytes(&prepared.secrets));
            C.clamp(&prepared.secrets.scalar);
            C.point.encodeMultipleOfBase(&prepared.secrets.scalar, &prepared.public_key);
        }

        /// Section 5.1.6.
        pub fn sign(
            prepared: *const Prepared,
            context: []const u8,
            message: []const u8,
            signature: *[signature_bytes]u8,
        ) ContextError!void {
            var state: State = undefined; // finishSign wipes it.
            try beginSign(prepared, context, &state);
            update(&state, message) catch unreachable; // Begun.
            commit(&state) catch unreachable;
            update(&state, message) catch unreachable;
            finishSign(&state, signature) catch unreachable;
        }

        pub fn beginSign(prepared: *const Prepared, context: []const u8, state: *State) ContextError!void {
            try keepContext(state, context);
            beginHash(state);
            state.key = prepared.*;
            Hash.update(&state.hash, &prepared.secrets.prefix);
            state.tag = @intFromEnum(Phase.committing);
        }

        pub fn update(state: *State, message: []const u8) StateError!void {
            _ = std.enums.fromInt(Phase, state.tag) orelse return error.InvalidState;
            Hash.update(&state.hash, message);
        }

        /// After the message, and before it comes again.
        pub fn commit(state: *State) StateError!void {
            if (state.tag != @intFromEnum(Phase.committing)) return error.InvalidState;
            defer secret.wipeStack();
            commitToNonce(state);
        }

        noinline fn commitToNonce(state: *State) void {
            takeNumber(state, &state.nonce);
            C.point.encodeMultipleOfBase(&state.nonce, state.signature[0..bytes]);
            beginHash(state);
            Hash.update(&state.hash, state.signature[0..bytes]);
            Hash.update(&state.hash, &state.key.public_key);
            state.tag = @intFromEnum(Phase.signing);
        }

        /// Writes the signature, and wipes the state.
        pub fn finishSign(state: *State, signature: *[signature_bytes]u8) StateError!void {
            if (state.tag != @intFromEnum(Phase.signing)) return error.InvalidState;
            defer secret.wipeStack();
            answer(state, signature);
        }

        /// S = r + k s
        noinline fn answer(state: *State, signature: *[signature_bytes]u8) void {
            defer ct.wipe(std.mem.asBytes(state));
            signature[0..bytes].* = state.signature[0..bytes].*;
            var k: [bytes]u8 = undefined;
            takeNumber(state, &k);
            C.scalar.mulAdd(&k, &state.key.secrets.scalar, &state.nonce, signature[bytes..]);
        }

        /// Section 5.1.7.
        pub fn verify(
            public_key: *const [bytes]u8,
            context: []const u8,
            signature: *const [signature_bytes]u8,
            message: []const u8,
        ) ContextError!bool {
            var state: State = undefined;
            try beginVerify(public_key, context, signature, &state);
            update(&state, message) catch unreachable; // Begun.
            return finishVerify(&state) catch unreachable;
        }

        pub fn beginVerify(
            public_key: *const [bytes]u8,
            context: []const u8,
            signature: *const [signature_bytes]u8,
            state: *State,
        ) ContextError!void {
            try keepContext(state, context);
            beginHash(state);
            state.key.public_key = public_key.*;
            state.signature = signature.*;
            Hash.update(&state.hash, signature[0..bytes]);
            Hash.update(&state.hash, public_key);
            state.tag = @intFromEnum(Phase.verifying);
        }

        pub fn finishVerify(state: *State) StateError!bool {
            if (state.tag != @intFromEnum(Phase.verifying)) return error.InvalidState;
            defer ct.wipe(std.mem.asBytes(state));
            var k: [bytes]u8 = undefined;
            takeNumber(state, &k);
            return C.point.verify(&state.key.public_key, &k, &state.signature);
        }

        fn keepContext(state: *State, context: []const u8) ContextError!void {
            if (context.len > context_bytes_max) return error.InvalidLength;
            state.context_bytes = @intCast(context.len);
            @memmove(state.context[0..context.len], context); // A host may pass overlapping memory.
        }

        /// Begins a hash, with dom4 where the curve has it.
        fn beginHash(state: *State) void {
            Hash.init(&state.hash);
            if (C.domain.len == 0) return;
            // More only where a state is forged.
            const context = state.context[0..@min(state.context_bytes, context_bytes_max)];
            Hash.update(&state.hash, C.domain);
            Hash.update(&state.hash, &.{ 0, @intCast(context.len) });
            Hash.update(&state.hash, context);
        }

        /// The hash so far as a number modulo the order.
        noinline fn takeNumber(state: *State, number: *[bytes]u8) void {
            var digest: [2 * bytes]u8 = undefined;
            defer ct.wipe(&digest);
            Hash.final(&state.hash, &digest);
            C.scalar.reduce(&digest, number);
        }
    };
}

const testing = std.testing;

fn fromHex(comptime hex: []const u8) [hex.len / 2]u8 {
    @setEvalBranchQuota(10_000);
    var result: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&result, hex) catch unreachable;
    return result;
}

const Vector = struct {
    key: []const u8,
    public_key: []const u8,
    context: []const u8 = "",
    message: []const u8,
    signature: []const u8,
};

/// RFC 8032, section 7.1: tests 1 to 3, and SHA(abc).
const ed25519_vectors = [_]Vector{ .{
    .key = &fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    .public_key = &fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    .message = "",
    .signature = &fromHex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
}, .{
    .key = &fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
    .public_key = &fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    .message = &.{0x72},
    .signature = &fromHex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
}, .{
    .key = &fromHex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"),
    .public_key = &fromHex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
    .message = &.{ 0xaf, 0x82 },
    .signature = &fromHex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
}, .{
    .key = &fromHex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"),
    .public_key = &fromHex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"),
    .message = &fromHex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
    .signature = &fromHex("dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
} };

/// RFC 8032, section 7.4: those with messages of up to 64 bytes.
const ed448_vectors = [_]Vector{ .{
    .key = &fromHex("6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b"),
    .public_key = &fromHex("5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180"),
    .message = "",
    .signature = &fromHex("533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600"),
}, .{
    .key = &fromHex("c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e"),
    .public_key = &fromHex("43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480"),
    .message = &.{0x03},
    .signature = &fromHex("26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00"),
}, .{
    .key = &fromHex("cd23d24f714274e744343237b93290f511f6425f98e64459ff203e8985083ffdf60500553abc0e05cd02184bdb89c4ccd67e187951267eb328"),
    .public_key = &fromHex("dcea9e78f35a1bf3499a831b10b86c90aac01cd84b67a0109b55a36e9328b1e365fce161d71ce7131a543ea4cb5f7e9f1d8b00696447001400"),
    .message = &fromHex("0c3e544074ec63b0265e0c"),
    .signature = &fromHex("1f0a8888ce25e8d458a21130879b840a9089d999aaba039eaf3e3afa090a09d389dba82c4ff2ae8ac5cdfb7c55e94d5d961a29fe0109941e00b8dbdeea6d3b051068df7254c0cdc129cbe62db2dc957dbb47b51fd3f213fb8698f064774250a5028961c9bf8ffd973fe5d5c206492b140e00"),
}, .{
    .key = &fromHex("258cdd4ada32ed9c9ff54e63756ae582fb8fab2ac721f2c8e676a72768513d939f63dddb55609133f29adf86ec9929dccb52c1c5fd2ff7e21b"),
    .public_key = &fromHex("3ba16da0c6f2cc1f30187740756f5e798d6bc5fc015d7c63cc9510ee3fd44adc24d8e968b6e46e6f94d19b945361726bd75e149ef09817f580"),
    .message = &fromHex("64a65f3cdedcdd66811e2915"),
    .signature = &fromHex("7eeeab7c4e50fb799b418ee5e3197ff6bf15d43a14c34389b59dd1a7b1b85b4ae90438aca634bea45e3a2695f1270f07fdcdf7c62b8efeaf00b45c2c96ba457eb1a8bf075a3db28e5c24f6b923ed4ad747c3c9e03c7079efb87cb110d3a99861e72003cbae6d6b8b827e4e6c143064ff3c00"),
}, .{
    .key = &fromHex("7ef4e84544236752fbb56b8f31a23a10e42814f5f55ca037cdcc11c64c9a3b2949c1bb60700314611732a6c2fea98eebc0266a11a93970100e"),
    .public_key = &fromHex("b3da079b0aa493a5772029f0467baebee5a8112d9d3a22532361da294f7bb3815c5dc59e176b4d9f381ca0938e13c6c07b174be65dfa578e80"),
    .message = &fromHex("64a65f3cdedcdd66811e2915e7"),
    .signature = &fromHex("6a12066f55331b6c22acd5d5bfc5d71228fbda80ae8dec26bdd306743c5027cb4890810c162c027468675ecf645a83176c0d7323a2ccde2d80efe5a1268e8aca1d6fbc194d3f77c44986eb4ab4177919ad8bec33eb47bbb5fc6e28196fd1caf56b4e7e0ba5519234d047155ac727a1053100"),
}, .{
    .key = &fromHex("d65df341ad13e008567688baedda8e9dcdc17dc024974ea5b4227b6530e339bff21f99e68ca6968f3cca6dfe0fb9f4fab4fa135d5542ea3f01"),
    .public_key = &fromHex("df9705f58edbab802c7f8363cfe5560ab1c6132c20a9f1dd163483a26f8ac53a39d6808bf4a1dfbd261b099bb03b3fb50906cb28bd8a081f00"),
    .message = &fromHex("bd0f6a3747cd561bdddf4640a332461a4a30a12a434cd0bf40d766d9c6d458e5512204a30c17d1f50b5079631f64eb3112182da3005835461113718d1a5ef944"),
    .signature = &fromHex("554bc2480860b49eab8532d2a533b7d578ef473eeb58c98bb2d0e1ce488a98b18dfde9b9b90775e67f47d4a1c3482058efc9f40d2ca033a0801b63d45b3b722ef552bad3b4ccb667da350192b61c508cf7b6b5adadc2c8d9a446ef003fb05cba5f30e88e36ec2703b349ca229c2670833900"),
}, .{
    .key = &fromHex("c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e"),
    .public_key = &fromHex("43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480"),
    .context = &fromHex("666f6f"),
    .message = &.{0x03},
    .signature = &fromHex("d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea000c85741de5c8da1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d5428407e85dcbc98a49155c13764e66c3c00"),
} };

test "RFC 8032: vectors" {
    inline for (.{ .{ Curve.ed25519, ed25519_vectors }, .{ Curve.ed448, ed448_vectors } }) |set| {
        const E = Eddsa(set[0]);
        inline for (set[1]) |vector| {
            var prepared: E.Prepared = undefined;
            E.prepare(vector.key[0..E.bytes], &prepared);
            try testing.expectEqualSlices(u8, vector.public_key, &prepared.public_key);
            var signature: [E.signature_bytes]u8 = undefined;
            try E.sign(&prepared, vector.context, vector.message, &signature);
            try testing.expectEqualSlices(u8, vector.signature, &signature);
            const public_key = &prepared.public_key;
            try testing.expect(try E.verify(public_key, vector.context, &signature, vector.message));
            try testing.expect(!try E.verify(public_key, vector.context, &signature, vector.message ++ "."));
        }
    }
}

/// Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (2020), table 5, and what Web Cryptography asks for:
/// no point of small order, S below the order, and the equation without the cofactor.
/// github.com/novifinancial/ed25519-speccheck, cases.json.
const SpeccheckCase = struct {
    message: []const u8,
    public_key: []const u8,
    signature: []const u8,
    accepted: bool = false,
};
const speccheck_cases = [_]SpeccheckCase{
    // 0: A and R of small order.
    .{
        .message = &fromHex("8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6"),
        .public_key = &fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
        .signature = &fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000"),
    },
    // 1: A of small order, R of mixed order.
    .{
        .message = &fromHex("9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79"),
        .public_key = &fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
        .signature = &fromHex("f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"),
    },
    // 2: A of mixed order, R of small order.
    .{
        .message = &fromHex("aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab"),
        .public_key = &fromHex("f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"),
        .signature = &fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e"),
    },
    // 3: A and R of mixed order, with and without the cofactor.
    .{
        .message = &fromHex("9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79"),
        .public_key = &fromHex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
        .signature = &fromHex("9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009"),
        .accepted = true,
    },
    // 4: with the cofactor only.
    .{
        .message = &fromHex("e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c"),
        .public_key = &fromHex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
        .signature = &fromHex("160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09"),
    },
    // 5: the same, and k not multiplied by it before it is reduced.
    .{
        .message = &fromHex("e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c"),
        .public_key = &fromHex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
        .signature = &fromHex("21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405"),
    },
    // 6: S above the order.
    .{
        .message = &fromHex("85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40"),
        .public_key = &fromHex("442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"),
        .signature = &fromHex("e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514"),
    },
    // 7: S far above the order.
    .{
        .message = &fromHex("85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40"),
        .public_key = &fromHex("442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"),
        .signature = &fromHex("8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22"),
    },
    // 8: R not canonical, and of small order.
    .{
        .message = &fromHex("9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41"),
        .public_key = &fromHex("f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"),
        .signature = &fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f"),
    },
    // 9: the same, hashed reduced.
    .{
        .message = &fromHex("9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41"),
        .public_key = &fromHex("f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"),
        .signature = &fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908"),
    },
    // 10: A not canonical, and of small order.
    .{
        .message = &fromHex("e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b"),
        .public_key = &fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        .signature = &fromHex("a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"),
    },
    // 11: the same, hashed reduced.
    .{
        .message = &fromHex("39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f"),
        .public_key = &fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
        .signature = &fromHex("a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"),
    },
};

test "Taming the many EdDSAs: small orders, mixed orders, what is not canonical" {
    for (speccheck_cases) |case| {
        const accepted = try Eddsa(.ed25519).verify(case.public_key[0..32], "", case.signature[0..64], case.message);
        try testing.expectEqual(case.accepted, accepted);
    }
}

test "messages in pieces: cut anywhere, about the hash's blocks" {
    inline for (comptime std.enums.values(Curve)) |curve| {
        const E = Eddsa(curve);
        var message: [300]u8 = undefined;
        var prng: std.Random.DefaultPrng = .init(testing.random_seed);
        prng.random().bytes(&message);
        var prepared: E.Prepared = undefined;
        E.prepare(&@as([E.bytes]u8, @splat(7)), &prepared);
        // Before the message there are 32 or 64 bytes of a block of 128 for Ed25519, 67 or 124 of 136 for Ed448.
        const cuts = [_]usize{ 0, 1, 11, 12, 13, 63, 64, 65, 68, 69, 70, 95, 96, 97, 148, 192, 205, 300 };
        for ([_]usize{ 0, 11, 64, 68, 97, 300 }) |length| {
            var whole: [E.signature_bytes]u8 = undefined;
            try E.sign(&prepared, "", message[0..length], &whole);
            for (cuts) |cut| {
                if (cut > length) break;
                var state: E.State = undefined;
                try E.beginSign(&prepared, "", &state);
                try E.update(&state, message[0..cut]);
                try E.update(&state, message[cut..length]);
                try E.commit(&state);
                try E.update(&state, message[0 .. length - cut]);
                try E.update(&state, message[length - cut .. length]);
                var signature: [E.signature_bytes]u8 = undefined;
                try E.finishSign(&state, &signature);
                try testing.expectEqual(whole, signature);
                try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(&state), 0));
            }
            var state: E.State = undefined;
            try E.beginVerify(&prepared.public_key, "", &whole, &state);
            try E.update(&state, message[0 .. length / 2]);
            try E.update(&state, message[length / 2 .. length]);
            try testing.expect(try E.finishVerify(&state));
            try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(&state), 0));
        }
    }
}

test "steps out of their order, and contexts that are too long, are refused" {
    inline for (comptime std.enums.values(Curve)) |curve| {
        const E = Eddsa(curve);
        var prepared: E.Prepared = undefined;
        E.prepare(&@as([E.bytes]u8, @splat(7)), &prepared);
        var signature: [E.signature_bytes]u8 = undefined;
        var state: E.State = std.mem.zeroes(E.State);
        try testing.expectError(error.InvalidState, E.update(&state, ""));
        try testing.expectError(error.InvalidState, E.commit(&state));
        try testing.expectError(error.InvalidState, E.finishSign(&state, &signature));
        try testing.expectError(error.InvalidState, E.finishVerify(&state));
        try E.beginSign(&prepared, "", &state);
        try testing.expectError(error.InvalidState, E.finishSign(&state, &signature));
        try testing.expectError(error.InvalidState, E.finishVerify(&state));
        try E.commit(&state);
        try testing.expectError(error.InvalidState, E.commit(&state));
        try testing.expectError(error.InvalidState, E.finishVerify(&state));
        try E.finishSign(&state, &signature);
        try testing.expectError(error.InvalidState, E.finishSign(&state, &signature));
        try E.beginVerify(&prepared.public_key, "", &signature, &state);
        try testing.expectError(error.InvalidState, E.commit(&state));
        try testing.expectError(error.InvalidState, E.finishSign(&state, &signature));
        try testing.expect(try E.finishVerify(&state));

        const context: [E.context_bytes_max + 1]u8 = @splat('c');
        try testing.expectError(error.InvalidLength, E.sign(&prepared, &context, "", &signature));
        try testing.expectError(error.InvalidLength, E.verify(&prepared.public_key, &context, &signature, ""));
    }
}

test "a forged state gives a wrong answer and touches nothing else" {
    inline for (comptime std.enums.values(Curve)) |curve| {
        const E = Eddsa(curve);
        for (std.enums.values(E.Phase)) |phase| {
            var guarded: extern struct { before: [64]u8 align(16), state: E.State, after: [64]u8 } = undefined;
            @memset(std.mem.asBytes(&guarded), 0xff);
            guarded.state.tag = @intFromEnum(phase);
            try E.update(&guarded.state, "x" ** 300);
            if (phase == .committing) try E.commit(&guarded.state);
            var signature: [E.signature_bytes]u8 = undefined;
            if (phase != .verifying) {
                try E.finishSign(&guarded.state, &signature);
            } else try testing.expect(!try E.finishVerify(&guarded.state));
            try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(&guarded.state), 0));
            try testing.expect(std.mem.allEqual(u8, &guarded.before, 0xff));
            try testing.expect(std.mem.allEqual(u8, &guarded.after, 0xff));
        }
    }
}

test "a signature is spoilt by any bit of it, or of the public key" {
    inline for (comptime std.enums.values(Curve)) |curve| {
        const E = Eddsa(curve);
        var prepared: E.Prepared = undefined;
        E.prepare(&@as([E.bytes]u8, @splat(9)), &prepared);
        var signature: [E.signature_bytes]u8 = undefined;
        try E.sign(&prepared, "", "a message", &signature);
        // Every so many bits: in all places of a byte.
        const stride = if (curve == .ed448) 23 else 11;
        var bit: usize = 0;
        while (bit < 8 * signature.len) : (bit += stride) {
            signature[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
            defer signature[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
            try testing.expect(!try E.verify(&prepared.public_key, "", &signature, "a message"));
        }
        bit = 0;
        while (bit < 8 * E.bytes) : (bit += stride) {
            var public_key = prepared.public_key;
            public_key[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
            try testing.expect(!try E.verify(&public_key, "", &signature, "a message"));
        }
        try testing.expect(try E.verify(&prepared.public_key, "", &signature, "a message"));
    }
}

test "std.crypto verifies what is signed here, and the reverse" {
    const Ed25519Std = std.crypto.sign.Ed25519;
    const E = Eddsa(.ed25519);
    var prng: std.Random.DefaultPrng = .init(testing.random_seed);
    for (0..12) |_| {
        var seed: [32]u8 = undefined;
        var message: [200]u8 = undefined;
        prng.random().bytes(&seed);
        prng.random().bytes(&message);
        const part = message[0..prng.random().uintAtMost(usize, message.len)];
        const pair = try Ed25519Std.KeyPair.generateDeterministic(seed);
        var prepared: E.Prepared = undefined;
        E.prepare(&seed, &prepared);
        try testing.expectEqual(pair.public_key.toBytes(), prepared.public_key);
        var signature: [64]u8 = undefined;
        try E.sign(&prepared, "", part, &signature);
        const theirs = (try pair.sign(part, null)).toBytes();
        try testing.expectEqual(theirs, signature);
        try testing.expect(try E.verify(&prepared.public_key, "", &theirs, part));
    }
}
