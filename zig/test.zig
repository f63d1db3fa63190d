//! Root of the native tests: `zig test zig/test.zig`. It names every file that has any.

test {
    _ = @import("abi/status.zig");
    _ = @import("abi/loader.zig");
    _ = @import("mem/pool.zig");
    _ = @import("mem/arena.zig");
    _ = @import("crypto/ct.zig");
    _ = @import("crypto/sha2.zig");
    _ = @import("crypto/hash.zig");
    _ = @import("crypto/hmac.zig");
    _ = @import("crypto/aes/vector.zig");
    _ = @import("crypto/aes/cipher.zig");
    _ = @import("crypto/aes/ghash.zig");
    _ = @import("crypto/aes/gcm.zig");
    _ = @import("crypto/ec/digits.zig");
    _ = @import("crypto/ec/modular_fuzz.zig");
    _ = @import("crypto/ec/point.zig");
    _ = @import("crypto/ec/multiply.zig");
    _ = @import("crypto/ec/key.zig");
    _ = @import("crypto/ec/ecdsa.zig");
    _ = @import("der/reader.zig");
    _ = @import("der/writer.zig");
    _ = @import("der/oids.zig");
    _ = @import("der/spki.zig");
    _ = @import("der/pkcs8.zig");
    _ = @import("der/table.zig");
    _ = @import("encoding/base64url.zig");
    _ = @import("crypto/rsa/limbs.zig");
    _ = @import("crypto/rsa/modulus.zig");
    _ = @import("crypto/rsa/inverse.zig");
    _ = @import("crypto/rsa/power.zig");
    _ = @import("crypto/rsa/prime.zig");
    _ = @import("crypto/rsa/key.zig");
    _ = @import("crypto/rsa/operation.zig");
    _ = @import("crypto/rsa/generation.zig");
    _ = @import("crypto/rsa/pss.zig");
    _ = @import("crypto/rsa/forged_fuzz.zig");
    _ = @import("clone/scanner.zig");
    _ = @import("http/chars.zig");
    _ = @import("http/authority.zig");
    _ = @import("http/head.zig");
    _ = @import("http/chunked.zig");
}
