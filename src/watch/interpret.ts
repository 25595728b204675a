import { failureFromStatus, KubeError } from '../kube/errors.ts';
import type { Change, ChangeType, ObjectHead } from './change.ts';
import type { KnownObjects } from './known-objects.ts';
import type { ListPage } from './list-page.ts';
import { type Observation, observeListed, observeListEnd, observeWatched } from './observe.ts';
import { isSilent, type Stream } from './requests.ts';
import type { Found, StreamNews } from './stream-news.ts';
import { readWatchLine, type WatchLine, type WatchType } from './watch-line.ts';
import { advance, isBehind, type Listing, type WatchState } from './watch-state.ts';

/** What a batch of input came to: what to tell, where the stream stands after it, and what cut it short. */
export interface Interpretation {
  readonly changes: readonly Change[];
  readonly state: WatchState;
  readonly failure: KubeError | undefined;
}

/** Turns what the API server sends into changes. Holds the known objects and the tally of the list under way. */
export interface Interpreter {
  /** A new list begins: what the last, unfinished one mentioned counts no longer. */
  beginList(): void;
  lines(state: WatchState, lines: readonly Buffer[]): Interpretation;
  page(state: Listing, page: ListPage): Interpretation;
}

export function createInterpreter(stream: Stream, known: KnownObjects, tell: (news: StreamNews) => void): Interpreter {
  let found: Record<ChangeType, number> = { add: 0, update: 0, delete: 0 };

  const observe = (state: WatchState, type: WatchType, head: ObjectHead, bytes: Buffer): Observation => {
    if (stream.selects === undefined || stream.selects(bytes)) {
      return state.at === 'listing' ? observeListed(known, head, bytes) : observeWatched(known, type, head, bytes);
    }
    known.forget(head.namespace, head.name);
    return { changes: [], suppressed: 'unselected' };
  };

  const take = (state: WatchState, object: ObjectHead, observation: Observation, changes: Change[]): void => {
    if (observation.suppressed !== undefined) tell({ is: 'suppressed', reason: observation.suppressed, object });
    if (state.at === 'listing' && isSilent(stream, state)) return;
    for (const change of observation.changes) {
      changes.push(change);
      if (change.foundBy === 'list') found[change.type]++;
    }
  };

  /** The list is complete: what it did not mention is gone, and the stream may go on from its version. */
  const endList = (state: Listing, resourceVersion: string, changes: Change[]): void => {
    for (const change of observeListEnd(known)) take(state, change.object, { changes: [change] }, changes);
    tell({ is: 'listed', why: state.why, resourceVersion, found: tally(found, known.size) });
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
        if (state.at === 'listing' && input.endsInitialEvents) endList(state, input.resourceVersion, changes);
        return advance(state, input);
      case 'error':
        return failureFromStatus(statusCode(input.status), input.status);
      case 'malformed':
        tell(input);
        return new KubeError('malformed', input.sentence);
    }
  };

  return {
    beginList: () => {
      known.beginList();
      found = { add: 0, update: 0, delete: 0 };
    },
    lines: (start, lines) => {
      const changes: Change[] = [];
      let state = start;
      for (const bytes of lines) {
        const next = line(state, readWatchLine(bytes), changes);
        if (next instanceof KubeError) return { changes, state, failure: next };
        const listComplete = state.at === 'listing' && next.at === 'watching';
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
      const changes: Change[] = [];
      for (const { head, bytes } of page.objects) take(state, head, observe(state, 'ADDED', head, bytes), changes);
      if (page.continueToken === undefined) endList(state, page.resourceVersion, changes);
      return { changes, state: advance(state, page), failure: undefined };
    },
  };
}

function tally(found: Record<ChangeType, number>, objects: number): Found {
  return { objects, added: found.add, updated: found.update, deleted: found.delete };
}

/** An ERROR line carries a Status; one without a usable code is the server's own trouble. */
function statusCode(status: unknown): number {
  const code = (status as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : 500;
}

function outOfOrder(state: WatchState, resourceVersion: string): KubeError {
  const at = state.at === 'watching' ? state.resourceVersion : 'none';
  return new KubeError(
    'malformed',
    `The watch sent resourceVersion ${resourceVersion} after ${at}; versions of a watch never go back. The connection is dropped and resumed.`,
  );
}
