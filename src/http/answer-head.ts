/** What matters of the head of an answer (RFC 9112, sections 4 to 6 and 9.3). */
export interface AnswerHead {
  readonly status: number;
  readonly persistent: boolean;
  /** The length of the body in bytes, or how its end is known. */
  readonly body: number | 'chunked' | 'untilEnd';
  readonly retryAfter: string | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** How long the server says that it keeps an idle connection, in milliseconds. */
  readonly keepAliveMs: number | undefined;
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const FIELD_NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
const VERSION = 'HTTP/1.';

const HEAD_END = Buffer.from('\r\n\r\n');
/** What llhttp and Go's client allow or more; nobody answers with so many headers. */
const MOST_HEAD_BYTES = 64 * 1024;

/** A head and the position just past it, in the bytes that it stands in. */
export interface FoundHead {
  readonly head: AnswerHead;
  readonly end: number;
}

let lastBytes: Buffer = Buffer.alloc(0);
let lastHead: AnswerHead | undefined;

/**
 * The head that starts at `at`, what is wrong with it, or undefined while some of it is missing.
 * A sink's answers are the same but for their date, which changes once a second; to compare is cheaper than to read.
 */
export function findAnswerHead(bytes: Buffer, at: number): FoundHead | string | undefined {
  if (lastHead !== undefined && stands(lastBytes, bytes, at)) return { head: lastHead, end: at + lastBytes.length };
  const end = bytes.indexOf(HEAD_END, at);
  if (end < 0 || end - at > MOST_HEAD_BYTES) {
    if (!mayBecomeAnswer(bytes, at)) return 'it is not HTTP/1.1';
    return bytes.length - at > MOST_HEAD_BYTES ? `its head is longer than ${MOST_HEAD_BYTES} bytes` : undefined;
  }
  const head = readAnswerHead(bytes.toString('latin1', at, end));
  if (typeof head === 'string') return head;
  lastBytes = Buffer.from(bytes.subarray(at, end + HEAD_END.length));
  lastHead = head;
  return { head, end: end + HEAD_END.length };
}

function stands(these: Buffer, bytes: Buffer, at: number): boolean {
  if (bytes.length - at < these.length) return false;
  for (let i = 0; i < these.length; i++) if (bytes[at + i] !== these[i]) return false;
  return true;
}

/** Reads the status line and the few fields that matter, or says what is wrong with them. */
function readAnswerHead(text: string): AnswerHead | string {
  const line = STATUS_LINE.exec(lineAt(text, 0));
  if (line === null) return 'its first line is not that of an answer in HTTP/1.1';
  const head: { -readonly [K in keyof AnswerHead]: AnswerHead[K] } = {
    status: Number(line[2]),
    persistent: line[1] === '1',
    body: 'untilEnd',
    retryAfter: undefined,
    contentType: undefined,
    contentEncoding: undefined,
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
        break;
      case 'content-type':
        head.contentType ??= valueAt(text, colon);
        break;
      case 'content-encoding':
        head.contentEncoding ??= valueAt(text, colon);
    }
  }
  if (coding !== undefined) {
    if (/(?:^|,)[ \t]*chunked$/i.test(coding)) head.body = 'chunked';
    // Who sends both may mean something else by its bytes than we do (RFC 9112, 6.1).
    if (length !== undefined) head.persistent = false;
  } else if (length !== undefined) head.body = Number(length);
  return head;
}

/** Whether more bytes could make an answer of it. */
function mayBecomeAnswer(bytes: Buffer, at: number): boolean {
  return VERSION.startsWith(bytes.toString('latin1', at, at + VERSION.length));
}

/** The lengths of the names that are looked at, so that no other one is folded to lower case. */
const MEANT: ReadonlySet<number> = new Set(
  [
    'content-length',
    'transfer-encoding',
    'connection',
    'keep-alive',
    'retry-after',
    'content-type',
    'content-encoding',
  ].map(({ length }) => length),
);

function valueAt(text: string, colon: number): string {
  return lineAt(text, colon + 1).trim();
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf('\r\n', start);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}
