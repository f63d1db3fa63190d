//! AES-GCM: NIST SP 800-38D (November 2007), over AES with keys of 128, 192 and 256 bits.
//!
//! An IV of any length but none (96 bits are the short way); additional data of any length that memory can hold; tags of 32, 64, 96,
//! 104, 112, 120 and 128 bits; plaintext of up to 2^39 - 256 bits (section 5.2.1.1), more is refused.
//!
//! A key is prepared once. Then `seal` and `open` at once, or a State, in pieces: `init`, `updateIv`, `updateAad`, and
//! - to encrypt: `sealUpdate`, `sealFinal`;
//! - to decrypt: `verifyUpdate` over the whole ciphertext, `verifyFinal`, and only if that finds it authentic
//!   `openUpdate`, over the whole ciphertext again. No byte of plaintext exists before.
//! Every failed decryption is AuthenticationFailed, and writes nothing.
//!
//! Constant time in key, text, additional data and IV; lengths are public, and so is whether a message is
//! authentic. Scratch is wiped, and the State by `sealFinal`, and by `verifyFinal` when it fails. A Prepared key, and
//! a State that decrypts, are as secret as the key; their owner wipes them.

const std = @import("std");
const cipher = @import("cipher.zig");
const ct = @import("../ct.zig");
const ctr = @import("ctr.zig");
const ghash = @import("ghash.zig");
const vector = @import("vector.zig");

const Block = vector.Block;
const block_bytes = vector.block_bytes;

/// A key, IV, tag or message that is longer or shorter than the standard allows.
pub const LengthError = error{InvalidLength};
/// The key was not prepared, or the state is not at this point.
pub const StateError = error{InvalidState};
/// Tag, ciphertext, additional data, IV and key do not belong together: which of them is wrong, nobody can tell.
pub const OpenError = error{AuthenticationFailed};

pub const tag_bytes_max = block_bytes;
/// 96 bits, which J0 is made of as they are.
const short_iv_bytes = 12;
/// 2^39 - 256 bits: what 32 bits can count, but for the block that makes the tag.
pub const text_bytes_max = (1 << 36) - 32;

/// Section 5.2.1.2, in bytes. Of the two shortest, appendix C says how rarely they will do.
fn checkTagLength(tag_len: usize) LengthError!void {
    switch (tag_len) {
        4, 8, 12, 13, 14, 15, 16 => {},
        else => return error.InvalidLength,
    }
}

/// A key ready for any number of messages, at the same time too.
pub const Prepared = extern struct {
    tag: u32 align(16),
    schedule: cipher.Schedule,
    powers: ghash.Powers,
    /// Every message needs it. Products of the powers are made for the messages that are worth it.
    h: ghash.Table,
};

/// Takes a key of 16, 24 or 32 bytes.
pub fn prepare(key: []const u8, prepared: *Prepared) LengthError!void {
    try cipher.expandKey(key, &prepared.schedule);
    // H = CIPH(0^128): section 7.1, step 1.
    const h = cipher.encryptBlock(&prepared.schedule, vector.splat(0));
    prepared.h.init(h);
    ghash.raise(&prepared.h, h, &prepared.powers);
    prepared.tag = @intFromEnum(Kind.key);
}

/// Encrypts input into output, which is as long, and writes a tag of the length that `tag` has. Output may be
/// where input is, or apart.
pub fn seal(
    prepared: *const Prepared,
    iv: []const u8,
    aad: []const u8,
    input: []const u8,
    output: []u8,
    tag: []u8,
) (StateError || LengthError)!void {
    try Kind.key.check(prepared.tag);
    try checkTagLength(tag.len);
    if (iv.len == 0 or input.len > text_bytes_max) return error.InvalidLength;
    var work: Work = .{ .prepared = prepared };
    defer work.wipe();
    var message: Message = undefined;
    defer ct.wipe(std.mem.asBytes(&message));
    message.begin(&work, iv, input.len);
    message.hashAad(&work, aad);
    message.endAad(prepared);
    message.encrypt(&work, input, output, .last);
    message.finish(&work, tag);
}

/// Decrypts input into output, which is as long, if the tag is right. Output may be where input is, or apart.
pub fn open(
    prepared: *const Prepared,
    iv: []const u8,
    aad: []const u8,
    input: []const u8,
    output: []u8,
    tag: []const u8,
) (StateError || LengthError || OpenError)!void {
    try Kind.key.check(prepared.tag);
    try checkTagLength(tag.len);
    if (iv.len == 0 or input.len > text_bytes_max) return error.InvalidLength;
    var work: Work = .{ .prepared = prepared };
    defer work.wipe();
    var message: Message = undefined;
    defer ct.wipe(std.mem.asBytes(&message));
    message.begin(&work, iv, input.len);
    message.hashAad(&work, aad);
    message.endAad(prepared);
    message.hashText(&work, input);
    if (!message.hasTag(&work, tag)) return error.AuthenticationFailed;
    message.text_bytes = 0;
    message.crypt(&work, input, output, .last);
}

