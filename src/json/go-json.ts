/**
 * JSON as Go's json.Marshal writes it: characters that could end a script element are escaped. The order of members is
 * that of the value.
 */
export function goJson(value: unknown): string {
  return escapeAsGo(JSON.stringify(value));
}

/** The same of a text that is JSON already. */
export function escapeAsGo(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A Go map: its keys in order. */
export function sortedByKey<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
