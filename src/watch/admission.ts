import { compareVersions } from '../kube/resource-version.ts';
import type { Change, ObjectHead } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import type { ListedObject } from './list-page.ts';
import type { Stream } from './requests.ts';
import type { StreamNews } from './stream-news.ts';
import type { Entering } from './watch-state.ts';

/** Takes what is in namespaces that come into the scope of a stream. */
export interface Admission {
  /**
   * Makes the objects known, and says which of them to tell as adds. The watch goes on at the version where it was
   * left, so what has changed since then is left to it.
   */
  take(state: Entering, objects: readonly ListedObject[]): readonly Change[];
  /** All of it is listed, at `resourceVersion`: from now on the namespaces are covered. */
  end(state: Entering, resourceVersion: string): void;
  /** Whether the delete of an unknown object is news: it existed when the watch was left, and not when it was listed. */
  isNews(deleted: ObjectHead): boolean;
  /** What a watch says of an object that was left to it and is to be told: the first of it is an add. */
  named(change: Change): Change;
}

export function createAdmission(stream: Stream, known: KnownObjects, tell: (news: StreamNews) => void): Admission {
  const { scope } = stream;
  let added = 0;
  let objects = 0;
  /** The versions at which namespaces were listed, until the watch is there. */
  const listedAt = new Map<string, string>();
  /** Objects of namespaces that are told, which changed since the watch was left. */
  const left = new Set<string>();
  return {
    take: (state, listed) => {
      const changes: Change[] = [];
      const entries = new Map(state.entries.map((entry) => [entry.namespace, entry]));
      for (const { head, bytes } of listed) {
        const entry = entries.get(head.namespace);
        if (entry === undefined || scope?.isEntering(entry) !== true) continue;
        if (known.find(head.namespace, head.name) !== undefined || stream.selects?.(bytes) === false) continue;
        if (isNewer(head.resourceVersion, state.resourceVersion)) {
          if (entry.tells) left.add(keyOf(head));
          continue;
        }
        known.remember(head);
        objects++;
        if (!entry.tells) stream.sees?.(head, bytes);
        if (entry.tells) changes.push({ type: 'add', object: head, body: bytes, before: undefined, foundBy: 'list' });
      }
      added += changes.length;
      return changes;
    },
    end: ({ entries }, resourceVersion) => {
      scope?.entered(entries);
      for (const { namespace } of entries) listedAt.set(namespace, resourceVersion);
      tell({ is: 'entered', namespaces: entries.map(({ namespace }) => namespace), added, objects });
      added = 0;
      objects = 0;
    },
    isNews: ({ namespace, resourceVersion }) => {
      const until = listedAt.get(namespace);
      if (until === undefined) return false;
      if (!isNewer(resourceVersion, until)) return true;
      listedAt.delete(namespace);
      return false;
    },
    named: (change) => {
      if (left.size === 0 || !left.delete(keyOf(change.object))) return change;
      return change.type === 'update' && change.before === undefined ? { ...change, type: 'add' } : change;
    },
  };
}

function isNewer(version: string, than: string): boolean {
  const order = compareVersions(version, than);
  return order !== undefined && order > 0;
}

function keyOf({ namespace, name, uid }: ObjectHead): string {
  return `${namespace}/${name}/${uid}`;
}