/// A message under way. Independent of the Prepared key that it began with.
pub const State = extern struct {
    /// Where it is: a Kind.
    tag: u32 align(16),
    prepared: Prepared,
    message: Message,
    /// Of the ciphertext that was found authentic, which is what may be decrypted.
    verified_bytes: u64,

    /// Goes over to additional data, or stays with it.
    fn enterAad(state: *State, work: *Work) StateError!void {
        if (state.tag == @intFromEnum(Kind.aad)) return;
        try Kind.iv.check(state.tag);
        state.message.endIv(work, ctr.batch_bytes);
        state.tag = @intFromEnum(Kind.aad);
    }

    /// Goes over to text, or stays with it, if so much more text is allowed.
    fn enter(state: *State, work: *Work, kind: Kind, more_bytes: usize) (StateError || LengthError)!void {
        const begins = state.tag != @intFromEnum(kind);
        if (begins and state.tag != @intFromEnum(Kind.iv)) try Kind.aad.check(state.tag);
        if (more_bytes > text_bytes_max -| state.message.text_bytes) return error.InvalidLength;
        if (begins) {
            try state.enterAad(work);
            state.message.endAad(&state.prepared);
            state.tag = @intFromEnum(kind);
        }
    }

    fn wipe(state: *State) void {
        ct.wipe(std.mem.asBytes(state));
    }
};

/// Begins a message with the first bytes of its IV, one at least.
pub fn init(prepared: *const Prepared, iv: []const u8, state: *State) (StateError || LengthError)!void {
    try Kind.key.check(prepared.tag);
    if (iv.len == 0) return error.InvalidLength;
    state.prepared = prepared.*;
    state.message.beginIv();
    state.tag = @intFromEnum(Kind.iv);
    try updateIv(state, iv);
}

/// More of the IV: before anything else.
pub fn updateIv(state: *State, input: []const u8) StateError!void {
    try Kind.iv.check(state.tag);
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    state.message.hashIv(&work, input);
}

/// More of the additional data: before all text.
pub fn updateAad(state: *State, input: []const u8) StateError!void {
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    try state.enterAad(&work);
    state.message.hashAad(&work, input);
}

/// Encrypts more, into output, which is as long as input, and where it is or apart.
pub fn sealUpdate(state: *State, input: []const u8, output: []u8) (StateError || LengthError)!void {
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    try state.enter(&work, .sealing, input.len);
    state.message.encrypt(&work, input, output, .more);
}

/// Writes a tag of the length that `tag` has, and wipes the state. After an error the state is as it was.
pub fn sealFinal(state: *State, tag: []u8) (StateError || LengthError)!void {
    try checkTagLength(tag.len);
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    try state.enter(&work, .sealing, 0);
    state.message.finish(&work, tag);
    state.wipe();
}

/// More of the ciphertext, which is hashed, not decrypted.
pub fn verifyUpdate(state: *State, input: []const u8) (StateError || LengthError)!void {
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    try state.enter(&work, .verifying, input.len);
    state.message.hashText(&work, input);
}

/// If the tag is right, the ciphertext may be decrypted, from its beginning; if not, the state is wiped. After
/// another error it is as it was.
pub fn verifyFinal(state: *State, tag: []const u8) (StateError || LengthError || OpenError)!void {
    try checkTagLength(tag.len);
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    try state.enter(&work, .verifying, 0);
    if (!state.message.hasTag(&work, tag)) {
        state.wipe();
        return error.AuthenticationFailed;
    }
    state.verified_bytes = state.message.text_bytes;
    state.message.text_bytes = 0;
    state.tag = @intFromEnum(Kind.opening);
}

/// Decrypts more of what was verified, into output, which is as long as input, and where it is or apart.
/// What was verified and is now given must be the same: this looks at lengths only.
pub fn openUpdate(state: *State, input: []const u8, output: []u8) (StateError || LengthError)!void {
    try Kind.opening.check(state.tag);
    if (input.len > state.verified_bytes -| state.message.text_bytes) return error.InvalidLength;
    var work: Work = .{ .prepared = &state.prepared };
    defer work.wipe();
    state.message.crypt(&work, input, output, .more);
}

/// What a prepared key or a state is. Arbitrary numbers, unlikely elsewhere in memory.
const Kind = enum(u32) {
    key = 0x6c3ae501,
    iv = 0x6c3ae596,
    aad = 0x6c3ae5a2,
    sealing = 0x6c3ae5b3,
    verifying = 0x6c3ae5c4,
    opening = 0x6c3ae5d5,

    fn check(kind: Kind, found: u32) StateError!void {
        if (found != @intFromEnum(kind)) return error.InvalidState;
    }
};

/// What one call needs of a key, made when it is needed: that takes no longer than to bring it along. As secret as the key.
const Work = struct {
    prepared: *const Prepared,
    has_key: bool = false,
    has_group: bool = false,
    key: cipher.Key = undefined,
    group: ghash.GroupTable = undefined,

    fn cipherKey(work: *Work) *const cipher.Key {
        if (!work.has_key) work.key.init(&work.prepared.schedule);
        work.has_key = true;
        return &work.key;
    }

    fn groupTable(work: *Work) *const ghash.GroupTable {
        if (!work.has_group) work.group.init(&work.prepared.powers);
        work.has_group = true;
        return &work.group;
    }

    fn wipe(work: *Work) void {
        if (work.has_key) ct.wipe(std.mem.asBytes(&work.key));
        if (work.has_group) ct.wipe(std.mem.asBytes(&work.group));
    }
};

