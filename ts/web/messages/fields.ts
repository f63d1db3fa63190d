/**
 * Header fields as a flat list, name and value in turn: what a Response is given, before there is a Headers of it.
 * https://fetch.spec.whatwg.org/#concept-headers-fill
 */

/** RFC 9110 section 5.6.2. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No CR, LF or NUL; and nothing above U+00FF, which an engine would cut down to one of those. */
export const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The same without the white space around it that Headers takes off; not empty. */
const NORMALIZED_VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

/** Names in lower case, by what they were written as: apps use the same few again and again. */
const lowerCaseNames = new Map<string, string>();
const NAMES_MAX = 512;

/** @returns undefined for what is no field name. */
function lowerCase(name: string): string | undefined {
  let lower = lowerCaseNames.get(name);
  if (lower === undefined && TOKEN.test(name)) {
    lower = name.toLowerCase();
    if (lowerCaseNames.size < NAMES_MAX) lowerCaseNames.set(name, lower);
  }
  return lower;
}

/**
 * The fields of an object literal, as it is now, names in lower case, values as they are sent.
 *
 * @returns undefined for anything that is not that simple: then Headers knows what to make of it.
 */
export function fieldsOf(init: object): string[] | undefined {
  if (Object.getPrototypeOf(init) !== Object.prototype || Object.getOwnPropertySymbols(init).length > 0)
    return undefined;
  const fields: string[] = [];
  let renamed = false;
  for (const key of Object.keys(init)) {
    const name = lowerCase(key);
    const value = (init as Record<string, unknown>)[key];
    if (name === undefined || typeof value !== "string" || !NORMALIZED_VALUE.test(value)) return undefined;
    renamed ||= name !== key;
    if (renamed && hasField(fields, name)) return undefined;
    fields.push(name, value);
  }
  return fields;
}

export function hasField(fields: readonly string[], name: string): boolean {
  return valueIn(fields, name) !== undefined;
}

/** Of the first field of that name. */
export function valueIn(fields: readonly string[], name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return fields[at + 1];
  return undefined;
}

export function pairsOf(fields: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2) pairs.push([fields[at]!, fields[at + 1]!]);
  return pairs;
}
