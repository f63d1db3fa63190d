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
    _ = @import("http/chars.zig");
    _ = @import("http/authority.zig");
    _ = @import("http/head.zig");
    _ = @import("http/chunked.zig");
}
