import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Change } from '../../src/watch/change.ts';

/** What happened in a cluster: the watch events in their order, each made at the version of its place. */
export type History = readonly string[];

export const anyHistory: fc.Arbitrary<History> = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('touch', 'touch', 'delete')), { maxLength: 40 })
  .map((deeds) => {
    const living = new Map<string, string>();
    return deeds.flatMap(([name, deed], i) => {
      const uid = living.get(name);
      if (uid === undefined) {
        living.set(name, `u${i}`);
        return [`ADDED ${name} u${i}@${i + 1}`];
      }
      if (deed === 'touch') return [`MODIFIED ${name} ${uid}@${i + 1}`];
      living.delete(name);
      return [`DELETED ${name} ${uid}@${i + 1}`];
    });
  });

/** What exists after `history`: name -> `uid@version`. */
export function truthAfter(history: History): Map<string, string> {
  const truth = new Map<string, string>();
  for (const event of history) {
    const [type, name = '', version = ''] = event.split(' ');
    if (type === 'DELETED') truth.delete(name);
    else truth.set(name, version);
  }
  return truth;
}

/**
 * What somebody knows who was told `changes`: name -> `uid@version`. Fails where a change does not fit what was told
 * before it: an object added while another one has its name, one that goes back in time, a change of what is not there.
 */
export function replay(changes: readonly Change[]): Map<string, string> {
  const replica = new Map<string, string>();
  const newest = new Map<string, number>();
  for (const { type, object } of changes) {
    const { name, uid, resourceVersion } = object;
    const present = replica.get(name)?.split('@')[0];
    switch (type) {
      case 'add':
        assert.equal(present, undefined, `${name} was added while ${present} was there`);
        break;
      case 'update':
      case 'delete':
        assert.equal(present, uid, `${type} of ${uid} while ${present} was there`);
    }
    const version = Number(resourceVersion);
    const last = newest.get(uid) ?? 0;
    assert.ok(type === 'delete' ? version >= last : version > last, `${uid} went from ${last} to ${version}`);
    newest.set(uid, version);
    if (type === 'delete') replica.delete(name);
    else replica.set(name, `${uid}@${resourceVersion}`);
  }
  return replica;
}
