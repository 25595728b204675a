import * as fc from 'fast-check';
import { anyDice, anyJson, anyKey, type Dice, layOut } from '../../support/json-text.ts';

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Members in the order in which they are written; a name may come more than once. */
type Members = readonly (readonly [key: string, value: Node])[];
type Node = { readonly members: Members } | { readonly value: unknown };

const KEYS = ['metadata', 'annotations', 'labels', 'managedFields', 'spec', 'status', 'data', 'stringData', 'kind'];
const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...KEYS, LAST_APPLIED, 'a', 'b') },
  fc.constantFrom('__proto__', 'managedField', 'managedFieldss', ''),
  anyKey(5),
);
const { node } = fc.letrec<{ node: Node; object: Node }>((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, fc.record({ value: anyJson() }), tie('object'), tie('object')),
  object: fc.record({ members: fc.array(fc.tuple(key, tie('node')), { maxLength: 6 }) }),
}));
const top = fc.record({ members: fc.array(fc.tuple(key, node), { maxLength: 7 }) });

/** The text of an object whose members are often those that shaping looks for, in any layout, some of them twice. */
export const anyObjectText: fc.Arbitrary<string> = fc.tuple(top, anyDice()).map(([it, dice]) => write(it, dice));

function write(it: Node, dice: Dice): string {
  if ('value' in it) return layOut(it.value, dice);
  const s = () => ['', '', ' ', '\t \r'][dice(4)] ?? '';
  const members = it.members.map(([name, value]) => `${layOut(name, dice)}${s()}:${s()}${write(value, dice)}${s()}`);
  return `{${s()}${members.join(`,${s()}`)}}`;
}

/** `bytes` with some bytes taken out and others put in. */
export const anyCorruption = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 })), { maxLength: 3 }))
    .map(([it, corruptions]) =>
      corruptions.reduce<Buffer>((bytes, [at, remove, put]) => {
        const start = at % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + remove)]);
      }, Buffer.from(it)),
    );
