import { isUtf8 } from 'node:buffer';

const NON_ASCII = /[\x80-\xff]/;

/**
 * The text of a `ce-` header's value, by the CloudEvents HTTP protocol binding, 3.1.3.2: a quoted string is unquoted,
 * then percent-encoding is decoded once. The SDKs of Go, Java and JavaScript do not encode, so what is not
 * percent-encoded UTF-8 stands for itself, and so do raw UTF-8 bytes. `value` is as node:http gives it, one character a byte.
 */
export function headerText(value: string): string {
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
export function headerUri(value: string): string {
  const text = rawText(value);
  return /%(?!25)/.test(text) ? text : text.replaceAll('%25', '%');
}

function rawText(value: string): string {
  const unquoted = /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value;
  if (!NON_ASCII.test(unquoted)) return unquoted;
  const bytes = Buffer.from(unquoted, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : unquoted;
}
