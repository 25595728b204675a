import { isUtf8 } from 'node:buffer';

/** What must be encoded: space, `"`, `%` and all outside U+0021 to U+007E. */
const UNFIT = /[^\x21\x23\x24\x26-\x7e]/;
const NON_ASCII = /[\x80-\xff]/;

/** `text` as the value of a `ce-` header: percent-encoded by the CloudEvents HTTP protocol binding, 3.1.3.2. */
export function encodeHeaderText(text: string): string {
  if (!UNFIT.test(text)) return text;
  return Array.from(text, (c) => (UNFIT.test(c) ? percentEncoded(c) : c)).join('');
}

/**
 * The text of a `ce-` header's value, by the same section: a quoted string is unquoted, then percent-encoding is
 * decoded once. The SDKs of Go, Java and JavaScript do not encode, so what is not
 * percent-encoded UTF-8 stands for itself, and so do raw UTF-8 bytes. `value` is as node:http gives it, one character a byte.
 */
export function decodeHeaderText(value: string): string {
  const text = rawText(value);
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The same for an attribute that is a URI. There `%2F` belongs to the URI, and a sender that encodes writes `%252F`;
 * so it is decoded only where every percent sign is an encoded one.
 */
export function decodeHeaderUri(value: string): string {
  const text = rawText(value);
  return /%(?!25)/.test(text) ? text : text.replaceAll('%25', '%');
}

/** encodeURIComponent would throw at a lone surrogate; here it becomes a replacement character. */
function percentEncoded(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function rawText(value: string): string {
  const unquoted = /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value;
  if (!NON_ASCII.test(unquoted)) return unquoted;
  const bytes = Buffer.from(unquoted, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : unquoted;
}
