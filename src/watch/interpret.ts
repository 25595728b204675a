import { failureFromStatus, KubeError } from '../kube/errors.ts';
import type { Change, ChangeType, ObjectHead } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import type { ListPage, ListedObject } from './list-page.ts';
import { observeGone, type Observation, observeListed, observeWatched } from './observe.ts';
import { isSilent, type Stream } from './requests.ts';
import type { StreamNews } from './stream-news.ts';
import { readWatchLine, type WatchLine, type WatchType } from './watch-line.ts';
import {
  advance,
  type Auditing,
  distrusted,
  isBehind,
  type Listing,
  type Recalling,
  type Remembering,
  type WatchState,
} from './watch-state.ts';

/** What a batch of input came to: what to tell, where the stream stands after it, and what cut it short. */
export interface Interpretation {
  readonly changes: readonly Change[];
  readonly state: WatchState;
  readonly failure: KubeError | undefined;
}

/** The states that read lists in pages. */
export type Paged = Listing | Auditing | Remembering | Recalling;

/** Turns what the API server sends into changes. Holds the known objects and the tally of the list under way. */
export interface Interpreter {
  /** A new list begins: what the last, unfinished one mentioned counts no longer. */
  beginList(): void;
  /** Lines of a watch or of a streaming list. */
  lines(state: WatchState, lines: readonly Buffer[]): Interpretation;
  page(state: Paged, page: ListPage): Interpretation;
  /** The last bodies of what is gone cannot be had: told without them. */
  withoutBodies(state: Recalling): readonly Change[];
}