/// Whether text may follow.
const Ends = enum { more, last };

/// IV, additional data and text, so far.
const Message = extern struct {
    /// GHASH's chaining value Y, to which the bytes of a block that is not whole yet are added already.
    y: ghash.Sum,
    /// What the next batch of the keystream begins with.
    counter: Block,
    /// The batch that the next byte of text falls into, unless it begins one. The first batch begins with J0's own
    /// block, which is not for text.
    keystream: ctr.Batch,
    /// CIPH(J0), which the tag is encrypted with.
    tag_mask: Block,
    iv_bytes: u64,
    aad_bytes: u64,
    /// Encrypted, or hashed, or decrypted.
    text_bytes: u64,

    /// Section 7.1, step 2, for a whole IV. Of the text, so many bytes will come at least.
    noinline fn begin(message: *Message, work: *Work, iv: []const u8, text_bytes: usize) void {
        message.beginIv();
        if (iv.len == short_iv_bytes) {
            message.y.even = iv[0..short_iv_bytes].* ++ [_]u8{ 0, 0, 0, 0 };
            message.iv_bytes = short_iv_bytes;
        } else {
            message.hashIv(work, iv);
        }
        message.endIv(work, text_bytes);
    }

    fn beginIv(message: *Message) void {
        message.y = .zero;
        message.iv_bytes = 0;
        message.aad_bytes = 0;
        message.text_bytes = 0;
    }

    fn hashIv(message: *Message, work: *Work, iv: []const u8) void {
        message.absorb(work, message.iv_bytes, iv);
        message.iv_bytes +%= iv.len;
    }

    /// J0, which is the IV itself if that has 96 bits: these are still in Y as they came. Not inlined, for size.
    noinline fn endIv(message: *Message, work: *Work, text_bytes: usize) void {
        if (message.iv_bytes == short_iv_bytes) {
            message.counter = message.y.even;
            message.counter[block_bytes - 1] = 1;
        } else {
            message.pad(work.prepared, message.iv_bytes);
            message.absorbLengths(work, 0, message.iv_bytes);
            message.counter = message.y.even;
        }
        message.y = .zero;
        message.nextKeystream(work, block_bytes +| text_bytes);
        message.tag_mask = message.keystream[0..block_bytes].*;
    }

    fn hashAad(message: *Message, work: *Work, aad: []const u8) void {
        message.absorb(work, message.aad_bytes, aad);
        message.aad_bytes +%= aad.len;
    }

    fn hashText(message: *Message, work: *Work, ciphertext: []const u8) void {
        message.absorb(work, message.text_bytes, ciphertext);
        message.text_bytes +%= ciphertext.len;
    }

    /// Encrypts and hashes, by parts that stay in the cache between the two.
    fn encrypt(message: *Message, work: *Work, input: []const u8, output: []u8, ends: Ends) void {
        var at: usize = 0;
        while (at < input.len) {
            const before = message.text_bytes;
            const end = at + @min(input.len - at, part_bytes - message.keystreamUsed());
            message.crypt(work, input[at..end], output[at..end], if (end == input.len) ends else .more);
            message.absorb(work, before, output[at..end]);
            at = end;
        }
    }

    /// GCTR, section 6.5, from where the text is: encrypts or decrypts.
    fn crypt(message: *Message, work: *Work, input: []const u8, output: []u8, ends: Ends) void {
        const used = message.keystreamUsed();
        message.text_bytes +%= input.len;
        var at: usize = 0;
        if (used != 0) {
            at = @min(input.len, ctr.batch_bytes - used);
            add(output[0..at], input[0..at], message.keystream[used..]);
        }
        while (input.len - at >= ctr.batch_bytes) {
            const end = at + @min(part_bytes, (input.len - at) & ~@as(usize, ctr.batch_bytes - 1));
            const batches: []const ctr.Batch = @ptrCast(input[at..end]);
            ctr.addKeystream(work.cipherKey(), &message.counter, batches, @ptrCast(output[at..end]));
            at = end;
        }
        if (at == input.len) return;
        message.nextKeystream(work, if (ends == .last) input.len - at else ctr.batch_bytes);
        add(output[at..], input[at..], &message.keystream);
    }

    /// The next batch, of which so many bytes are needed: a single block is cheaper alone.
    fn nextKeystream(message: *Message, work: *Work, needed_bytes: usize) void {
        if (needed_bytes <= block_bytes) {
            message.keystream[0..block_bytes].* = cipher.encryptBlock(&work.prepared.schedule, message.counter);
        } else {
            ctr.keystream(work.cipherKey(), &message.counter, &message.keystream);
        }
    }

    /// How much of the batch in `keystream` is used up; zero: all of it.
    fn keystreamUsed(message: *const Message) usize {
        return @intCast((message.text_bytes +% block_bytes) % ctr.batch_bytes);
    }

    /// Hashes bytes that so many of their kind came before.
    fn absorb(message: *Message, work: *Work, before: u64, bytes: []const u8) void {
        var rest = bytes;
        const waiting: usize = @intCast(before % block_bytes);
        if (waiting != 0) {
            const taken = @min(block_bytes - waiting, rest.len);
            message.addToY(waiting, rest[0..taken]);
            if (waiting + taken < block_bytes) return;
            ghash.multiply(&work.prepared.h, &message.y);
            rest = rest[taken..];
        }
        const tail = rest[rest.len & ~@as(usize, block_bytes - 1) ..];
        message.absorbBlocks(work, @ptrCast(rest[0 .. rest.len - tail.len]));
        message.addToY(0, tail);
    }

    fn absorbBlocks(message: *Message, work: *Work, blocks: []const [block_bytes]u8) void {
        const y = &message.y;
        const in_groups = blocks.len / ghash.group_blocks * ghash.group_blocks;
        var at: usize = 0;
        while (at < in_groups) {
            const end = @min(in_groups, at + part_bytes / block_bytes);
            ghash.absorbGroups(work.groupTable(), y, @ptrCast(blocks[at..end]));
            at = end;
        }
        const rest = blocks[in_groups..];
        if (work.has_group and rest.len >= short_group_blocks_min) {
            ghash.absorbShortGroup(&work.group, y, rest);
        } else if (rest.len > 0) {
            ghash.absorb(&work.prepared.h, y, rest);
        }
    }

    fn endAad(message: *Message, prepared: *const Prepared) void {
        message.pad(prepared, message.aad_bytes);
    }

    /// Ends the IV, the additional data, or the text, with zeros up to a whole block.
    fn pad(message: *Message, prepared: *const Prepared, total_bytes: u64) void {
        if (total_bytes % block_bytes != 0) ghash.multiply(&prepared.h, &message.y);
    }

    fn absorbLengths(message: *Message, work: *Work, first_bytes: u64, second_bytes: u64) void {
        var lengths: [1][block_bytes]u8 = undefined;
        std.mem.writeInt(u64, lengths[0][0..8], first_bytes *% 8, .big);
        std.mem.writeInt(u64, lengths[0][8..16], second_bytes *% 8, .big);
        ghash.absorb(&work.prepared.h, &message.y, &lengths);
    }

    noinline fn addToY(message: *Message, at: usize, bytes: []const u8) void {
        const y: *[block_bytes]u8 = @ptrCast(&message.y.even);
        for (y[at..][0..bytes.len], bytes) |*sum, byte| sum.* ^= byte;
    }

    /// Section 7.1, steps 4 to 6.
    noinline fn finish(message: *Message, work: *Work, tag: []u8) void {
        message.pad(work.prepared, message.text_bytes);
        message.absorbLengths(work, message.aad_bytes, message.text_bytes);
        var whole: [tag_bytes_max]u8 = message.y.even ^ message.tag_mask;
        defer ct.wipe(&whole);
        @memcpy(tag, whole[0..tag.len]);
    }

    fn hasTag(message: *Message, work: *Work, tag: []const u8) bool {
        var storage: [tag_bytes_max]u8 = undefined;
        defer ct.wipe(&storage);
        const expected = storage[0..tag.len];
        message.finish(work, expected);
        return ct.equal(expected, tag);
    }
};

