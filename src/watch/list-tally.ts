import type { Change, ChangeType, ObjectHead } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import type { ListedObject } from './list-page.ts';
import { observeGone } from './observe.ts';
import { isSilent, type Stream } from './requests.ts';
import type { StreamNews } from './stream-news.ts';
import type { Listing } from './watch-state.ts';

/** What the list under way has told, and what is gone according to the last one. */
export interface ListTally {
  begin(): void;
  count(type: ChangeType): void;
  /** The same for what existed at a moment before the list, which beginning it anew does not find again. */
  retraced(type: ChangeType): void;
  /**
   * The list is complete: what it did not mention is gone. Says whether the last bodies of that are to be recalled;
   * else the list is finished.
   */
  end(state: Listing, resourceVersion: string, changes: Change[]): boolean;
  /** Objects as they were before the gap: tells of those that are gone. Says whether that was all. */
  recall(objects: readonly ListedObject[], changes: Change[]): boolean;
  /** What is still to be told as gone is, without a body, and what the list found is said. */
  finish(resourceVersion: string, changes: Change[]): void;
}

export function createListTally(stream: Stream, known: KnownObjects, tell: (news: StreamNews) => void): ListTally {
  let found: Record<ChangeType, number> = { ...NONE };
  let earlier: Record<ChangeType, number> = { ...NONE };
  /** What the last complete list did not mention, by name, until it is told. */
  let gone = new Map<string, ObjectHead>();
  let lastList: Listing | undefined;

  const tellGone = (object: ObjectHead, body: Buffer | undefined, changes: Change[]): void => {
    gone.delete(keyOf(object));
    changes.push(observeGone(known, object, body));
    found.delete++;
  };

  const finish = (resourceVersion: string, changes: Change[]): void => {
    for (const object of gone.values()) tellGone(object, undefined, changes);
    earlier = { ...NONE };
    if (lastList === undefined) return;
    const { why, since, knowsAll } = lastList;
    const lost = why === 'start' ? 'nothing' : knowsAll ? 'states' : 'deletes';
    const { add: added, update: updated, delete: deleted } = found;
    tell({ is: 'listed', why, since, resourceVersion, lost, found: { objects: known.size, added, updated, deleted } });
  };

  return {
    begin: () => {
      found = { ...earlier };
    },
    count: (type) => {
      found[type]++;
    },
    retraced: (type) => {
      earlier[type]++;
    },
    end: (state, resourceVersion, changes) => {
      lastList = state;
      // Left by a first list that was begun and not finished: never told, so neither is that they went.
      if (isSilent(stream, state)) for (const { namespace, name } of known.unlisted()) known.forget(namespace, name);
      gone = new Map(Array.from(known.unlisted(), (object) => [keyOf(object), object]));
      // Bodies are fetched where the events would carry them.
      const recall = gone.size > 0 && stream.carries === 'objects' && state.since !== undefined;
      if (!recall) finish(resourceVersion, changes);
      return recall;
    },
    recall: (objects, changes) => {
      for (const { head, bytes } of objects) {
        const missing = gone.get(keyOf(head));
        if (missing?.uid === head.uid) tellGone(missing, bytes, changes);
      }
      return gone.size === 0;
    },
    finish,
  };
}

const NONE: Readonly<Record<ChangeType, number>> = { add: 0, update: 0, delete: 0 };

function keyOf({ namespace, name }: ObjectHead): string {
  return `${namespace}/${name}`;
}
