/** White space around values, as the Infra standard has it. */

/**
 * `text` without the characters of `whitespace` at its ends. By hand, since a pattern looks at each run of them within
 * the text once for every character of it.
 */
export function trimmed(text: string, whitespace: string): string {
  let [start, end] = [0, text.length];
  while (start < end && whitespace.includes(text[start]!)) start++;
  while (end > start && whitespace.includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}
