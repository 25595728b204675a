/**
 * Finding values in JSON bytes without parsing them. Kubernetes objects go to the sink as the bytes that came in,
 * so all that is ever needed is where a member starts and ends. Every function answers with a position or
 * {@link NOT_JSON}; none throws, none recurses, so depth and size of a document cannot hurt.
 */

/** The answer where bytes are not the JSON that was asked for. */
export const NOT_JSON = -1;

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
  const length = bytes.length;
  for (let i = at + 1; i < length; i++) {
    const c = bytes[i];
    if (c === QUOTE) return i + 1;
    if (c === BACKSLASH) i++;
  }
  return NOT_JSON;
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
  value: number;
  end: number;
}

/** A Member to be filled by {@link nextMember}; made once per walk, so that walking allocates nothing. */
export function memberSlot(): Member {
  return { key: 0, keyEnd: 0, value: 0, end: 0 };
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
  i = endOfString(bytes, i);
  if (i === NOT_JSON) return NOT_JSON;
  member.keyEnd = i;
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
  if (length < name.length || !hasEscape(bytes, start, member.keyEnd - 1)) return false;
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

/** A loop, since a native search costs more to call than a short key to read. */
function hasEscape(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
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
      for (c = bytes[++i] ?? QUOTE; c !== QUOTE; c = bytes[++i] ?? QUOTE) if (c === BACKSLASH) i++;
      if (i >= length) return NOT_JSON;
    } else if (c >= OPEN_BRACKET) {
      const bracket = c | 0x20;
      if (bracket === OPEN_BRACE) depth++;
      else if (bracket === CLOSE_BRACE && --depth === 0) return i + 1;
    }
  }
  return NOT_JSON;
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