/// An engine swaps in optimised code between calls, never within one: a long message makes many calls. Small enough
/// to stay in the first cache between encryption and hashing.
const part_bytes = 4096;

/// Where products of the powers are there, a whole group takes as long as so many blocks one by one.
const short_group_blocks_min = 3;

/// output = input + keystream, whose first bytes are used.
fn add(output: []u8, input: []const u8, keystream: []const u8) void {
    var at: usize = 0;
    while (input.len - at >= block_bytes) : (at += block_bytes) {
        const sum = vector.load(input[at..][0..block_bytes]) ^ vector.load(keystream[at..][0..block_bytes]);
        vector.store(output[at..][0..block_bytes], sum);
    }
    for (output[at..], input[at..], keystream[at..][0 .. input.len - at]) |*sum, byte, key| sum.* = byte ^ key;
}

const testing = std.testing;

fn unhex(comptime hex: []const u8) [hex.len / 2]u8 {
    var bytes: [hex.len / 2]u8 = undefined;
    _ = std.fmt.hexToBytes(&bytes, hex) catch unreachable;
    return bytes;
}

test "McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: test cases 1 to 18" {
    const key = unhex("feffe9928665731c6d6a8f9467308308" ** 2);
    const plaintext = unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" ++
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255");
    const aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const iv = unhex("cafebabefacedbaddecaf888");
    const long_iv = unhex("9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728" ++
        "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b");
    // The tags cover the ciphertexts.
    inline for (.{ 16, 24, 32 }, .{ .{
        "58e2fccefa7e3061367f1d57a4e7455a", "ab6e47d42cec13bdf53a67b21257bddf", "4d5c2af327cd64a62cf35abd2ba6fab4",
        "5bc94fbc3221a5db94fae95ae7121a47", "3612d2e79e3b0785561be14aaca2fccb", "619cc5aefffe0bfa462af43c1699d050",
    }, .{
        "cd33b28ac773f74ba00ed1f312572435", "2ff58d80033927ab8ef4d4587514f0fb", "9924a7c8587336bfb118024db8674a14",
        "2519498e80f1478f37ba55bd6d27618c", "65dcc57fcf623a24094fcca40d3533f8", "dcf566ff291c25bbb8568fc3d376a6d9",
    }, .{
        "530f8afbc74536b9a963b4f1c4cb738b", "d0d1c8a799996bf0265b98b5d48ab919", "b094dac5d93471bdec1a502270e3cc6c",
        "76fc6ece0f4e1768cddf8853bb2d551b", "3a337dbf46a792c45e454913fe2ea8f2", "a44a8266ee1c8eb0c8b5d4cf5ae9f19a",
    } }) |key_bytes, tags| {
        const zero: [key_bytes]u8 = @splat(0);
        const zero_iv: [12]u8 = @splat(0);
        try expectTag(&zero, &zero_iv, "", "", tags[0]);
        try expectTag(&zero, &zero_iv, "", zero[0..16], tags[1]);
        try expectTag(key[0..key_bytes], &iv, "", &plaintext, tags[2]);
        try expectTag(key[0..key_bytes], &iv, &aad, plaintext[0..60], tags[3]);
        try expectTag(key[0..key_bytes], iv[0..8], &aad, plaintext[0..60], tags[4]);
        try expectTag(key[0..key_bytes], &long_iv, &aad, plaintext[0..60], tags[5]);
    }
}

