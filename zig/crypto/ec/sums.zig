//! Sums and differences of pairs of field elements, whose limbs are computed where they are used, and never carried: how
//! many elements are in them is counted in types, for what is too long not to compile.
//!
//! A vector holds limbs of two elements in turns: first, second, first, second.

const std = @import("std");
const hidden = @import("lanes.zig").hidden;

/// How many elements are summed up, in the first and in the second lane.
pub const Counts = [2]comptime_int;

/// Of pairs that are so many vectors.
pub fn Sums(comptime Vector: type, comptime vectors: comptime_int) type {
    return struct {
        pub const Limbs = [vectors]Vector;

        /// Two sums or differences, not carried, of so many elements in either lane.
        pub fn Sum(comptime first: comptime_int, comptime second: comptime_int) type {
            return extern struct {
                limbs: Limbs,
                const counts: Counts = .{ first, second };
            };
        }

        /// a + b. Like all that follows it takes pointers to sums, and what `plus`, `minus` and `lanes` gave.
        pub inline fn plus(a: anytype, b: anytype) Plus(@TypeOf(a), @TypeOf(b)) {
            return .{ .a = a, .b = b };
        }

        fn Plus(comptime A: type, comptime B: type) type {
            return struct {
                a: A,
                b: B,
                const counts: Counts = .{ countsOf(A)[0] + countsOf(B)[0], countsOf(A)[1] + countsOf(B)[1] };

                fn limb(sum: @This(), i: usize) Vector {
                    return hidden(limbOf(sum.a, i) +% limbOf(sum.b, i));
                }
            };
        }

        /// a - b
        pub inline fn minus(a: anytype, b: anytype) Minus(@TypeOf(a), @TypeOf(b)) {
            return .{ .a = a, .b = b };
        }

        fn Minus(comptime A: type, comptime B: type) type {
            return struct {
                a: A,
                b: B,
                const counts: Counts = .{ countsOf(A)[0] + countsOf(B)[0], countsOf(A)[1] + countsOf(B)[1] };

                fn limb(difference: @This(), i: usize) Vector {
                    return limbOf(difference.a, i) -% limbOf(difference.b, i);
                }
            };
        }

        /// Lane i of a, and lane j of b.
        pub inline fn lanes(
            a: anytype,
            comptime i: comptime_int,
            b: anytype,
            comptime j: comptime_int,
        ) LanesOf(@TypeOf(a), i, @TypeOf(b), j) {
            return .{ .a = a, .b = b };
        }

        fn LanesOf(comptime A: type, comptime i: comptime_int, comptime B: type, comptime j: comptime_int) type {
            return struct {
                a: A,
                b: B,
                const counts: Counts = .{ countsOf(A)[i], countsOf(B)[j] };
                const order = blk: {
                    var indices: [@typeInfo(Vector).vector.len]i32 = undefined;
                    for (0..indices.len / 2) |at| indices[2 * at ..][0..2].* = .{ 2 * at + i, ~@as(i32, 2 * at + j) };
                    break :blk indices;
                };

                fn limb(both: @This(), at: usize) Vector {
                    return @shuffle(@typeInfo(Vector).vector.child, limbOf(both.a, at), limbOf(both.b, at), order);
                }
            };
        }

        /// The same sum, to be computed three vectors at a time, which takes more code: for where most of the time goes.
        pub inline fn quick(a: anytype) Quick(@TypeOf(a)) {
            return .{ .a = a };
        }

        fn Quick(comptime A: type) type {
            return struct {
                a: A,
                const counts: Counts = countsOf(A);
                const at_once = if (vectors % 3 == 0) 3 else 1;

                fn limb(sum: @This(), i: usize) Vector {
                    return limbOf(sum.a, i);
                }
            };
        }

        fn limbOf(a: anytype, i: usize) Vector {
            return if (@typeInfo(@TypeOf(a)) == .pointer) a.limbs[i] else a.limb(i);
        }

        /// How many elements are summed up in each lane.
        pub fn countsOf(comptime A: type) Counts {
            return switch (@typeInfo(A)) {
                .pointer => |pointer| pointer.child.counts,
                else => A.counts,
            };
        }

        fn Computed(comptime A: type) type {
            return Sum(countsOf(A)[0], countsOf(A)[1]);
        }

        /// The sum, computed.
        pub inline fn computed(a: anytype) Computed(@TypeOf(a)) {
            var sum: Computed(@TypeOf(a)) = undefined;
            compute(a, &sum.limbs);
            return sum;
        }

        /// Computes a sum where it belongs, which may be where a part of it is.
        pub inline fn store(result: anytype, a: anytype) void {
            const room: Counts = @TypeOf(result.*).counts;
            const counts = countsOf(@TypeOf(a));
            comptime std.debug.assert(counts[0] <= room[0] and counts[1] <= room[1]);
            compute(a, &result.limbs);
        }

        /// Vector by vector, in a loop that LLVM cannot unroll: it would be hardly faster, and the code twice as long.
        inline fn compute(a: anytype, result: *Limbs) void {
            const A = @TypeOf(a);
            const at_once = if (@typeInfo(A) == .@"struct" and @hasDecl(A, "at_once")) A.at_once else 1;
            var i: usize = 0;
            while (true) {
                inline for (0..at_once) |next| result[i + next] = limbOf(a, i + next);
                i += at_once;
                if (i == hidden(@as(usize, vectors))) break;
            }
        }

        /// A pointer to a sum's limbs, computed first if need be.
        pub inline fn operand(a: anytype, storage: *Limbs) *const Limbs {
            if (@typeInfo(@TypeOf(a)) == .pointer) return &a.limbs;
            compute(a, storage);
            return storage;
        }
    };
}
