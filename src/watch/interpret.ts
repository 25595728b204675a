import { failureFromStatus, KubeError } from '../kube/errors.ts';
import { createAdmission } from './admission.ts';
import type { Change, ObjectHead, ObjectVersion } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import type { ListPage, ListedObject } from './list-page.ts';
import { createListTally } from './list-tally.ts';
import { type Observation, observeGone, observeListed, observeWatched } from './observe.ts';
import { isSilent, type Stream } from './requests.ts';
import type { StreamNews } from './stream-news.ts';
import { readWatchLine, type WatchLine, type WatchType } from './watch-line.ts';
import { advance, distrusted, isBehind, isRewind } from './advance.ts';
import {
  type Auditing,
  type Entering,
  type Listing,
  type Recalling,
  type Remembering,
  type Retracing,
  type WatchState,
} from './watch-state.ts';

/** What a batch of input came to: what to tell, where the stream stands after it, and what cut it short. */
export interface Interpretation {
  readonly changes: readonly Change[];
  readonly state: WatchState;
  readonly failure: KubeError | undefined;
}

/** The states that read lists in pages. */
export type Paged = Listing | Auditing | Remembering | Retracing | Recalling | Entering;

/** Turns what the API server sends into changes. Holds the known objects and what the list under way has mentioned. */
export interface Interpreter {
  /** A new list begins: what the last, unfinished one mentioned counts no longer. */
  beginList(): void;
  /** Lines of a watch or of a streaming list. */
  lines(state: WatchState, lines: readonly Buffer[]): Interpretation;
  page(state: Paged, page: ListPage): Interpretation;
  /** The last bodies of what is gone cannot be had: told without them. */
  withoutBodies(state: Recalling): readonly Change[];
  /** Nothing of what is known exists any more: told as deleted, without bodies. */
  vanished(): readonly Change[];
}

