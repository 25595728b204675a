import * as fc from 'fast-check';
import type { Change, ObjectHead } from '../../src/watch/change.ts';
import type { KnownObjects } from '../../src/watch/known-objects.ts';
import { observeWatched } from '../../src/watch/observe.ts';
import type { WatchType } from '../../src/watch/watch-line.ts';

/** Something that happens to the object of a name. `replace`: it goes unseen, and another one comes. */
export interface Deed {
  readonly name: string;
  readonly does: 'touch' | 'delete' | 'replace';
}

export const anyDeed: fc.Arbitrary<Deed> = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  does: fc.constantFrom('touch', 'touch', 'delete', 'replace'),
});

/** The objects of a cluster, and a watch that tells what happens to them. */
export interface Lives {
  /** The version of the last deed. */
  version(): number;
  /** Does it, and brings `known` up to date. @returns what a stream tells of it */
  happen(deed: Deed, known: KnownObjects): readonly Change[];
}

const BODY = Buffer.from('{}');

/** Begins with what is in `known`, at version 10. */
export function createLives(known: KnownObjects): Lives {
  const living = new Map(Array.from(known.all(), ({ name, uid }) => [name, uid]));
  let version = 10;

  const watched = (deed: Deed): [WatchType, uid: string] => {
    const uid = living.get(deed.name);
    if (uid === undefined || deed.does === 'replace') {
      const born = `u${version}`;
      living.set(deed.name, born);
      return ['ADDED', born];
    }
    if (deed.does === 'touch') return ['MODIFIED', uid];
    living.delete(deed.name);
    return ['DELETED', uid];
  };

  return {
    version: () => version,
    happen: (deed, objects) => {
      version++;
      const [type, uid] = watched(deed);
      return observeWatched(objects, type, headOf(deed.name, uid, version), BODY).changes;
    },
  };
}

export function headOf(name: string, uid: string, version: number): ObjectHead {
  return { namespace: 'n', name, uid, resourceVersion: String(version) };
}

/** Objects by name, as `uid@version`. */
export type Snapshot = Readonly<Record<string, string>>;

export function snapshotOf(objects: Iterable<ObjectHead>): Snapshot {
  const found: Record<string, string> = {};
  for (const { name, uid, resourceVersion } of objects) {
    if (name in found) throw new Error(`${name} is there twice.`);
    found[name] = `${uid}@${resourceVersion}`;
  }
  return found;
}

/** What the settlement of a change makes of a snapshot. */
export function settledIn(snapshot: Snapshot, { type, object }: Change): Snapshot {
  const { [object.name]: _before, ...others } = snapshot;
  return type === 'delete' ? others : { ...others, [object.name]: `${object.uid}@${object.resourceVersion}` };
}
