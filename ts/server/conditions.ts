/** Conditional requests: RFC 9110 section 13, for a representation that exists. */

export interface Validators {
  /** With its quotes. */
  etag: string;
  /** Unix time in milliseconds. */
  modified: number;
}

/**
 * What the conditions come to, in the order of section 13.2.2: 412 (Precondition Failed), 304 (Not Modified), or null for
 * going on. For GET and HEAD.
 */
export function evaluateConditions(headers: Headers, { etag, modified }: Validators): 304 | 412 | null {
  const ifMatch = headers.get("if-match");
  const ifUnmodifiedSince = parseDate(headers.get("if-unmodified-since"));
  if (ifMatch !== null) {
    if (!matches(ifMatch, etag, false)) return 412;
  } else if (ifUnmodifiedSince !== null && wholeSeconds(modified) > ifUnmodifiedSince) {
    return 412;
  }
  const ifNoneMatch = headers.get("if-none-match");
  const ifModifiedSince = parseDate(headers.get("if-modified-since"));
  if (ifNoneMatch !== null) return matches(ifNoneMatch, etag, true) ? 304 : null;
  return ifModifiedSince !== null && wholeSeconds(modified) <= ifModifiedSince ? 304 : null;
}

/**
 * Whether a part is worth sending, as far as If-Range goes: section 13.1.5. Both kinds of validator must be strong; a date
 * is when the representation did not change within the second that it names, and is not one of several.
 *
 * @param now null where it is one of several, such as that in a coding, which may have the same date.
 */
export function mayBePartial(headers: Headers, { etag, modified }: Validators, now: number | null): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
  if (ifRange.startsWith('"') || ifRange.startsWith("W/"))
    return !ifRange.startsWith("W/") && ifRange === etag;
  return now !== null && parseDate(ifRange) === wholeSeconds(modified) && now - modified >= 1000;
}

/** Section 5.6.7: to the second. */
export function httpDate(time: number): string {
  return new Date(time).toUTCString();
}

/** @param weakly W/"a" and "a" are the same: section 8.8.3.2. */
function matches(field: string, etag: string, weakly: boolean): boolean {
  if (field.trim() === "*") return true;
  const tags: string[] = field.match(/(?:W\/)?"[^"]*"/g) ?? [];
  const opaque = (tag: string) => (tag.startsWith("W/") ? tag.slice(2) : tag);
  if (weakly) return tags.some((tag) => opaque(tag) === opaque(etag));
  return !etag.startsWith("W/") && tags.includes(etag);
}

const IMF_FIXDATE = /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const RFC_850_DATE = /^[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/** Unix time in milliseconds; null for what is none of the three forms of a date, which is ignored. */
function parseDate(text: string | null): number | null {
  if (text === null) return null;
  let time = Number.NaN;
  if (IMF_FIXDATE.test(text)) time = Date.parse(text);
  else if (RFC_850_DATE.test(text)) time = Date.parse(text.replaceAll("-", " "));
  else if (ASCTIME_DATE.test(text)) time = Date.parse(`${text} GMT`);
  return Number.isNaN(time) ? null : time;
}

export function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