fn expectTag(
    key: []const u8,
    iv: []const u8,
    aad: []const u8,
    plaintext: []const u8,
    comptime hex: []const u8,
) !void {
    var prepared: Prepared = undefined;
    try prepare(key, &prepared);
    var text: [64]u8 = undefined;
    var tag: [16]u8 = undefined;
    try seal(&prepared, iv, aad, plaintext, text[0..plaintext.len], &tag);
    try testing.expectEqual(unhex(hex), tag);
    try open(&prepared, iv, aad, text[0..plaintext.len], text[0..plaintext.len], &tag);
    try testing.expectEqualSlices(u8, plaintext, text[0..plaintext.len]);
}

test "random messages are what std computes" {
    var prng: std.Random.DefaultPrng = .init(800);
    const random = prng.random();
    var data: [9000]u8 = undefined;
    var expected: [data.len]u8 = undefined;
    var actual: [data.len]u8 = undefined;
    random.bytes(&data);
    const edges = [_]usize{ 112, 113, 127, 128, 240, 320, 335, 336, 4079, 4080, 4081, 4096, 8176, 8192, 8193 };
    inline for (.{ std.crypto.aead.aes_gcm.Aes128Gcm, std.crypto.aead.aes_gcm.Aes256Gcm }) |Other| {
        for (0..350) |i| {
            const length = if (i < 150)
                i
            else if (i < 150 + edges.len)
                edges[i - 150]
            else
                random.uintLessThan(usize, 700);
            const at = random.uintAtMost(usize, data.len - length);
            const plaintext = data[at..][0..length];
            const aad = data[random.uintLessThan(usize, 100)..][0 .. i % 70];
            const iv = data[i..][0..12];
            const key = data[500 + i ..][0..Other.key_length];
            var expected_tag: [16]u8 = undefined;
            var tag: [16]u8 = undefined;
            Other.encrypt(expected[0..length], &expected_tag, plaintext, aad, iv.*, key.*);
            var prepared: Prepared = undefined;
            try prepare(key, &prepared);
            try seal(&prepared, iv, aad, plaintext, actual[0..length], &tag);
            try testing.expectEqualSlices(u8, expected[0..length], actual[0..length]);
            try testing.expectEqual(expected_tag, tag);
            try open(&prepared, iv, aad, actual[0..length], actual[0..length], &tag);
            try testing.expectEqualSlices(u8, plaintext, actual[0..length]);
        }
    }
}

/// Sections 7.1 and 6.4 word for word, over std's AES. The second implementation where std has none: any IV.
fn slowSeal(key: *const [32]u8, iv: []const u8, aad: []const u8, input: []const u8, output: []u8) [16]u8 {
    const aes = std.crypto.core.aes.Aes256.initEnc(key.*);
    var h: [16]u8 = @splat(0);
    aes.encrypt(&h, &h);
    var j0 = slowHash(&h, "", iv);
    if (iv.len == 12) j0 = iv[0..12].* ++ [_]u8{ 0, 0, 0, 1 };
    var counter = j0;
    for (0..std.math.divCeil(usize, input.len, 16) catch unreachable) |i| {
        const count: *[4]u8 = counter[12..16];
        std.mem.writeInt(u32, count, std.mem.readInt(u32, count, .big) +% 1, .big);
        var mask: [16]u8 = undefined;
        aes.encrypt(&mask, &counter);
        const from = input[16 * i .. @min(input.len, 16 * i + 16)];
        add(output[16 * i ..][0..from.len], from, &mask);
    }
    var tag: [16]u8 = undefined;
    aes.encrypt(&tag, &j0);
    for (&tag, slowHash(&h, aad, output[0..input.len])) |*sum, byte| sum.* ^= byte;
    return tag;
}

fn slowHash(h: *const [16]u8, first: []const u8, second: []const u8) [16]u8 {
    var y: u128 = 0;
    for ([_][]const u8{ first, second }) |bytes| {
        var at: usize = 0;
        while (at < bytes.len) : (at += 16) {
            var block: [16]u8 = @splat(0);
            const part = bytes[at..@min(bytes.len, at + 16)];
            @memcpy(block[0..part.len], part);
            y = ghash.slowMultiply(y ^ std.mem.readInt(u128, &block, .big), std.mem.readInt(u128, h, .big));
        }
    }
    const lengths = @as(u128, first.len * 8) << 64 | second.len * 8;
    var result: [16]u8 = undefined;
    std.mem.writeInt(u128, &result, ghash.slowMultiply(y ^ lengths, std.mem.readInt(u128, h, .big)), .big);
    return result;
}

