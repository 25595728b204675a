import type { Change } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import type { ListedObject } from './list-page.ts';
import type { Stream } from './requests.ts';
import { compareVersions } from '../kube/resource-version.ts';
import type { StreamNews } from './stream-news.ts';
import type { Entering } from './watch-state.ts';

/** Takes what is in namespaces that come into the scope of a stream. */
export interface Admission {
  /**
   * Makes the objects known, and says which of them to tell as adds. The watch goes on at the version where it was
   * left, so what has changed since then comes again: where nothing is told of what exists, it is left to the watch,
   * and where it is told, the watch repeats it.
   */
  take(state: Entering, objects: readonly ListedObject[]): readonly Change[];
  /** All of it is listed: from now on the namespaces are covered. */
  end(state: Entering): void;
}

export function createAdmission(stream: Stream, known: KnownObjects, tell: (news: StreamNews) => void): Admission {
  const { scope } = stream;
  let added = 0;
  let objects = 0;
  return {
    take: (state, listed) => {
      const changes: Change[] = [];
      const entries = new Map(state.entries.map((entry) => [entry.namespace, entry]));
      for (const { head, bytes } of listed) {
        const entry = entries.get(head.namespace);
        if (entry === undefined || scope?.isEntering(entry) !== true) continue;
        if (known.find(head.namespace, head.name) !== undefined || stream.selects?.(bytes) === false) continue;
        if (!entry.tells && isNewer(head.resourceVersion, state.resourceVersion)) continue;
        known.remember(head);
        objects++;
        if (!entry.tells) stream.sees?.(head, bytes);
        if (entry.tells) changes.push({ type: 'add', object: head, body: bytes, before: undefined, foundBy: 'list' });
      }
      added += changes.length;
      return changes;
    },
    end: ({ entries }) => {
      scope?.entered(entries);
      tell({ is: 'entered', namespaces: entries.map(({ namespace }) => namespace), added, objects });
      added = 0;
      objects = 0;
    },
  };
}

function isNewer(version: string, than: string): boolean {
  const order = compareVersions(version, than);
  return order !== undefined && order > 0;
}
