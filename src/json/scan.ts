/**
 * Finding values in JSON bytes without parsing them. Kubernetes objects go to the sink as the bytes that came in,
 * so all that is ever needed is where a member starts and ends. Every function answers with a position or
 * {@link NOT_JSON}; none throws, none recurses, so depth and size of a document cannot hurt.
 */

/** The answer where bytes are not the JSON that was asked for. */
export const NOT_JSON = -1;

/** A string of so many bytes is read faster than a native search is called. */
const SHORT = 48;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The first position at or after `at` that is not JSON white space (it may be the end of `bytes`). */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at;
  for (let c = bytes[i]; c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = bytes[i]) i++;
  return i;
}

/** The position just past the string whose opening quote is at `at`. */
export function endOfString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return NOT_JSON;
  const end = Math.min(bytes.length, at + SHORT);
  let i = at + 1;
  for (; i < end; i++) {
    const c = bytes[i];
    if (c === QUOTE) return i + 1;
    if (c === BACKSLASH) i++;
  }
  return endOfRest(bytes, i);
}

/**
 * As {@link endOfValue} for an array that a search finds the end of, as `managedFields` of any length; {@link NOT_JSON}
 * for every other value, and where only reading would tell. Right wherever `bytes` are JSON without white space there.
 */
export function endByBracket(bytes: Buffer, at: number): number {
  if (bytes[at] !== OPEN_BRACKET) return NOT_JSON;
  const close = bytes.indexOf(CLOSE_BRACKET, at + 1);
  if (close < 0) return NOT_JSON;
  const opened = bytes.indexOf(OPEN_BRACKET, at + 1);
  if (opened >= 0 && opened < close) return NOT_JSON;
  // The next quote ends a string, or opens one. Behind the end of a string comes one of few characters; so where
  // another follows, the bracket stands in no string, and is the first one to close what opened at `at`.
  let quote = close + 1;
  while (isBetweenStrings(bytes[quote])) quote++;
  return bytes[quote] === QUOTE && isLetter(bytes[quote + 1]) ? close + 1 : NOT_JSON;
}

function isBetweenStrings(c: number | undefined): boolean {
  return c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET;
}