test "IVs of 1 to 200 bytes, and additional data of as many, are taken as the standard has it" {
    var prng: std.Random.DefaultPrng = .init(38);
    var data: [600]u8 = undefined;
    var expected: [200]u8 = undefined;
    var actual: [200]u8 = undefined;
    for (1..201) |length| {
        prng.random().bytes(&data);
        const key = data[0..32];
        const iv = data[32..][0..length];
        const aad = data[240..][0 .. 200 - length];
        const plaintext = data[400..][0 .. length * 7 % 200];
        const expected_tag = slowSeal(key, iv, aad, plaintext, &expected);
        var prepared: Prepared = undefined;
        try prepare(key, &prepared);
        var tag: [16]u8 = undefined;
        try seal(&prepared, iv, aad, plaintext, actual[0..plaintext.len], &tag);
        try testing.expectEqualSlices(u8, expected[0..plaintext.len], actual[0..plaintext.len]);
        try testing.expectEqual(expected_tag, tag);
    }
}

test "the counter wraps within its 32 bits" {
    var prepared: Prepared = undefined;
    try prepare("0123456789abcdef0123456789abcdef", &prepared);
    const aes = std.crypto.core.aes.Aes256.initEnc("0123456789abcdef0123456789abcdef".*);
    for (0..20) |before| {
        var message: Message = undefined;
        var work: Work = .{ .prepared = &prepared };
        message.begin(&work, "any IV, as", ctr.batch_bytes);
        var counter = [_]u8{0xff} ** 16;
        counter[15] -= @intCast(before);
        message.counter = counter;
        var text: [512]u8 = @splat(0);
        message.text_bytes = ctr.batch_bytes - block_bytes;
        message.crypt(&work, &text, &text, .more);
        for (0..32) |i| {
            var expected: [16]u8 = undefined;
            std.mem.writeInt(u32, counter[12..16], @truncate(0xffff_ffff - before + i), .big);
            aes.encrypt(&expected, &counter);
            try testing.expectEqualSlices(u8, &expected, text[16 * i ..][0..16]);
        }
    }
}

test "every flipped bit is found, with every tag length, and then nothing is written" {
    var prepared: Prepared = undefined;
    try prepare("0123456789abcdefghijklmn", &prepared);
    const plaintext = "a message of thirty-five characters";
    for ([_]usize{ 4, 8, 12, 13, 14, 15, 16 }) |tag_len| {
        // IV, additional data, ciphertext and tag.
        var all: [12 + 5 + plaintext.len + tag_bytes_max]u8 = undefined;
        @memcpy(all[0..17], "an iv: 96bitaaad?");
        const iv, const aad, const text, const tag =
            .{ all[0..12], all[12..17], all[17..][0..plaintext.len], all[17 + plaintext.len ..][0..tag_len] };
        try seal(&prepared, iv, aad, plaintext, text, tag);
        var output: [plaintext.len]u8 = undefined;
        try open(&prepared, iv, aad, text, &output, tag);
        try testing.expectEqualSlices(u8, plaintext, &output);
        @memset(&output, 0xa5);
        for (0..8 * (17 + plaintext.len + tag_len)) |bit| {
            const mask = @as(u8, 1) << @intCast(bit % 8);
            all[bit / 8] ^= mask;
            defer all[bit / 8] ^= mask;
            try testing.expectError(error.AuthenticationFailed, open(&prepared, iv, aad, text, &output, tag));
            try testing.expect(std.mem.allEqual(u8, &output, 0xa5));
        }
        for (0..plaintext.len) |length| {
            const shorter = open(&prepared, iv, aad, text[0..length], output[0..length], tag);
            try testing.expectError(error.AuthenticationFailed, shorter);
        }
    }
}

test "a shorter tag is the beginning of the whole one, and other lengths are refused" {
    var prepared: Prepared = undefined;
    try prepare("0123456789abcdef", &prepared);
    var whole: [16]u8 = undefined;
    var text: [5]u8 = undefined;
    try seal(&prepared, "iv", "", "hello", &text, &whole);
    var state: State = undefined;
    try init(&prepared, "iv", &state);
    var storage: [20]u8 = undefined;
    for (0..storage.len) |tag_len| {
        const tag = storage[0..tag_len];
        switch (tag_len) {
            4, 8, 12...16 => {
                try seal(&prepared, "iv", "", "hello", &text, tag);
                try testing.expectEqualSlices(u8, whole[0..tag_len], tag);
            },
            else => {
                try testing.expectError(error.InvalidLength, seal(&prepared, "iv", "", "hello", &text, tag));
                try testing.expectError(error.InvalidLength, open(&prepared, "iv", "", &text, &text, tag));
                try testing.expectError(error.InvalidLength, sealFinal(&state, tag));
                try testing.expectError(error.InvalidLength, verifyFinal(&state, tag));
            },
        }
    }
    try testing.expectError(error.InvalidLength, seal(&prepared, "", "", "hello", &text, &whole));
    try testing.expectError(error.InvalidLength, open(&prepared, "", "", "hello", &text, &whole));
    try testing.expectError(error.InvalidLength, init(&prepared, "", &state));
}

