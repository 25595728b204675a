import * as fc from 'fast-check';

/** Characters at which writers and readers of JSON go wrong, among plain ones. */
const CHARACTER = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'X', '0', '9', ' ', '-', '.', '_', '/', ':') },
  fc.constantFrom('"', '\\', '\n', '\t', '\0', '\u007f', '\u0085', '\u2028', '\u2029', '\ufeff'),
  fc.constantFrom('é', 'ß', '€', '漢', '😀', '\u{10ffff}'),
  fc.constantFrom('\ud800', '\udfff'),
  fc.constantFrom('{', '}', '[', ']', ',', ':'),
);

/** Any text, lone surrogates included. */
export const anyText = (maxLength = 12): fc.Arbitrary<string> => fc.string({ unit: CHARACTER, maxLength });

/** Any JSON value whose keys are often those of Kubernetes metadata, in places where they mean nothing. */
export const anyJson = (): fc.Arbitrary<unknown> => tree;

/**
 * Any name of a member without a backslash. Once V8 (13.6 to 14.6, Node.js 24 to 26) has parsed an object with the key
 * `\`, it takes the key `"`, written `\"`, for it, so JSON.parse would be the one that is wrong.
 */
export const anyKey = (maxLength: number): fc.Arbitrary<string> =>
  anyText(maxLength).map((text) => text.replaceAll('\\', ''));

const KEY = fc.oneof(
  fc.constantFrom('metadata', 'name', 'namespace', 'uid', 'resourceVersion', 'object', 'type', 'kind', 'items'),
  fc.constantFrom('__proto__', 'constructor', '', '10', '2'),
  anyKey(6),
);

const { tree } = fc.letrec<{ tree: unknown; leaf: unknown; list: unknown; object: unknown }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), tie('list'), tie('object')),
  leaf: fc.oneof(
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    anyText(),
  ),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  object: fc.uniqueArray(fc.tuple(KEY, tie('tree')), { maxLength: 5, selector: ([key]) => key }).map(ownMembers),
}));

/** Says how a document is written: a number below `below`, as if dice were thrown. */
export type Dice = (below: number) => number;

export const anyDice = (): fc.Arbitrary<Dice> =>
  fc.array(fc.nat(1_000), { minLength: 1, maxLength: 60 }).map((throws) => {
    let at = 0;
    return (below) => (throws[at++ % throws.length] ?? 0) % below;
  });

/** Text that is written into a document as it is. */
export class Verbatim {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Writes `value` in some layout: white space, order of members, escapes and forms of numbers are as the dice fall. */
export function layOut(value: unknown, dice: Dice): string {
  if (value instanceof Verbatim) return value.text;
  if (typeof value === 'string') return layOutString(value, dice);
  if (typeof value === 'number') return layOutNumber(value, dice);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const s = () => SPACES[dice(SPACES.length)] ?? '';
  if (Array.isArray(value)) return `[${s()}${value.map((it) => layOut(it, dice) + s()).join(`,${s()}`)}]`;
  const members = shuffled(Object.entries(value), dice).map(
    ([key, it]) => `${layOutString(key, dice)}${s()}:${s()}${layOut(it, dice)}${s()}`,
  );
  return `{${s()}${members.join(`,${s()}`)}}`;
}

// A line of a watch holds no line feed, so none is among them.
const SPACES = ['', '', '', '', ' ', '\t', '\r', '   \t '] as const;

function layOutString(text: string, dice: Dice): string {
  let written = '';
  for (const character of text) {
    const plain = JSON.stringify(character).slice(1, -1);
    written += dice(4) === 0 ? escaped(character, dice) : plain;
  }
  return `"${written}"`;
}

function escaped(character: string, dice: Dice): string {
  if (character === '/') return '\\/';
  const hex = (unit: number) => unit.toString(16).padStart(4, '0');
  const units = Array.from({ length: character.length }, (_, i) => hex(character.charCodeAt(i)));
  return units.map((it) => `\\u${dice(2) === 0 ? it : it.toUpperCase()}`).join('');
}

function layOutNumber(value: number, dice: Dice): string {
  if (dice(4) === 0) return value.toExponential();
  if (dice(4) === 0) return value.toExponential().replace('e', 'E');
  const plain = JSON.stringify(value);
  return dice(4) === 0 && /^-?\d+$/.test(plain) ? `${plain}.0` : plain;
}

function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  const order = items.map((item) => ({ item, place: dice(1_000) }));
  return order.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

/** As JSON.parse would have it: `__proto__` is a member like any other. */
function ownMembers(members: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of members) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}
