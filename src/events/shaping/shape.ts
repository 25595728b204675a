import {
  afterValue,
  endOfUnwanted,
  endOfValue,
  keyIs,
  type Member,
  memberSlot,
  nextKey,
  NOT_JSON,
  skipSpace,
} from '../../json/scan.ts';

/** What becomes of the value of a member; a shape goes into it. */
export type Fate = 'keep' | 'drop' | Rewrite | Shape;

/** What becomes of the members of an object. A name that comes twice meets the same fate twice. */
export interface Shape {
  readonly members: readonly { readonly name: Uint8Array; readonly fate: Fate }[];
  /** Of members that are not named. */
  readonly others: Fate;
  /** Where the value is no object. */
  readonly otherwise: 'keep' | Rewrite;
  /**
   * Of a shape that only drops members by name: a part of each name. Where the rest of an object does not mention one
   * it needs no reading.
   */
  readonly dropsOnly?: readonly Uint8Array[];
}

/**
 * The JSON to stand in the place of a value, or undefined to keep it. `value` says where it is; `of` names the object
 * that it belongs to.
 */
export type Rewrite = (bytes: Buffer, value: Readonly<Member>, of: string) => Uint8Array | undefined;

/** A walk through an object, with what it found so far. */
interface Walk {
  readonly bytes: Buffer;
  readonly of: string;
  readonly dropsOnly: readonly Uint8Array[] | undefined;
  /** In the order of their places. */
  readonly edits: Edit[];
}

interface Edit {
  readonly start: number;
  end: number;
  readonly text: Uint8Array | undefined;
}

/** The answer of a walk that need not go on. */
const DONE = -2;
const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** The escapes that can stand for a character of a name. */
const ESCAPES = [Buffer.from('\\u'), Buffer.from('\\/')];

/**
 * The object in `bytes` in another shape, made by cutting: bytes that are kept are the same bytes, and `bytes` itself
 * comes back where nothing is cut. Undefined where `bytes`, as far as they had to be read, are not one JSON object.
 */
export function reshape(bytes: Buffer, shape: Shape, of: string): Buffer | undefined {
  const edits: Edit[] = [];
  const end = walk({ bytes, of, edits, dropsOnly: shape.dropsOnly }, skipSpace(bytes, 0), shape);
  if (end !== DONE && (end === NOT_JSON || skipSpace(bytes, end) !== bytes.length)) return undefined;
  return edits.length === 0 ? bytes : edited(bytes, edits);
}

/** Collects the edits of the object that opens at `open`. Returns where it ends. */
function walk(on: Walk, open: number, shape: Shape): number {
  const { bytes } = on;
  if (bytes[open] !== OPEN_BRACE) return NOT_JSON;
  const member = memberSlot();
  let keptEnd = open + 1;
  let at = open;
  for (let value = nextKey(bytes, at, member); value !== 0; value = nextKey(bytes, at, member)) {
    if (value === NOT_JSON) return NOT_JSON;
    const fate = fateOf(bytes, member, shape);
    if (typeof fate === 'object') member.end = walk(on, value, fate);
    else member.end = fate === 'drop' ? endOfUnwanted(bytes, value) : endOfValue(bytes, value);
    if (member.end < 0) return member.end;
    at = afterValue(bytes, member.end);
    if (at === NOT_JSON) return NOT_JSON;
    if (fate === 'drop') {
      drop(on, member, keptEnd, at);
      if (on.dropsOnly !== undefined && !mentions(bytes, at, on.dropsOnly)) return DONE;
      continue;
    }
    if (typeof fate === 'function') rewrite(on, member, fate);
    keptEnd = member.end;
  }
  return (at === open ? skipSpace(bytes, open + 1) : at) + 1;
}

function fateOf(bytes: Buffer, member: Member, shape: Shape): Fate {
  let fate = shape.others;
  for (const rule of shape.members) {
    if (!keyIs(bytes, member, rule.name)) continue;
    fate = rule.fate;
    break;
  }
  return typeof fate === 'object' && bytes[member.value] !== OPEN_BRACE ? fate.otherwise : fate;
}

/** A member goes with the comma behind it; the last one with the comma before it, and all that was dropped since. */
function drop({ bytes, edits }: Walk, member: Member, keptEnd: number, after: number): void {
  if (bytes[after] === COMMA) {
    const end = skipSpace(bytes, after + 1);
    const last = edits.at(-1);
    if (last?.end === member.key && last.text === undefined) last.end = end;
    else edits.push({ start: member.key, end, text: undefined });
    return;
  }
  while ((edits.at(-1)?.start ?? NOT_JSON) >= keptEnd) edits.pop();
  edits.push({ start: keptEnd, end: member.end, text: undefined });
}

function mentions(bytes: Buffer, from: number, names: readonly Uint8Array[]): boolean {
  const backslash = bytes.indexOf(BACKSLASH, from);
  for (const escape of ESCAPES) if (backslash >= 0 && bytes.indexOf(escape, backslash) >= 0) return true;
  for (const name of names) if (bytes.indexOf(name, from) >= 0) return true;
  return false;
}

function rewrite({ bytes, of, edits }: Walk, member: Member, to: Rewrite): void {
  const text = to(bytes, member, of);
  if (text !== undefined) edits.push({ start: member.value, end: member.end, text });
}

function edited(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let length = bytes.length;
  for (const { start, end, text } of edits) length += (text?.length ?? 0) - (end - start);
  const made = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  for (const { start, end, text } of edits) {
    to += bytes.copy(made, to, from, start);
    if (text !== undefined) {
      made.set(text, to);
      to += text.length;
    }
    from = end;
  }
  bytes.copy(made, to, from);
  return made;
}
