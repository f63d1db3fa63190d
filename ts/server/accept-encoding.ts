/** Accept-Encoding: RFC 9110 section 12.5.3. */
import type { Coding } from "../host/host.ts";

/** A weight, as section 12.4.2 has it, from 0 to 1 with three digits at most. */
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;

/**
 * The coding to send, of those that there are, the dearest first; or null for none: because none is accepted, or since the
 * client would rather have none, or does not say. A member that is not well formed counts for nothing.
 */
export function chooseCoding(field: string | null, available: readonly Coding[]): Coding | null {
  if (!field) return null;
  const weights = new Map<string, number>();
  for (const member of field.split(",")) {
    const [coding = "", ...parameters] = member.split(";").map((part) => part.trim());
    const weight = parameters.length === 0 ? 1 : weightOf(parameters);
    if (weight !== null && TOKEN.test(coding)) weights.set(canonical(coding), weight);
  }
  const any = weights.get("*") ?? 0;
  const identity = weights.get("identity") ?? 0;
  let best: Coding | null = null;
  let bestWeight = 0;
  for (const coding of available) {
    const weight = weights.get(coding) ?? any;
    if (weight > bestWeight && weight >= identity) [best, bestWeight] = [coding, weight];
  }
  return best;
}

function weightOf(parameters: string[]): number | null {
  const match = parameters.length === 1 ? WEIGHT.exec(parameters[0]!) : null;
  return match ? Number(match[1]) : null;
}

/** Section 8.4.1: codings are case-insensitive, and one has an old name. */
function canonical(coding: string): string {
  const name = coding.toLowerCase();
  return name === "x-gzip" ? "gzip" : name;
}
