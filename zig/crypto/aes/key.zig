//! Prepared AES keys, for the modes that need no tables of their own: CBC, CTR and KW.

const cipher = @import("cipher.zig");

/// A key, IV or message that is longer or shorter than the standard allows.
pub const LengthError = error{InvalidLength};
/// The key was not prepared.
pub const StateError = error{InvalidState};

/// A key ready for any number of messages, at the same time too. As secret as the key; its owner wipes it.
pub const Prepared = extern struct {
    tag: u32 align(16),
    schedule: cipher.Schedule,

    /// The schedule, if there is one.
    pub fn scheduleOf(prepared: *const Prepared) StateError!*const cipher.Schedule {
        if (prepared.tag != key_tag) return error.InvalidState;
        return &prepared.schedule;
    }
};

/// Arbitrary, unlikely elsewhere in memory.
const key_tag = 0x6c3ae5e9;

/// Takes a key of 16, 24 or 32 bytes.
pub fn prepare(key: []const u8, prepared: *Prepared) LengthError!void {
    try cipher.expandKey(key, &prepared.schedule);
    prepared.tag = key_tag;
}
