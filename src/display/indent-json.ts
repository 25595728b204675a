import { endOfString, endOfValue, skipSpace } from '../json/scan.ts';

/**
 * White space multiplies by depth: a few MiB of brackets and commas would become gigabytes. It takes 5,700 levels or
 * many elements to get here; upstream goes on until level 10,000.
 */
const MAX_BYTES = 64 * 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** Bytes that grow: `length` of them are written. */
interface Output {
  bytes: Buffer;
  length: number;
}

/**
 * Lays JSON out as Go's `json.Indent(.., "  ", "  ")`: two spaces a level, every line but the first two spaces in.
 * Tokens stay as they were written, so does white space after the value; `{}` and `[]` stay closed. Undefined where
 * `json` is not valid JSON or would take more than 64 MiB.
 */
export function indentJson(json: Buffer): Buffer | undefined {
  if (!isJson(json)) return undefined;
  const output: Output = { bytes: Buffer.allocUnsafe(json.length * 2 + 64), length: 0 };
  let depth = 0;
  let end = 0;
  let isFirst = false;
  for (let at = skipSpace(json, 0); at < json.length; at = skipSpace(json, end)) {
    const byte = json[at] ?? 0;
    end = endOfToken(json, at);
    const closes = byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
    if (closes) depth--;
    if (closes !== isFirst) newLine(output, depth);
    copy(output, json, at, end);
    isFirst = byte === OPEN_BRACE || byte === OPEN_BRACKET;
    if (isFirst) depth++;
    else if (byte === COLON) spaces(output, 1);
    else if (byte === COMMA) newLine(output, depth);
    if (output.length > MAX_BYTES) return undefined;
  }
  copy(output, json, end, json.length);
  return output.bytes.subarray(0, output.length);
}

/** Where the token at `at` ends, in JSON that is known to be valid. */
function endOfToken(json: Buffer, at: number): number {
  switch (json[at] ?? 0) {
    case QUOTE:
      return endOfString(json, at);
    case OPEN_BRACE:
    case OPEN_BRACKET:
    case CLOSE_BRACE:
    case CLOSE_BRACKET:
    case COLON:
    case COMMA:
      return at + 1;
    default:
      return endOfValue(json, at);
  }
}

function newLine(output: Output, depth: number): void {
  reserve(output, 1);
  output.bytes[output.length++] = LINE_FEED;
  spaces(output, 2 + depth * 2);
}

function spaces(output: Output, count: number): void {
  reserve(output, count);
  for (let i = 0; i < count; i++) output.bytes[output.length++] = SPACE;
}

/** Byte by byte: tokens are short, and for them the calls of Buffer cost several times as much. */
function copy(output: Output, source: Buffer, start: number, end: number): void {
  reserve(output, end - start);
  for (let at = start; at < end; at++) output.bytes[output.length++] = source[at] ?? 0;
}

function reserve(output: Output, count: number): void {
  if (output.length + count <= output.bytes.length) return;
  const grown = Buffer.allocUnsafe((output.length + count) * 2);
  output.bytes.copy(grown, 0, 0, output.length);
  output.bytes = grown;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
