//! Host and port as Host, absolute-form and authority-form carry them: RFC 9110 section 7.2, RFC 3986 section 3.2.
//!
//!     Host = uri-host [ ":" port ]      uri-host = "[" IPv6address "]" / IPv4address / reg-name
//!
//! Narrower than the grammar in two places, where no URL parser could use what the grammar admits: a port is at
//! most 65535, and IPvFuture is refused, since no such address exists. Userinfo is not part of a Host, and
//! RFC 9110 section 4.2.4 asks to treat it in a request as an error.

const std = @import("std");
const chars = @import("chars.zig");

/// Views into the text that was parsed.
pub const Authority = struct {
    /// Empty, a registered name, an IPv4 address, or an IPv6 address with its brackets.
    host: []const u8,
    /// What follows the colon; null without one.
    port: ?u16,
};

pub fn parse(text: []const u8) error{InvalidAuthority}!Authority {
    const bracketed = text.len > 0 and text[0] == '[';
    const host_len = if (bracketed)
        1 + (std.mem.indexOfScalar(u8, text, ']') orelse return error.InvalidAuthority)
    else
        std.mem.indexOfScalar(u8, text, ':') orelse text.len;

    const host = text[0..host_len];
    const valid = if (bracketed) isIpv6Address(host[1 .. host_len - 1]) else isRegName(host);
    if (!valid) return error.InvalidAuthority;
    if (host_len == text.len) return .{ .host = host, .port = null };
    if (text[host_len] != ':') return error.InvalidAuthority;
    return .{ .host = host, .port = try parsePort(text[host_len + 1 ..]) };
}

/// An empty port stands for the scheme's own, as does none (RFC 3986 section 3.2.3).
fn parsePort(digits: []const u8) error{InvalidAuthority}!?u16 {
    if (digits.len == 0) return null;
    var port: u32 = 0;
    for (digits) |digit| {
        if (!std.ascii.isDigit(digit)) return error.InvalidAuthority;
        port = port * 10 + (digit - '0');
        if (port > std.math.maxInt(u16)) return error.InvalidAuthority;
    }
    return @intCast(port);
}

/// reg-name = *( unreserved / pct-encoded / sub-delims ); every IPv4 address is one.
fn isRegName(text: []const u8) bool {
    var at: usize = 0;
    while (at < text.len) {
        if (text[at] == '%') {
            if (text.len - at < 3 or !std.ascii.isHex(text[at + 1]) or !std.ascii.isHex(text[at + 2])) return false;
            at += 3;
        } else {
            if (!chars.reg_name.has(text[at])) return false;
            at += 1;
        }
    }
    return true;
}

/// Eight groups of sixteen bits, the last two of which may be an IPv4 address; one "::" stands for one or more
/// groups of zero.
fn isIpv6Address(text: []const u8) bool {
    var rest = text;
    var groups: usize = 0;
    var elided = false;
    if (std.mem.startsWith(u8, rest, "::")) {
        elided = true;
        rest = rest[2..];
        if (rest.len == 0) return true;
    }
    while (std.mem.indexOfScalar(u8, rest, ':')) |colon| {
        if (!isGroup(rest[0..colon])) return false;
        groups += 1;
        rest = rest[colon + 1 ..];
        if (rest.len > 0 and rest[0] == ':') {
            if (elided) return false;
            elided = true;
            rest = rest[1..];
            if (rest.len == 0) return groups <= 7;
        }
    }
    groups += if (isGroup(rest)) 1 else if (isIpv4Address(rest)) 2 else return false;
    return if (elided) groups <= 7 else groups == 8;
}

/// h16 = 1*4HEXDIG
fn isGroup(text: []const u8) bool {
    if (text.len < 1 or text.len > 4) return false;
    for (text) |byte| if (!std.ascii.isHex(byte)) return false;
    return true;
}

/// Four numbers from 0 to 255 without leading zeros.
fn isIpv4Address(text: []const u8) bool {
    var numbers: usize = 0;
    var parts = std.mem.splitScalar(u8, text, '.');
    while (parts.next()) |part| : (numbers += 1) {
        if (part.len < 1 or part.len > 3 or (part.len > 1 and part[0] == '0')) return false;
        var number: u32 = 0;
        for (part) |byte| {
            if (!std.ascii.isDigit(byte)) return false;
            number = number * 10 + (byte - '0');
        }
        if (number > 255) return false;
    }
    return numbers == 4;
}

const testing = std.testing;

test "host and port are told apart" {
    const cases = .{
        .{ "", "", null },
        .{ "example.org", "example.org", null },
        .{ "example.org:", "example.org", null },
        .{ "example.org:8080", "example.org", 8080 },
        .{ "a-b_c~1.%41", "a-b_c~1.%41", null },
        .{ "127.0.0.1:65535", "127.0.0.1", 65535 },
        .{ "[::1]:00080", "[::1]", 80 },
        .{ ":80", "", 80 },
    };
    inline for (cases) |case| {
        const authority = try parse(case[0]);
        try testing.expectEqualStrings(case[1], authority.host);
        try testing.expectEqual(@as(?u16, case[2]), authority.port);
    }
}

test "what is no host or no port is refused" {
    const cases = [_][]const u8{
        "a b",  "a/b",  "a@b",    "user:pw@host", "a\"", "a:b",  "a:80:80", "a:65536",     "a:99999999999999999999",
        "a:-1", "a:+1", "a:0x50", "a%",           "a%4", "a%4g", "a\\b",    "\x7f",        "\xc3\xbc",
        "[",    "[]",   "[::1",   "[::1]x",       "]",   "[1]",  "[v1.a]",  "[127.0.0.1]", "[fe80::1%25eth0]",
    };
    for (cases) |text| try testing.expectError(error.InvalidAuthority, parse(text));
}

test "IPv6 addresses follow RFC 4291 section 2.2" {
    const valid = [_][]const u8{
        "::",              "::1",                   "1::",             "1:2:3:4:5:6:7:8",    "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8", "1:2:3::7:8",            "fe80::ABCD:ef01", "::ffff:192.0.2.128", "1:2:3:4:5:6:192.0.2.1",
        "1:2:3:4:5::7:8",  "::1:2:3:4:5:192.0.2.1",
    };
    for (valid) |text| try testing.expect(isIpv6Address(text));
    const invalid = [_][]const u8{
        "",              ":",                       ":::",               "1",                 "1:",         ":1",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",       "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3",    "12345::",
        "g::",           "1:::2",                   "::192.0.2",         "::256.0.0.1",       "::01.2.3.4", "::1.2.3.4.5",
        "192.0.2.1::",   "1:2:3:4:5:6:7:192.0.2.1", "::1.2.3.4:5",       "::1 ",
    };
    for (invalid) |text| try testing.expect(!isIpv6Address(text));
}
