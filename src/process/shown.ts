const MOST_SHOWN = 64;

/** A text from the configuration as a sentence may show it: quoted, cut, and without a password. */
export function shownText(text: string): string {
  return cut(JSON.stringify(withoutPassword(text)));
}

/** The same for any JSON value; `nothing` where there is none. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return cut(JSON.stringify(value, (_key, it: unknown) => (typeof it === 'string' ? withoutPassword(it) : it)));
  } catch {
    return 'something nested too deeply to show';
  }
}

/** What stands in front of an @ may be the user and the password of a URL, even of one that cannot be parsed. */
export function withoutPassword(text: string): string {
  return text.replace(/^.*@/s, '***@');
}

/** What JSON.parse found wrong with `text`; without the piece of it that it quotes, where that may hold a password. */
export function jsonProblem(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return text.includes('@') ? message.replace(/,? ?(\.\.\.)?".*$/s, '') : message;
}

function cut(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text;
}
