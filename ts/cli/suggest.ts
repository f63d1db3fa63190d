/** "Did you mean": the nearest of some words to a mistyped one. */

/** A question naming the word that was probably meant; nothing when none is near. */
export function didYouMean(typed: string, words: string[]): string | undefined {
  const allowed = Math.max(2, typed.length / 2);
  const near = words
    .map((word) => ({ word, distance: word.startsWith(typed) ? 0 : editDistance(typed, word) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance);
  return near[0] && `did you mean ${near[0].word}?`;
}

/** The least number of insertions, deletions and substitutions between two words (Levenshtein), row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