export function createInterpreter(stream: Stream, known: KnownObjects, tell: (news: StreamNews) => void): Interpreter {
  /** Of the audit under way. */
  let differences = 0;
  /** Objects in what is being read that are in namespaces that are not meant. */
  let outside = 0;
  const { scope } = stream;
  const admission = createAdmission(stream, known, tell);
  const tally = createListTally(stream, known, tell);
  /** A deleted object is known no longer, so the repetition of its delete would look like another one. */
  let lastDeleted: ObjectHead | undefined;

  const isOutside = ({ namespace }: ObjectHead): boolean => {
    if (scope === undefined || scope.covers(namespace)) return false;
    outside++;
    return true;
  };

  const tellOutside = (): void => {
    if (outside > 0) tell({ is: 'outside', objects: outside });
    outside = 0;
  };

  const observe = (state: WatchState, type: WatchType, head: ObjectHead, bytes: Buffer): Observation => {
    if (stream.selects !== undefined && !stream.selects(bytes)) {
      known.forget(head.namespace, head.name);
      return { changes: [], suppressed: 'unselected' };
    }
    if (type === 'DELETED') {
      if (isSame(head, lastDeleted)) return { changes: [], suppressed: 'duplicate' };
      lastDeleted = head;
      // What existed at the position is known, but for what was told as gone before a newer index was stored, and what
      // was in a namespace that came into the scope after it.
      const isUnknown = known.find(head.namespace, head.name) === undefined;
      const toldGone = state.at === 'watching' && state.knowsAll && isUnknown && !admission.isNews(head);
      if (toldGone) return { changes: [], suppressed: 'duplicate' };
    } else if (state.at === 'listing' || state.at === 'retracing') {
      const list = state.at === 'listing' ? state : ({ why: 'expired', since: state.since, knowsAll: true } as const);
      const listed = observeListed(known, list, head, bytes);
      const isTold = listed.changes.length > 0 && !(state.at === 'listing' && isSilent(stream, state));
      if (!isTold) stream.sees?.(head, bytes);
      return listed;
    }
    // A delete inside a streaming list happened while it ran (apiserver, cache_watcher.go) and is not told again.
    return observeWatched(known, type, head, bytes);
  };

  const take = (state: WatchState, object: ObjectHead, observation: Observation, changes: Change[]): void => {
    if (observation.suppressed !== undefined) tell({ is: 'suppressed', reason: observation.suppressed, object });
    if (state.at === 'listing' && isSilent(stream, state)) return;
    for (const observed of observation.changes) {
      const change = state.at === 'watching' ? admission.named(observed) : observed;
      changes.push(change);
      if (state.at === 'retracing') tally.retraced(change.type);
      else if (change.foundBy !== 'watch') tally.count(change.type);
    }
  };

  const endList = (state: Listing, resourceVersion: string, changes: Change[]): WatchState => {
    if (isRewind(state, resourceVersion)) {
      tell({ is: 'rewound', position: state.since, head: resourceVersion });
      return advance(state, { is: 'listed', resourceVersion, recall: false });
    }
    const recall = tally.end(state, resourceVersion, changes);
    return advance(state, { is: 'listed', resourceVersion, recall });
  };

  const line = (state: WatchState, input: WatchLine, changes: Change[]): WatchState | KubeError => {
    switch (input.is) {
      case 'object': {
        if (isBehind(state, input.head.resourceVersion)) return outOfOrder(state, input.head.resourceVersion);
        if (!isOutside(input.head)) {
          take(state, input.head, observe(state, input.type, input.head, input.bytes), changes);
        }
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
      if (isOutside(head)) continue;
      const selected = stream.selects === undefined || stream.selects(bytes);
      if (!selected) continue;
      const newer = known.find(head.namespace, head.name);
      if (newer === undefined) known.remember(head);
      // Of an object that is known in a later state, this one says nothing any more.
      if (newer === undefined || isSame(head, newer)) stream.sees?.(head, bytes);
    }
  };

  /** Counts the objects that are not known as the server has them at our own position. */
  const compare = (objects: readonly ListedObject[]): void => {
    for (const { head, bytes } of objects) {
      if (isOutside(head) || (stream.selects !== undefined && !stream.selects(bytes))) continue;
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
        for (const { head, bytes } of objects) {
          if (!isOutside(head)) take(state, head, observe(state, 'ADDED', head, bytes), changes);
        }
        return more ?? endList(state, resourceVersion, changes);
      case 'retracing':
        for (const { head, bytes } of objects) {
          if (!isOutside(head)) take(state, head, observe(state, 'ADDED', head, bytes), changes);
        }
        return more ?? advance(state, { is: 'listed', resourceVersion, recall: false });
      case 'remembering':
        remember(objects);
        if (more === undefined && state.resumes?.knowsAll === false)
          tell({ is: 'relearned', resourceVersion: state.since, objects: known.size });
        return more ?? advance(state, { is: 'listed', resourceVersion, recall: false });
      case 'recalling':
        if (!tally.recall(objects, changes) && more !== undefined) return more;
        tally.finish(state.resourceVersion, changes);
        return advance(state, { is: 'listed', resourceVersion, recall: false });
      case 'auditing':
        compare(objects);
        return more ?? endAudit(state);
      case 'entering':
        changes.push(...admission.take(state, objects));
        if (more !== undefined) return more;
        admission.end(state, resourceVersion);
        return advance(state, { is: 'entered' });
    }
  };

  return {
    beginList: () => {
      known.beginList();
      differences = 0;
      lastDeleted = undefined;
      tally.begin();
    },
    lines: (start, lines) => {
      const changes: Change[] = [];
      let state = start;
      for (const bytes of lines) {
        const next = line(state, readWatchLine(bytes), changes);
        if (next instanceof KubeError) {
          tellOutside();
          return { changes, state: afterFailure(state, next), failure: next };
        }
        const listComplete = state.at === 'listing' && (next.at !== 'listing' || next.epoch !== state.epoch);
        state = next;
        // What a streaming list sends after its end comes again on the watch that follows it.
        if (listComplete) break;
      }
      tellOutside();
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
      const next = readPage(state, page, changes);
      tellOutside();
      return { changes, state: next, failure: undefined };
    },
    vanished: () => {
      const changes = Array.from(known.all()).map((object) => observeGone(known, object, undefined));
      tell({ is: 'vanished', objects: changes.length });
      return changes;
    },
    withoutBodies: (state) => {
      const changes: Change[] = [];
      tally.finish(state.resourceVersion, changes);
      return changes;
    },
  };
}

/** An ERROR line carries a Status; one without a usable code is the server's own trouble. */
function statusCode(status: unknown): number {
  const code = (status as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : 500;
}

function isSame(a: ObjectVersion, b: ObjectVersion | undefined): boolean {
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
