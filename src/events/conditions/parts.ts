import { hash } from 'node:crypto';
import {
  afterValue,
  endOfUnwanted,
  endOfValue,
  keyIs,
  memberSlot,
  nextKey,
  NOT_JSON,
  skipSpace,
} from '../../json/scan.ts';

/**
 * The parts of an object that a change can be in. `Spec` is all that is neither metadata nor status, such as the data
 * of a ConfigMap. `Metadata` is what the others leave of metadata: owner references, the deletion timestamp.
 */
export const PARTS = ['Spec', 'Status', 'Labels', 'Annotations', 'Finalizers', 'Metadata'] as const;
export type Part = (typeof PARTS)[number];

/** Whether objects have to be read whole to see changes of `parts`; else their metadata suffice. */
export function needsBodies(parts: readonly Part[] | undefined): boolean {
  return parts?.some((part) => part === 'Spec' || part === 'Status') === true;
}

/** What a member belongs to. `nothing`: the server counts and keeps books there. `metadata`: its members decide. */
type Place = Part | 'nothing' | 'metadata';

interface Level {
  readonly members: readonly { readonly name: Uint8Array; readonly place: Place }[];
  readonly others: Part;
}

const TOP = level({ apiVersion: 'nothing', kind: 'nothing', metadata: 'metadata', status: 'Status' }, 'Spec');
const METADATA = level(
  {
    resourceVersion: 'nothing',
    generation: 'nothing',
    managedFields: 'nothing',
    selfLink: 'nothing',
    labels: 'Labels',
    annotations: 'Annotations',
    finalizers: 'Finalizers',
  },
  'Metadata',
);
const OPEN_BRACE = 0x7b;

/** A digest of 64 bits, in two halves. */
export type PartsDigest = readonly [number, number];

/**
 * Digests the bytes of some parts of an object, with the uid: the digest of another object is another one. SHA-256,
 * since a change that was made to collide would be missed; a hash written in JavaScript is hardly faster (2 to 3 us for
 * 3 KB). The order of members counts; an API server always writes a kind in the same one.
 */
export function partsDigester(parts: readonly Part[]): (bytes: Buffer, uid: string) => PartsDigest | undefined {
  const wanted: ReadonlySet<Place> = new Set(parts);
  // Gathered in a buffer that is used again, since a call of a hash costs more than the few bytes of most members.
  let gathered = Buffer.alloc(0);
  let length = 0;

  /** Gathers the wanted members of the object that opens at `open`. Returns where it ends. */
  const walk = (bytes: Buffer, open: number, { members, others }: Level): number => {
    const member = memberSlot();
    let at = open;
    for (let value = nextKey(bytes, at, member); value !== 0; value = nextKey(bytes, at, member)) {
      if (value === NOT_JSON) return NOT_JSON;
      const place = members.find(({ name }) => keyIs(bytes, member, name))?.place ?? others;
      const goesIn = place === 'metadata' && bytes[value] === OPEN_BRACE;
      const end: number = goesIn
        ? walk(bytes, value, METADATA)
        : place === 'nothing'
          ? endOfUnwanted(bytes, value)
          : endOfValue(bytes, value);
      if (end === NOT_JSON) return NOT_JSON;
      if (wanted.has(place)) length += bytes.copy(gathered, length, member.key, end);
      at = afterValue(bytes, end);
    }
    return (at === open ? skipSpace(bytes, open + 1) : at) + 1;
  };

  return (bytes, uid) => {
    if (gathered.length < bytes.length + uid.length * 3)
      gathered = Buffer.allocUnsafe(bytes.length * 2 + uid.length * 3);
    length = gathered.write(uid);
    if (walk(bytes, skipSpace(bytes, 0), TOP) === NOT_JSON) return undefined;
    const digest = hash('sha256', gathered.subarray(0, length), 'buffer');
    return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  };
}

function level(members: Readonly<Record<string, Place>>, others: Part): Level {
  return { members: Object.entries(members).map(([name, place]) => ({ name: Buffer.from(name), place })), others };
}