test "in pieces is as at once, in place too, whatever the pieces" {
    var prng: std.Random.DefaultPrng = .init(7);
    const random = prng.random();
    var data: [10_000]u8 = undefined;
    var expected: [data.len]u8 = undefined;
    var text: [data.len]u8 = undefined;
    var prepared: Prepared = undefined;
    for (0..60) |round| {
        random.bytes(&data);
        const key_bytes = ([_]usize{ 16, 24, 32 })[round % 3];
        try prepare(data[0..key_bytes], &prepared);
        const iv = data[40..][0 .. 1 + random.uintLessThan(usize, 60)];
        const aad = data[100..][0..random.uintLessThan(usize, 600)];
        const length = random.uintLessThan(usize, if (round < 40) 700 else data.len);
        const piece_bytes_max = 1 + random.uintLessThan(usize, 1 + length);
        var tag: [16]u8 = undefined;
        try seal(&prepared, iv, aad, data[0..length], expected[0..length], &tag);

        var state: State = undefined;
        const first_bytes = 1 + random.uintLessThan(usize, iv.len);
        try init(&prepared, iv[0..first_bytes], &state);
        var pieces: Pieces = .{ .random = random, .bytes_max = iv.len, .total = iv.len, .at = first_bytes };
        while (pieces.next()) |piece| try updateIv(&state, iv[piece[0]..piece[1]]);
        pieces = .{ .random = random, .bytes_max = piece_bytes_max, .total = aad.len };
        while (pieces.next()) |piece| try updateAad(&state, aad[piece[0]..piece[1]]);
        var opening = state; // A state may be copied, to branch off.
        @memcpy(text[0..length], data[0..length]);
        pieces = .{ .random = random, .bytes_max = piece_bytes_max, .total = length };
        while (pieces.next()) |piece| {
            const part = text[piece[0]..piece[1]];
            try sealUpdate(&state, part, part);
        }
        var actual_tag: [16]u8 = undefined;
        try sealFinal(&state, &actual_tag);
        try testing.expectEqualSlices(u8, expected[0..length], text[0..length]);
        try testing.expectEqual(tag, actual_tag);

        pieces = .{ .random = random, .bytes_max = piece_bytes_max, .total = length };
        while (pieces.next()) |piece| try verifyUpdate(&opening, text[piece[0]..piece[1]]);
        try verifyFinal(&opening, &tag);
        pieces = .{ .random = random, .bytes_max = piece_bytes_max, .total = length };
        while (pieces.next()) |piece| {
            const part = text[piece[0]..piece[1]];
            try openUpdate(&opening, part, part);
        }
        try testing.expectEqualSlices(u8, data[0..length], text[0..length]);
    }
}

const Pieces = struct {
    random: std.Random,
    bytes_max: usize,
    total: usize,
    at: usize = 0,

    fn next(pieces: *Pieces) ?[2]usize {
        if (pieces.at == pieces.total) return null;
        const from = pieces.at;
        pieces.at = @min(pieces.total, from + pieces.random.uintAtMost(usize, pieces.bytes_max));
        return .{ from, pieces.at };
    }
};

test "an IV of 1 to 13 bytes in two pieces is what it is in one" {
    var prepared: Prepared = undefined;
    try prepare("0123456789abcdef", &prepared);
    const iv = "thirteen byte";
    for (1..iv.len + 1) |iv_len| for (1..iv_len + 1) |first_bytes| {
        var expected: [16]u8 = undefined;
        try seal(&prepared, iv[0..iv_len], "", "", "", &expected);
        var state: State = undefined;
        try init(&prepared, iv[0..first_bytes], &state);
        try updateIv(&state, iv[first_bytes..iv_len]);
        var actual: [16]u8 = undefined;
        try sealFinal(&state, &actual);
        try testing.expectEqual(expected, actual);
    };
}

