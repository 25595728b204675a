import type { Digest } from './digest.ts';
import type { FieldPath } from './field-path.ts';
import { secretShape } from './secret-shape.ts';
import type { Fate, Shape } from './shape.ts';

/** What of an object is sent. */
export interface ShapeRules {
  readonly dropManagedFields: boolean;
  /** `kubectl.kubernetes.io/last-applied-configuration`. */
  readonly dropLastApplied: boolean;
  /** Undefined: all of them. */
  readonly fields: readonly FieldPath[] | undefined;
  /** Undefined: the object is no Secret, or may be told in clear text. */
  readonly redaction: Digest | undefined;
}

/** What names an object; it stays whatever `fields` say, so that the data of every event tells what it is of. */
const NAMES: readonly FieldPath[] = [
  ['apiVersion'],
  ['kind'],
  ...['name', 'namespace', 'uid', 'resourceVersion'].map((name) => ['metadata', name]),
];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const SLASH = 0x2f;
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
const KEEP_ALL: Shape = { members: [], others: 'keep', otherwise: 'keep' };

/** The shape that `rules` give an object; undefined where it stays as it is. */
export function objectShape(rules: ShapeRules): Shape | undefined {
  const { redaction, fields } = rules;
  if (!rules.dropManagedFields && !rules.dropLastApplied && fields === undefined && redaction === undefined) {
    return undefined;
  }
  const secret = redaction && secretShape(redaction);
  const annotations = withMember(
    secret?.annotations ?? KEEP_ALL,
    LAST_APPLIED,
    rules.dropLastApplied ? 'drop' : undefined,
  );
  const metadata = withMember(
    withMember(secret?.metadata ?? KEEP_ALL, 'managedFields', rules.dropManagedFields ? 'drop' : undefined),
    'annotations',
    annotations,
  );
  const whole = withMember(secret?.top ?? KEEP_ALL, 'metadata', metadata);
  if (fields !== undefined) return only([...NAMES, ...fields], whole);
  return secret === undefined ? { ...whole, dropsOnly: dropped(whole) } : whole;
}

/**
 * What is left of an object where only `paths` are looked at. Metadata stay, without what nobody looks at: members are
 * passed sooner one by one, where most of it is `managedFields`.
 */
export function projection(paths: readonly FieldPath[]): Shape {
  const shape = only(paths, KEEP_ALL);
  return paths.some(([first]) => first === 'metadata') ? shape : withMember(shape, 'metadata', only([], KEEP_ALL));
}

function withMember(shape: Shape, name: string, fate: Fate | undefined): Shape {
  if (fate === undefined || fate === KEEP_ALL) return shape;
  return { ...shape, members: [{ name: Buffer.from(name), fate }, ...shape.members] };
}

function dropped({ members }: Shape): Uint8Array[] {
  return members.flatMap(({ name, fate }) =>
    fate === 'drop' ? [rarePart(name)] : typeof fate === 'object' ? dropped(fate) : [],
  );
}

/** Node.js looks for up to six bytes by the first of them, so that one which is rare in objects is found soonest. */
function rarePart(name: Uint8Array): Uint8Array {
  const rare = name.findIndex((c) => c === SLASH || (c >= CAPITAL_A && c <= CAPITAL_Z));
  return rare < 0 ? name : name.subarray(rare, rare + 6);
}

/** `shape` without the members to which no path leads. A path that meets no object on its way keeps what it meets. */
function only(paths: readonly FieldPath[], shape: Shape): Shape {
  const names = new Set(paths.map(([name]) => name));
  const members = [...names].flatMap((name) => {
    if (name === undefined) return [];
    const rests = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    return [{ name: Buffer.from(name), fate: onlyOf(rests, fateOf(shape, name)) }];
  });
  return { members, others: 'drop', otherwise: shape.otherwise };
}

function onlyOf(rests: readonly FieldPath[], fate: Fate): Fate {
  const isWanted = rests.some((rest) => rest.length === 0);
  if (isWanted || fate === 'drop' || typeof fate === 'function') return fate;
  return only(rests, fate === 'keep' ? KEEP_ALL : fate);
}

function fateOf(shape: Shape, name: string): Fate {
  const wanted = Buffer.from(name);
  return shape.members.find((rule) => wanted.equals(rule.name))?.fate ?? shape.others;
}
