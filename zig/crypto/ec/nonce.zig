//! Nonces for signatures: RFC 6979 (August 2013), section 3.2, with the additional input of section 3.6.
//!
//! They follow from the key, the digest and the additional input, so that they are sound even if that is not random; if
//! it is, faults and leaks of one signature tell nothing of another with the same message. Without it they are the
//! RFC's deterministic ones. FIPS 186-5, section A.3.3.
//!
//! Constant time in key, digest and nonce, but for how many candidates were out of range.

const std = @import("std");
const ct = @import("../ct.zig");
const hash = @import("../hash.zig");
const hmac = @import("../hmac.zig");
const secret = @import("secret.zig");

pub const bytes_max = 66;

pub const Nonces = struct {
    algorithm: hash.Algorithm,
    /// K.
    key: hmac.Prepared,
    /// V, in as many bytes as a digest has.
    value: [hash.digest_bytes_max]u8,
    /// The order of the group, which nonces are below, as a big-endian integer of so many bits.
    order: []const u8,
    order_bits: usize,
    /// Whether the next nonce is the first.
    fresh: bool,

    var zero_keys: std.EnumArray(hash.Algorithm, hmac.Prepared) = .initUndefined();
    var zero_keys_ready: std.EnumSet(hash.Algorithm) = .initEmpty();

    /// Steps b to g. The private key and the digest, as bits2octets gives it, are as long as the order.
    pub fn init(
        nonces: *Nonces,
        algorithm: hash.Algorithm,
        order: []const u8,
        order_bits: usize,
        private_key: []const u8,
        digest: []const u8,
        additional: []const u8,
    ) void {
        nonces.algorithm = algorithm;
        nonces.order = order;
        nonces.order_bits = order_bits;
        nonces.value = @splat(0x01);
        nonces.fresh = true;
        nonces.key = zeroKey(algorithm).*;
        nonces.update(0x00, &.{ private_key, digest, additional });
        nonces.update(0x01, &.{ private_key, digest, additional });
    }

    /// The K that all begin with, prepared once.
    fn zeroKey(algorithm: hash.Algorithm) *const hmac.Prepared {
        if (!zero_keys_ready.contains(algorithm)) {
            const zeros: [hash.digest_bytes_max]u8 = @splat(0);
            hmac.prepare(algorithm, zeros[0..hash.digestBytes(algorithm)], zero_keys.getPtr(algorithm));
            zero_keys_ready.insert(algorithm);
        }
        return zero_keys.getPtrConst(algorithm);
    }

    pub fn wipe(nonces: *Nonces) void {
        ct.wipe(std.mem.asBytes(nonces));
    }

    /// Step h: the next nonce, from 1 to the order less 1, as long as the order.
    pub fn next(nonces: *Nonces, nonce: []u8) void {
        while (true) {
            if (!nonces.fresh) nonces.update(0x00, &.{});
            nonces.fresh = false;
            nonces.generate(nonce);
            if (secret.declassified(secret.isInRange(nonce, nonces.order))) return;
        }
    }

    /// Step h.2, and bits2int.
    fn generate(nonces: *Nonces, nonce: []u8) void {
        const value = nonces.value[0..hash.digestBytes(nonces.algorithm)];
        var at: usize = 0;
        while (at < nonce.len) {
            nonces.step();
            const taken = @min(nonce.len - at, value.len);
            @memcpy(nonce[at..][0..taken], value[0..taken]);
            at += taken;
        }
        shiftRight(nonce, @intCast(8 * nonce.len - nonces.order_bits));
    }

    /// K = HMAC_K(V || separator || parts), V = HMAC_K(V)
    noinline fn update(nonces: *Nonces, separator: u8, parts: []const []const u8) void {
        var state: hmac.State = undefined; // final wipes it.
        hmac.init(&nonces.key, &state) catch unreachable; // The key is prepared.
        append(&state, nonces.value[0..hash.digestBytes(nonces.algorithm)]);
        append(&state, &.{separator});
        for (parts) |part| append(&state, part);
        var key: [hash.digest_bytes_max]u8 = undefined;
        defer ct.wipe(&key);
        const length = hmac.final(&state, &key) catch unreachable; // Begun, and every digest has room.
        hmac.prepare(nonces.algorithm, key[0..length], &nonces.key);
        nonces.step();
    }

    noinline fn append(state: *hmac.State, part: []const u8) void {
        hmac.update(state, part) catch unreachable; // Begun.
    }

    /// V = HMAC_K(V)
    noinline fn step(nonces: *Nonces) void {
        const value = nonces.value[0..hash.digestBytes(nonces.algorithm)];
        _ = hmac.sign(&nonces.key, value, value) catch unreachable; // The key is prepared, and V has room.
    }
};

/// Shifts a big-endian integer right by less than 8 bits.
pub fn shiftRight(integer: []u8, count: u4) void {
    var previous: u16 = 0;
    for (integer) |*byte| {
        const both = previous << 8 | byte.*;
        previous = byte.*;
        byte.* = @truncate(both >> count);
    }
}