test "what comes out of turn is refused, and a state ends once" {
    var prepared: Prepared = undefined;
    try prepare("0123456789abcdef", &prepared);
    var text: [40]u8 = @splat('t');
    var tag: [16]u8 = undefined;
    var state: State = undefined;
    try init(&prepared, "iv", &state);
    try testing.expectError(error.InvalidState, openUpdate(&state, &text, &text));
    try updateAad(&state, "aad");
    try sealUpdate(&state, &text, &text);
    try testing.expectError(error.InvalidState, updateAad(&state, "more"));
    try testing.expectError(error.InvalidState, updateIv(&state, "more"));
    try testing.expectError(error.InvalidState, verifyUpdate(&state, &text));
    try testing.expectError(error.InvalidState, verifyFinal(&state, &tag));
    try testing.expectError(error.InvalidState, openUpdate(&state, &text, &text));
    try sealFinal(&state, &tag);
    try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(&state), 0));
    try testing.expectError(error.InvalidState, sealFinal(&state, &tag));

    try init(&prepared, "iv", &state);
    try updateAad(&state, "");
    try testing.expectError(error.InvalidState, updateIv(&state, "more"));
    try updateAad(&state, "aad");
    try verifyUpdate(&state, text[0..39]);
    try testing.expectError(error.InvalidState, sealUpdate(&state, &text, &text));
    try testing.expectError(error.InvalidState, openUpdate(&state, &text, &text));
    try testing.expectError(error.InvalidState, updateAad(&state, "more"));
    var wrong = state;
    try testing.expectError(error.AuthenticationFailed, verifyFinal(&wrong, &tag));
    try testing.expect(std.mem.allEqual(u8, std.mem.asBytes(&wrong), 0));
    try testing.expectError(error.InvalidState, openUpdate(&wrong, &text, &text));
    try verifyUpdate(&state, text[39..]);
    try verifyFinal(&state, &tag);
    try testing.expectError(error.InvalidState, verifyUpdate(&state, &text));
    try openUpdate(&state, text[0..17], text[0..17]);
    try testing.expectError(error.InvalidLength, openUpdate(&state, text[16..], text[16..]));
    try openUpdate(&state, text[17..], text[17..]);
    try testing.expect(std.mem.allEqual(u8, &text, 't'));
    try testing.expectError(error.InvalidLength, openUpdate(&state, text[0..1], text[0..1]));

    @memset(std.mem.asBytes(&state), 0xa5);
    @memset(std.mem.asBytes(&prepared), 0xa5);
    try testing.expectError(error.InvalidState, seal(&prepared, "iv", "", "", "", &tag));
    try testing.expectError(error.InvalidState, open(&prepared, "iv", "", "", "", &tag));
    try testing.expectError(error.InvalidState, init(&prepared, "iv", &state));
    try testing.expectError(error.InvalidState, sealUpdate(&state, "", ""));
    try testing.expectError(error.InvalidState, sealFinal(&state, &tag));
}

test "more text than the counter can number is refused, and the state is as it was" {
    var prepared: Prepared = undefined;
    try prepare("0123456789abcdef", &prepared);
    var text: [33]u8 = @splat(0);
    var state: State = undefined;
    inline for (.{ Kind.sealing, Kind.verifying }) |kind| {
        try init(&prepared, "iv", &state);
        state.tag = @intFromEnum(kind);
        state.message.text_bytes = text_bytes_max - 32;
        const before = state;
        const refused = if (kind == .sealing) sealUpdate(&state, &text, &text) else verifyUpdate(&state, &text);
        try testing.expectError(error.InvalidLength, refused);
        try testing.expectEqualSlices(u8, std.mem.asBytes(&before), std.mem.asBytes(&state));
        try if (kind == .sealing) sealUpdate(&state, text[0..32], text[0..32]) else verifyUpdate(&state, text[0..32]);
    }
}

test "a forged key or state gives wrong bytes and touches nothing else" {
    for ([_]Kind{ .iv, .aad, .sealing, .verifying, .opening }) |kind| {
        var guarded: extern struct { before: [64]u8 align(16), state: State, after: [64]u8 } = undefined;
        @memset(std.mem.asBytes(&guarded), 0xff);
        guarded.state.tag = @intFromEnum(kind);
        var text: [300]u8 = @splat(0);
        var tag: [16]u8 = undefined;
        switch (kind) {
            .opening => {
                guarded.state.message.text_bytes = 5;
                try openUpdate(&guarded.state, &text, &text);
            },
            .verifying => {
                guarded.state.message.text_bytes = 5;
                try verifyUpdate(&guarded.state, &text);
                try testing.expectError(error.AuthenticationFailed, verifyFinal(&guarded.state, &tag));
            },
            else => {
                if (kind == .iv) try updateIv(&guarded.state, &text);
                if (kind == .iv or kind == .aad) try updateAad(&guarded.state, &text);
                guarded.state.message.text_bytes = 5;
                try sealUpdate(&guarded.state, &text, &text);
                try sealFinal(&guarded.state, &tag);
            },
        }
        try testing.expect(std.mem.allEqual(u8, &guarded.before, 0xff));
        try testing.expect(std.mem.allEqual(u8, &guarded.after, 0xff));
    }
}

test "lengths of more than 32 bits come into the tag whole" {
    const key = "0123456789abcdef0123456789abcdef";
    var prepared: Prepared = undefined;
    try prepare(key, &prepared);
    const aes = std.crypto.core.aes.Aes256.initEnc(key.*);
    var h: [16]u8 = @splat(0);
    aes.encrypt(&h, &h);
    var j0 = [_]u8{'i'} ** 12 ++ [_]u8{ 0, 0, 0, 1 };
    aes.encrypt(&j0, &j0);
    var state: State = undefined;
    try init(&prepared, "i" ** 12, &state);
    // As though so many blocks had come whose hash is zero.
    state.message.aad_bytes = 0x0123_4567_89ab_cde0;
    state.message.text_bytes = text_bytes_max;
    const lengths = @as(u128, state.message.aad_bytes * 8) << 64 | text_bytes_max * 8;
    var expected: [16]u8 = undefined;
    std.mem.writeInt(u128, &expected, ghash.slowMultiply(lengths, std.mem.readInt(u128, &h, .big)), .big);
    for (&expected, j0) |*sum, byte| sum.* ^= byte;
    var tag: [16]u8 = undefined;
    try sealFinal(&state, &tag);
    try testing.expectEqual(expected, tag);
}
