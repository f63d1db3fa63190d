/** Byte ranges: RFC 9110 section 14. */

/** Both ends belong to it. */
export interface ByteRange {
  first: number;
  last: number;
}

/** More than these in one request are no sign of good will (section 17.15): the whole is sent. */
const RANGES_MAX = 16;

/**
 * The parts of `bytes` bytes that a Range field asks for, in its order; null when it is to be ignored: without one, of
 * another unit, not well formed, or asking for too many parts or for more than the whole. Empty when nothing that it asks
 * for is there: 416.
 */
export function parseRange(field: string | null, bytes: number): ByteRange[] | null {
  const [, list] = /^bytes=(.*)$/i.exec(field?.trim() ?? "") ?? [];
  if (list === undefined) return null;
  const ranges: ByteRange[] = [];
  const members = list
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
  if (members.length === 0 || members.length > RANGES_MAX) return null;
  for (const member of members) {
    const [whole, from, to] = /^(\d*)-(\d*)$/.exec(member) ?? [];
    if (whole === undefined || whole === "-") return null;
    if (from !== "" && to !== "" && Number(from) > Number(to)) return null;
    const range = resolve(from!, to!, bytes);
    // An empty representation is shorter than any suffix, and there is no way to write down a part of it.
    if (range === "whole") return null;
    if (range) ranges.push(range);
  }
  const wanted = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return ranges.length > 1 && wanted > bytes ? null : ranges;
}

function resolve(from: string, to: string, bytes: number): ByteRange | "whole" | null {
  if (from === "") {
    const suffix = Number(to);
    if (suffix === 0) return null;
    return bytes === 0 ? "whole" : { first: Math.max(0, bytes - suffix), last: bytes - 1 };
  }
  const first = Number(from);
  if (first >= bytes) return null;
  return { first, last: to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1) };
}

/** The value of Content-Range. */
export function contentRange({ first, last }: ByteRange, bytes: number): string {
  return `bytes ${first}-${last}/${bytes}`;
}
