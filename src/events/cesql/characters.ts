/**
 * CESQL counts characters of Unicode, JavaScript halves of some of them. Text without such characters, nearly all that
 * Kubernetes writes, is cut as it stands.
 */
const HALVES = /[\ud800-\udfff]/;

export function lengthOf(text: string): number {
  if (!HALVES.test(text)) return text.length;
  let length = 0;
  for (let at = 0; at < text.length; at = nextCharacter(text, at)) length++;
  return length;
}

/** The characters from number `start` up to, not including, number `end`, the first being number 0. */
export function cut(text: string, start: number, end: number): string {
  return HALVES.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end);
}

/** Where the character after the one at `at` starts. */
export function nextCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}
