const LENGTH = 256;

/** Text from outside, fit for a log line: at most 256 characters, control characters and line separators escaped. */
export function printable(text: string): string {
  const escaped = text.slice(0, LENGTH).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, escapeChar);
  const complete = text.length <= LENGTH && escaped.length <= LENGTH;
  return (complete ? escaped : `${escaped.slice(0, LENGTH - 1)}…`).toWellFormed();
}

function escapeChar(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