function isLetter(c: number | undefined): boolean {
  return c !== undefined && (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
}

/** As {@link endOfValue}, for a value of which nobody wants anything: searched for where that will do. */
export function endOfUnwanted(bytes: Buffer, at: number): number {
  const end = endByBracket(bytes, at);
  return end === NOT_JSON ? endOfValue(bytes, at) : end;
}

/** The position just past the value that starts at `at`. Brackets are matched; what is inside is not judged. */
export function endOfValue(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return endOfString(bytes, at);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfContainer(bytes, at);
  let i = at;
  while (i < bytes.length && isLiteralByte(bytes[i])) i++;
  return i === at ? NOT_JSON : i;
}

/**
 * Where a member of an object is: `key` is the position of its opening quote, `value` and `end` enclose its value.
 */
export interface Member {
  key: number;
  keyEnd: number;
  /** Whether the key is written with escapes. */
  escaped: boolean;
  value: number;
  end: number;
}

/** A Member to be filled by {@link nextMember}; made once per walk, so that walking allocates nothing. */
export function memberSlot(): Member {
  return { key: 0, keyEnd: 0, escaped: false, value: 0, end: 0 };
}

/**
 * Steps through the members of an object. `at` is the position of its opening brace, or what the last call
 * returned. Fills `member` and returns where to go on; 0 after the last member; {@link NOT_JSON} for broken bytes.
 */
export function nextMember(bytes: Uint8Array, at: number, member: Member): number {
  const value = nextKey(bytes, at, member);
  return value <= 0 ? value : endOfMember(bytes, member);
}

/**
 * As {@link nextMember}, without looking for the end of the value: fills all of `member` but its end and returns where
 * its value starts. To go on, give {@link afterValue} the end.
 */
export function nextKey(bytes: Uint8Array, at: number, member: Member): number {
  let i = at;
  const opener = bytes[i];
  if (opener !== OPEN_BRACE && opener !== COMMA) return opener === CLOSE_BRACE ? 0 : NOT_JSON;
  i = skipSpace(bytes, i + 1);
  if (opener === OPEN_BRACE && bytes[i] === CLOSE_BRACE) return 0;
  member.key = i;
  if (bytes[i] !== QUOTE) return NOT_JSON;
  let escaped = false;
  for (let c = bytes[++i]; c !== QUOTE; c = bytes[++i]) {
    if (c === undefined) return NOT_JSON;
    if (c !== BACKSLASH) continue;
    escaped = true;
    i++;
  }
  i++;
  member.keyEnd = i;
  member.escaped = escaped;
  i = skipSpace(bytes, i);
  if (bytes[i] !== COLON) return NOT_JSON;
  member.value = skipSpace(bytes, i + 1);
  return member.value;
}

/** Fills the end of `member`, whose value is known. Returns where to go on. */
function endOfMember(bytes: Uint8Array, member: Member): number {
  const i = endOfValue(bytes, member.value);
  if (i === NOT_JSON) return NOT_JSON;
  member.end = i;
  return afterValue(bytes, i);
}

/** Where the walk through an object goes on after a value that ends at `end`: its next comma, or its closing brace. */
export function afterValue(bytes: Uint8Array, end: number): number {
  const i = skipSpace(bytes, end);
  return bytes[i] === COMMA || bytes[i] === CLOSE_BRACE ? i : NOT_JSON;
}

/**
 * Steps through the elements of an array: `at` is its opening bracket or what the last call returned. Fills
 * `value` and `end` of `element`; 0 after the last one; {@link NOT_JSON} for broken bytes.
 */
export function nextElement(bytes: Uint8Array, at: number, element: Member): number {
  const opener = bytes[at];
  if (opener !== OPEN_BRACKET && opener !== COMMA) return opener === CLOSE_BRACKET ? 0 : NOT_JSON;
  let i = skipSpace(bytes, at + 1);
  if (opener === OPEN_BRACKET && bytes[i] === CLOSE_BRACKET) return 0;
  element.value = i;
  i = endOfValue(bytes, i);
  if (i === NOT_JSON) return NOT_JSON;
  element.end = i;
  i = skipSpace(bytes, i);
  return bytes[i] === COMMA || bytes[i] === CLOSE_BRACKET ? i : NOT_JSON;
}

/**
 * The text of the string that occupies `at` to `end` (quotes included), or undefined where it is no valid JSON
 * string. A string of plain ASCII, nearly every one in Kubernetes metadata, is copied; the rest is JSON.parse's.
 */
export function stringValue(bytes: Buffer, at: number, end: number): string | undefined {
  if (bytes[at] !== QUOTE || end - at < 2) return undefined;
  for (let i = at + 1; i < end - 1; i++) {
    const c = bytes[i] ?? 0;
    if (c === BACKSLASH || c >= 0x80 || c < 0x20) return parsedString(bytes, at, end);
  }
  return bytes.toString('latin1', at + 1, end - 1);
}

/** Whether the key of `member` is `name`, given as UTF-8; a key written with escapes is decoded first. */
export function keyIs(bytes: Buffer, member: Member, name: Uint8Array): boolean {
  const length = member.keyEnd - member.key - 2;
  const start = member.key + 1;
  if (length === name.length) {
    for (let i = 0; i < length; i++) if (bytes[start + i] !== name[i]) return false;
    return true;
  }
  // An escape makes a key longer than its name, never shorter.
  if (length < name.length || !member.escaped) return false;
  return stringValue(bytes, member.key, member.keyEnd) === Buffer.from(name).toString();
}

/** Finds the member called `name` in the object that opens at `at`; fills `member` and says whether it is there. */
export function findMember(bytes: Buffer, at: number, name: Uint8Array, member: Member): boolean {
  for (let i = nextMember(bytes, at, member); i > 0; i = nextMember(bytes, i, member)) {
    if (keyIs(bytes, member, name)) return true;
  }
  return false;
}

/**
 * Where the value of the member called `name` starts, in the object that opens at `at`; {@link NOT_JSON} where there is
 * none. Cheaper than {@link findMember} for a large value, since nobody looks for its end.
 */
export function findValue(bytes: Buffer, at: number, name: Uint8Array, member: Member): number {
  for (let i = nextKey(bytes, at, member); i > 0;) {
    if (keyIs(bytes, member, name)) return member.value;
    const end = endOfMember(bytes, member);
    i = end > 0 ? nextKey(bytes, end, member) : end;
  }
  return NOT_JSON;
}

/**
 * Strings are stepped over here and not by {@link endOfString}, since most of an object is short strings; and a bit
 * makes one of each two brackets, since a byte is seldom any of them.
 */
function endOfContainer(bytes: Uint8Array, at: number): number {
  const length = bytes.length;
  let depth = 1;
  for (let i = at + 1; i < length; i++) {
    let c = bytes[i] ?? 0;
    if (c === QUOTE) {
      const long = i + SHORT;
      for (c = bytes[++i] ?? QUOTE; c !== QUOTE && i < long; c = bytes[++i] ?? QUOTE) if (c === BACKSLASH) i++;
      if (c !== QUOTE) i = endOfRest(bytes, i) - 1;
      if (i < 0 || i >= length) return NOT_JSON;
    } else if (c >= OPEN_BRACKET) {
      const bracket = c | 0x20;
      if (bracket === OPEN_BRACE) depth++;
      else if (bracket === CLOSE_BRACE && --depth === 0) return i + 1;
    }
  }
  return NOT_JSON;
}

/**
 * The position just past a string that goes on at `from`. A search is called where it saves more than it costs: ever
 * later in a string that is full of escaped quotes, as the JSON in an annotation.
 */
function endOfRest(bytes: Uint8Array, from: number): number {
  let i = from;
  for (let read = SHORT; ; read *= 2) {
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return NOT_JSON;
    let escapes = quote;
    while (escapes > i && bytes[escapes - 1] === BACKSLASH) escapes--;
    if ((quote - escapes) % 2 === 0) return quote + 1;
    i = quote + 1;
    for (const long = i + read; i < long; i++) {
      const c = bytes[i];
      if (c === QUOTE) return i + 1;
      if (c === BACKSLASH) i++;
    }
  }
}

function isLiteralByte(c: number | undefined): boolean {
  // Letters of true, false, null and the characters of a number.
  return (
    c !== undefined &&
    ((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x2b || c === 0x2e || c === 0x45)
  );
}

function parsedString(bytes: Buffer, at: number, end: number): string | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', at, end));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
