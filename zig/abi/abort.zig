//! The one import: `env.abort(message, file, line, column)`, as AssemblyScript declares it, so that a module
//! instantiated by @assemblyscript/loader alone throws a readable error too. Called where there is no status to
//! answer with: by a check of the safe build that failed, and by the loader's functions. It does not return.

const std = @import("std");

/// The linker's: one past the stack, which grows downwards from here.
extern const __stack_high: u8;

extern "env" fn abort(message: u32, file: u32, line: u32, column: u32) noreturn;

/// Ends the call with `text`, an AssemblyScript string (UTF-16, its length in bytes at -4).
///
/// What the host throws unwinds the engine's stack but not the core's, in linear memory: frames under way would stay
/// for ever, and a few thousand caught errors would use it up. None of them is returned to, so they end here.
pub fn withString(text: *const anyopaque) noreturn {
    asm volatile (
        \\ local.get %[stack_high]
        \\ global.set __stack_pointer
        :
        : [stack_high] "r" (@intFromPtr(&__stack_high)),
    );
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
