//! The one table of status codes that cross the boundary. Every export answers an `i32`: zero or more is its
//! result, a negative number is one of these. `ts/core/status.ts` repeats the table; a test compares the two.
//!
//! Addresses are results too. Memory never reaches its last page (the linker's --max-memory), so that an address
//! above 2 GiB, negative as an `i32`, is still below -255 and cannot be taken for a status.

pub const Status = enum(i32) {
    /// Memory could not grow: the engine refused, or the module's maximum is reached. Nothing was changed.
    out_of_memory = -1,
    /// An address and length that do not lie in the heap, or an address that is not aligned as its export asks.
    out_of_bounds = -2,
    /// An arena handle that is stale, forged or out of range.
    invalid_handle = -3,
    /// More live arenas than handles.
    too_many_arenas = -4,
    /// An alignment that is not a power of two, or too large.
    invalid_alignment = -5,
    /// A number that names no algorithm.
    unknown_algorithm = -6,
    /// A hash state or prepared key that was never initialised, is finished, or is of another kind.
    invalid_state = -7,
    /// An output area that is too small.
    no_space = -8,
    /// A key, IV, tag or message of a length that its algorithm does not have.
    invalid_length = -9,
    /// What was to be decrypted is not what was encrypted with this key: no more is said.
    authentication_failed = -10,
    /// A private key that is too long or short, 0, or not below the order of its group.
    invalid_private_key = -11,
    /// A public key that is no encoding of a point of its curve, or of infinity.
    invalid_public_key = -12,

    // What is wrong with an HTTP/1.1 message: http/head.zig and the files beside it explain each.
    invalid_request_line = -20,
    invalid_target = -21,
    invalid_field_line = -22,
    invalid_host = -23,
    invalid_content_length = -24,
    invalid_transfer_encoding = -25,
    target_too_long = -26,
    head_too_large = -27,
    too_many_fields = -28,
    method_too_long = -29,
    unknown_transfer_coding = -30,
    unsupported_version = -31,
    invalid_chunk_size = -32,
    invalid_chunk_extension = -33,
    invalid_chunk_end = -34,
    invalid_trailer = -35,
    chunk_extensions_too_large = -36,
    trailers_too_large = -37,
    invalid_status_line = -38,
    /// A part of a head that is to be sent which cannot be sent.
    invalid_part = -39,

    // What is wrong with a key file, or with the parts of one: zig/der explains each.
    invalid_der = -40,
    unknown_key_algorithm = -41,
    unknown_curve = -42,
    multi_prime_key = -43,
    invalid_key_parts = -44,
    /// Text that is no base64url, strictly and without padding.
    invalid_base64url = -45,

    /// Sizes or parts that are not those of an RSA key, or not of one that is supported.
    invalid_rsa_key = -50,
    /// A ciphertext or signature that is not less than the modulus.
    representative_out_of_range = -51,
    /// The result of a private RSA operation was wrong, and is not given: the key is none, or the machine failed.
    private_operation_failed = -52,
    /// A modulus too short for what is to be encoded.
    encoding_too_long = -53,
    /// Bytes that were to be random and cannot be: no prime was found among very many.
    not_random = -54,

    /// Bytes that are no serialized value: clone/scanner.zig says where, and what was expected.
    invalid_serialized_value = -60,

    pub fn code(status: Status) i32 {
        return @intFromEnum(status);
    }
};

/// The numbers above stay in -255..-1, out of the way of addresses.
pub const lowest_code = -255;

test "codes stay where no address can be" {
    const std = @import("std");
    inline for (@typeInfo(Status).@"enum".fields) |field| {
        try std.testing.expect(field.value < 0 and field.value >= lowest_code);
    }
}
