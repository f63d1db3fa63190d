//! The one import: `env.abort(message, file, line, column)`, as AssemblyScript declares it, so that a module
//! instantiated by @assemblyscript/loader alone throws a readable error too. Called where there is no status to
//! answer with: by a check of the safe build that failed, and by the loader's functions. It does not return.

const std = @import("std");

extern "env" fn abort(message: u32, file: u32, line: u32, column: u32) noreturn;

/// Ends the call with `text`, an AssemblyScript string (UTF-16, its length in bytes at -4).
pub fn withString(text: *const anyopaque) noreturn {
    abort(@intFromPtr(text), 0, 0, 0);
}

/// What the safe build's checks call. A longer message is cut.
pub fn panic(message: []const u8, _: ?usize) noreturn {
    const static = struct {
        var string: extern struct { id: u32 align(16), len: u32, units: [128]u16 } = undefined;
    };
    static.string.id = 2;
    const units = @min(message.len, static.string.units.len);
    for (static.string.units[0..units], message[0..units]) |*unit, byte| unit.* = byte;
    static.string.len = @intCast(2 * units);
    withString(&static.string.units);
}
