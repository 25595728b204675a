/** What matters of the head of an answer (RFC 9112, sections 4 to 6 and 9.3). */
export interface AnswerHead {
  readonly status: number;
  readonly persistent: boolean;
  /** The length of the body in bytes, or how its end is known. */
  readonly body: number | 'chunked' | 'untilEnd';
  readonly retryAfter: string | undefined;
  /** How long the server says that it keeps an idle connection, in milliseconds. */
  readonly keepAliveMs: number | undefined;
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const FIELD_NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
const VERSION = 'HTTP/1.';

/** Whether more bytes could make an answer of it. */
export function mayBecomeAnswer(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, VERSION.length);
  return VERSION.startsWith(start);
}

let lastText = '';
let lastHead: AnswerHead | string = '';

/**
 * Reads a head, without the line ends after it, or says what is wrong with it.
 * A sink's answers are the same but for their date, which changes once a second; to compare is cheaper than to read.
 */
export function readAnswerHead(text: string): AnswerHead | string {
  if (text !== lastText) {
    lastHead = understood(text);
    lastText = text;
  }
  return lastHead;
}

/** Reads the status line and the few fields that matter, or says what is wrong with them. */
function understood(text: string): AnswerHead | string {
  const line = STATUS_LINE.exec(lineAt(text, 0));
  if (line === null) return 'its first line is not that of an answer in HTTP/1.1';
  const head: { -readonly [K in keyof AnswerHead]: AnswerHead[K] } = {
    status: Number(line[2]),
    persistent: line[1] === '1',
    body: 'untilEnd',
    retryAfter: undefined,
    keepAliveMs: undefined,
  };
  let length: string | undefined;
  let coding: string | undefined;
  for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n', at + 2)) {
    const colon = text.indexOf(':', at + 2);
    const name = text.slice(at + 2, colon);
    if (colon < 0 || !FIELD_NAME.test(name)) return 'one of its header lines has no name';
    switch (MEANT.has(name.length) ? name.toLowerCase() : '') {
      case 'content-length': {
        const value = valueAt(text, colon);
        if (!/^\d{1,15}$/.test(value)) return 'the length of its body is no number';
        if (length !== undefined && length !== value) return 'it has two lengths';
        length = value;
        break;
      }
      case 'transfer-encoding':
        coding = valueAt(text, colon);
        break;
      case 'connection':
        if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(valueAt(text, colon))) head.persistent = false;
        break;
      case 'keep-alive': {
        const seconds = /timeout=(\d{1,6})/.exec(valueAt(text, colon))?.[1];
        if (seconds !== undefined) head.keepAliveMs = Number(seconds) * 1_000;
        break;
      }
      case 'retry-after':
        head.retryAfter ??= valueAt(text, colon);
    }
  }
  if (coding !== undefined) {
    if (/(?:^|,)[ \t]*chunked$/i.test(coding)) head.body = 'chunked';
    // Who sends both may mean something else by its bytes than we do (RFC 9112, 6.1).
    if (length !== undefined) head.persistent = false;
  } else if (length !== undefined) head.body = Number(length);
  return head;
}

/** The lengths of the names that are looked at, so that no other one is folded to lower case. */
const MEANT: ReadonlySet<number> = new Set(
  ['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'retry-after'].map(({ length }) => length),
);

function valueAt(text: string, colon: number): string {
  return lineAt(text, colon + 1).trim();
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\r\n', start);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}