export function createInterpreter(stream: Stream, known: KnownObjects, tell: (news: StreamNews) => void): Interpreter {
  let found: Record<ChangeType, number> = { add: 0, update: 0, delete: 0 };
  /** Of the audit under way. */
  let differences = 0;
  /** What the last complete list did not mention, by name, until it is told. */
  let gone = new Map<string, ObjectHead>();
  let lastList: Listing | undefined;
  /** A deleted object is known no longer, so the repetition of its delete would look like another one. */
  let lastDeleted: ObjectHead | undefined;

  const observe = (state: WatchState, type: WatchType, head: ObjectHead, bytes: Buffer): Observation => {
    if (stream.selects !== undefined && !stream.selects(bytes)) {
      known.forget(head.namespace, head.name);
      return { changes: [], suppressed: 'unselected' };
    }
    if (type === 'DELETED') {
      if (isSame(head, lastDeleted)) return { changes: [], suppressed: 'duplicate' };
      lastDeleted = head;
      // What existed at the position is known, but for what was told as gone before a newer index was stored.
      const toldGone = state.at === 'watching' && state.knowsAll && known.find(head.namespace, head.name) === undefined;
      if (toldGone) return { changes: [], suppressed: 'duplicate' };
    } else if (state.at === 'listing') {
      return observeListed(known, state, head, bytes);
    }
    // A delete inside a streaming list happened while it ran (apiserver, cache_watcher.go) and is not told again.
    return observeWatched(known, type, head, bytes);
  };

  const take = (state: WatchState, object: ObjectHead, observation: Observation, changes: Change[]): void => {
    if (observation.suppressed !== undefined) tell({ is: 'suppressed', reason: observation.suppressed, object });
    if (state.at === 'listing' && isSilent(stream, state)) return;
    for (const change of observation.changes) {
      changes.push(change);
      if (change.foundBy !== 'watch') found[change.type]++;
    }
  };

  const tellGone = (object: ObjectHead, body: Buffer | undefined, changes: Change[]): void => {
    gone.delete(`${object.namespace}/${object.name}`);
    changes.push(observeGone(known, object, body));
    found.delete++;
  };

  /** The list is complete: what it did not mention is gone. Bodies are fetched where the events would carry them. */
  const endList = (state: Listing, resourceVersion: string, changes: Change[]): WatchState => {
    lastList = state;
    // Left by a first list that was begun and not finished: never told, so neither is that they went.
    if (isSilent(stream, state)) for (const { namespace, name } of known.unlisted()) known.forget(namespace, name);
    gone = new Map(Array.from(known.unlisted(), (object) => [`${object.namespace}/${object.name}`, object]));
    const recall = gone.size > 0 && stream.carries === 'objects' && state.since !== undefined;
    if (!recall) finishList(resourceVersion, changes);
    return advance(state, { is: 'listed', resourceVersion, recall });
  };

  const finishList = (resourceVersion: string, changes: Change[]): void => {
    for (const object of gone.values()) tellGone(object, undefined, changes);
    if (lastList === undefined) return;
    const { why, since, knowsAll } = lastList;
    const lost = why === 'start' ? 'nothing' : knowsAll ? 'states' : 'deletes';
    const { add: added, update: updated, delete: deleted } = found;
    tell({ is: 'listed', why, since, resourceVersion, lost, found: { objects: known.size, added, updated, deleted } });
  };

  const line = (state: WatchState, input: WatchLine, changes: Change[]): WatchState | KubeError => {
    switch (input.is) {
      case 'object': {
        if (isBehind(state, input.head.resourceVersion)) return outOfOrder(state, input.head.resourceVersion);
        take(state, input.head, observe(state, input.type, input.head, input.bytes), changes);
        return advance(state, { is: 'changed', resourceVersion: input.head.resourceVersion });
      }
      case 'bookmark':
        if (isBehind(state, input.resourceVersion)) return outOfOrder(state, input.resourceVersion);
        if (state.at === 'listing')
          return input.endsInitialEvents ? endList(state, input.resourceVersion, changes) : state;
        return advance(state, { is: 'bookmark', resourceVersion: input.resourceVersion });
      case 'error':
        return failureFromStatus(statusCode(input.status), input.status);
      case 'malformed':
        tell(input);
        return new KubeError('malformed', input.sentence);
    }
  };

  /** Objects that existed at the position: known from now on, unless something newer is known already. */
  const remember = (objects: readonly ListedObject[]): void => {
    for (const { head, bytes } of objects) {
      const selected = stream.selects === undefined || stream.selects(bytes);
      if (selected && known.find(head.namespace, head.name) === undefined) known.remember(head);
    }
  };

  const recall = (objects: readonly ListedObject[], changes: Change[]): void => {
    for (const { head, bytes } of objects) {
      const missing = gone.get(`${head.namespace}/${head.name}`);
      if (missing?.uid === head.uid) tellGone(missing, bytes, changes);
    }
  };

  /** Counts the objects that are not known as the server has them at our own position. */
  const compare = (objects: readonly ListedObject[]): void => {
    for (const { head, bytes } of objects) {
      if (stream.selects !== undefined && !stream.selects(bytes)) continue;
      if (!known.confirm(head)) differences++;
    }
  };

  const endAudit = (state: Auditing): WatchState => {
    differences += Array.from(known.unlisted()).length;
    tell({ is: 'audited', resourceVersion: state.since, differences });
    return advance(state, { is: 'audited', differences });
  };

  const readPage = (state: Paged, page: Extract<ListPage, { is: 'page' }>, changes: Change[]): WatchState => {
    const { objects, resourceVersion, continueToken } = page;
    const more = continueToken === undefined ? undefined : advance(state, { is: 'page', continueToken });
    switch (state.at) {
      case 'listing':
        for (const { head, bytes } of objects) take(state, head, observe(state, 'ADDED', head, bytes), changes);
        return more ?? endList(state, resourceVersion, changes);
      case 'remembering':
        remember(objects);
        return more ?? advance(state, { is: 'listed', resourceVersion, recall: false });
      case 'recalling':
        recall(objects, changes);
        if (more !== undefined && gone.size > 0) return more;
        finishList(state.resourceVersion, changes);
        return advance(state, { is: 'listed', resourceVersion, recall: false });
      case 'auditing':
        compare(objects);
        return more ?? endAudit(state);
    }
  };

  return {
    beginList: () => {
      known.beginList();
      differences = 0;
      lastDeleted = undefined;
      found = { add: 0, update: 0, delete: 0 };
    },
    lines: (start, lines) => {
      const changes: Change[] = [];
      let state = start;
      for (const bytes of lines) {
        const next = line(state, readWatchLine(bytes), changes);
        if (next instanceof KubeError) return { changes, state: afterFailure(state, next), failure: next };
        const listComplete = state.at === 'listing' && next.at !== 'listing';
        state = next;
        // What a streaming list sends after its end comes again on the watch that follows it.
        if (listComplete) break;
      }
      return { changes, state, failure: undefined };
    },
    page: (state, page) => {
      if (page.is === 'malformed') {
        tell(page);
        return { changes: [], state, failure: new KubeError('malformed', page.sentence) };
      }
      if (page.continueToken !== undefined && page.continueToken === state.continueToken) {
        return { changes: [], state, failure: goesInCircles() };
      }
      const changes: Change[] = [];
      return { changes, state: readPage(state, page, changes), failure: undefined };
    },
    withoutBodies: (state) => {
      const changes: Change[] = [];
      finishList(state.resourceVersion, changes);
      return changes;
    },
  };
}

/** An ERROR line carries a Status; one without a usable code is the server's own trouble. */
function statusCode(status: unknown): number {
  const code = (status as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : 500;
}

function isSame(a: ObjectHead, b: ObjectHead | undefined): boolean {
  return a.uid === b?.uid && a.resourceVersion === b.resourceVersion;
}

function goesInCircles(): KubeError {
  return new KubeError(
    'malformed',
    'The API server answered a page with the same continue token that asked for it, so the list would never end. It is begun anew.',
  );
}

/** Lines that came out of order are no longer trusted to be all of them. */
function afterFailure(state: WatchState, failure: KubeError): WatchState {
  return failure instanceof OutOfOrder ? distrusted(state) : state;
}

class OutOfOrder extends KubeError {}

function outOfOrder(state: WatchState, resourceVersion: string): KubeError {
  const at = state.at === 'watching' ? state.resourceVersion : 'none';
  return new OutOfOrder(
    'malformed',
    `The watch sent resourceVersion ${resourceVersion} after ${at}; versions of a watch never go back. The objects are listed and compared.`,
  );
}
