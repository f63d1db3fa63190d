//! V8's value-serializer format (v8/src/objects/value-serializer.cc), versions 13 to 15: its tags, and what follows
//! each of them. This room knows the format and nothing of JavaScript. The core reads it, to say what stands where
//! (scanner.zig); making bytes of values and values of bytes is TypeScript's (ts/web/serialize), as measured best: see
//! docs/serialize.md.
//!
//! | bytes                  | meaning                                                                        |
//! |------------------------|--------------------------------------------------------------------------------|
//! | `FF` version           | once, at the beginning                                                         |
//! | `00`                   | padding before a tag, so that UTF-16 stands at even offsets                    |
//! | `_ 0 T F`              | undefined, null, true, false                                                   |
//! | `I` zigzag `U` varint  | integers of 32 bits                                                            |
//! | `N` 8 bytes            | a double, little-endian                                                        |
//! | `Z` varint digits      | a BigInt: bit 0 is the sign, the rest how many bytes of digits follow          |
//! | `" c S` varint bytes   | a string in ISO 8859-1, UTF-16 little-endian, UTF-8: length in bytes, bytes    |
//! | `^` varint             | an object that was there before, by its number; numbers go by beginnings       |
//! | `o` ... `{` varint     | an object: keys and values; how many properties                                |
//! | `A` varint ... `$` 2   | a dense array: length, values or holes `-`, keys and values; properties, length |
//! | `a` varint ... `@` 2   | a sparse array: length, keys and values; properties, length                    |
//! | `;` ... `:` varint     | a Map: keys and values; how many of both together                              |
//! | `'` ... `,` varint     | a Set: values; how many                                                        |
//! | `D` 8 bytes            | a Date, in ms since 1970                                                       |
//! | `y x n z s`            | boxed true, false, number, BigInt, string                                      |
//! | `R` string varint      | a RegExp: source and flags                                                     |
//! | `B` varint bytes       | an ArrayBuffer                                                                 |
//! | `~` 2 bytes            | a resizable ArrayBuffer: length, greatest length, bytes                        |
//! | `V` kind 3             | a view of the ArrayBuffer before it: offset, length, flags (from version 14)   |
//! | `r` parts `.`          | an error: its type, `m` message, `s` stack, `c` cause                          |
//! | `\` 2 bytes            | a host object, as Node writes views: kind, length, bytes                       |
//! | `?` varint             | a count that V8 once checked, before any value                                 |
//!
//! A varint is base 128, least significant group first, of 32 bits at most; "2" above stands for two of them.
//! ts/web/serialize/format.ts repeats the tags; a test compares the two.

pub const Tag = enum(u8) {
    version = 0xff,
    padding = 0x00,
    verify_object_count = '?',
    hole = '-',
    undefined = '_',
    null = '0',
    true = 'T',
    false = 'F',
    int32 = 'I',
    uint32 = 'U',
    double = 'N',
    bigint = 'Z',
    utf8_string = 'S',
    one_byte_string = '"',
    two_byte_string = 'c',
    reference = '^',
    object = 'o',
    end_object = '{',
    sparse_array = 'a',
    end_sparse_array = '@',
    dense_array = 'A',
    end_dense_array = '$',
    date = 'D',
    true_object = 'y',
    false_object = 'x',
    number_object = 'n',
    bigint_object = 'z',
    string_object = 's',
    regexp = 'R',
    map = ';',
    end_map = ':',
    set = '\'',
    end_set = ',',
    array_buffer = 'B',
    resizable_array_buffer = '~',
    view = 'V',
    error_object = 'r',
    host_object = '\\',
    _,
};

/// The parts of an error.
pub const ErrorTag = enum(u8) {
    eval_error = 'E',
    range_error = 'R',
    reference_error = 'F',
    syntax_error = 'S',
    type_error = 'T',
    uri_error = 'U',
    message = 'm',
    cause = 'c',
    stack = 's',
    end = '.',
    _,

    pub fn isType(tag: ErrorTag) bool {
        return switch (tag) {
            .eval_error, .range_error, .reference_error, .syntax_error, .type_error, .uri_error => true,
            else => false,
        };
    }
};

pub const version_min = 13;
pub const version_max = 15;
pub const version_with_view_flags = 14;

pub const view_flag_length_tracking = 1;
pub const view_flag_resizable = 2;

/// How many bytes an element of a view takes, by the tag of its kind; null for none.
pub fn viewElementBytes(tag: u8) ?u32 {
    return switch (tag) {
        'b', 'B', 'C', '?' => 1,
        'w', 'W', 'h' => 2,
        'd', 'D', 'f' => 4,
        'F', 'q', 'Q' => 8,
        else => null,
    };
}

/// The same by Node's number for views as host objects; null for those of applications.
pub fn hostElementBytes(kind: u32) ?u32 {
    return switch (kind) {
        0...2, 9, 10 => 1,
        3, 4 => 2,
        5...7 => 4,
        8, 11, 12 => 8,
        else => null,
    };
}

/// From here on kinds of host objects are the application's.
pub const host_kind_application_min = 16;
