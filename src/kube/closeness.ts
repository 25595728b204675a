/** The names, the ones that are most like `wanted` first (case aside), equally close ones in alphabetical order. */
export function byCloseness(names: Iterable<string>, wanted: string): string[] {
  const distances = new Map([...names].map((name) => [name, distance(name.toLowerCase(), wanted.toLowerCase())]));
  return [...distances.keys()].sort((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0) || (a < b ? -1 : 1));
}

/** Levenshtein: how many letters have to be added, removed or replaced to make one word the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
