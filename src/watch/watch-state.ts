import type { KubeFailureCode } from '../kube/errors.ts';
import { compareVersions } from './resource-version.ts';

/**
 * Where a stream stands, as a value: {@link advance} says what an input means, and the state itself what to ask
 * next. The machine knows positions and waits; which objects exist is not its business.
 */
export type WatchState = Active | Waiting | { readonly at: 'gone' };

/** A state that asks the API server for something. */
export type Active = Listing | Watching;

export interface Listing {
  readonly at: 'listing';
  readonly why: ListReason;
  /** `watchList`: a streaming list (KEP-3157); `pages`: LIST in chunks, where the server refuses that. */
  readonly form: 'watchList' | 'pages';
  readonly continueToken: string | undefined;
  readonly tries: number;
}

export interface Watching {
  readonly at: 'watching';
  readonly resourceVersion: string;
  readonly form: Listing['form'];
  readonly tries: number;
  /** How often in a row the stream ended in something unintelligible at this very resourceVersion. */
  readonly suspicions: number;
}

/** A rest that keeps its place. */
export interface Waiting {
  readonly at: 'waiting';
  readonly ms: number;
  readonly next: Active;
}

/** Why objects are listed: for the first time, or because the history after our version cannot be watched any more. */
export type ListReason = 'start' | 'expired' | 'unintelligible';

/** `jitter` is a random number in [0, 1); the machine has no dice of its own. */
export type WatchInput =
  | { readonly is: 'changed'; readonly resourceVersion: string }
  | { readonly is: 'bookmark'; readonly resourceVersion: string; readonly endsInitialEvents: boolean }
  | { readonly is: 'page'; readonly resourceVersion: string; readonly continueToken: string | undefined }
  | { readonly is: 'ended'; readonly lastedMs: number; readonly lines: number; readonly jitter: number }
  | {
      readonly is: 'failed';
      readonly code: KubeFailureCode;
      readonly retryAfterMs: number | undefined;
      readonly jitter: number;
    }
  | { readonly is: 'rested' };

/** client-go's reflector waits 0.8 s, doubling to 30 s (tools/cache/reflector.go). */
const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 30_000;
/** Somebody who grants a missing right looks for its effect at once, and a refusal costs the server little. */
const LONGEST_WAIT_FOR_RIGHTS_MS = 5_000;
/** A watch that ends sooner than this without a line is a broken proxy, not a normal close (client-go's VeryShortWatchError). */
const SHORT_WATCH_MS = 1_000;
/** After so many unintelligible endings at one version, that version is given up and the objects are listed. */
const MOST_SUSPICIONS = 3;

/** A stream that has seen nothing yet. */
export const FIRST: Active = { at: 'listing', why: 'start', form: 'watchList', continueToken: undefined, tries: 0 };

export function advance(state: WatchState, input: WatchInput): WatchState {
  if (state.at === 'gone') return state;
  if (state.at === 'waiting') return input.is === 'rested' ? state.next : state;
  switch (input.is) {
    case 'changed':
      return state.at === 'watching' ? progressed(state, input.resourceVersion) : state;
    case 'bookmark':
      return bookmarked(state, input.resourceVersion, input.endsInitialEvents);
    case 'page':
      return state.at === 'listing' ? paged(state, input.resourceVersion, input.continueToken) : state;
    case 'ended':
      return ended(state, input);
    case 'failed':
      return failed(state, input);
    case 'rested':
      return state;
  }
}

/** Whether `resourceVersion` is older than where the stream already is: a sign that something lies. */
export function isBehind(state: WatchState, resourceVersion: string): boolean {
  if (state.at !== 'watching') return false;
  const order = compareVersions(resourceVersion, state.resourceVersion);
  return order !== undefined && order < 0;
}

function progressed(state: Watching, resourceVersion: string): Watching {
  return { at: 'watching', resourceVersion, form: state.form, tries: 0, suspicions: 0 };
}

function bookmarked(state: Active, resourceVersion: string, endsInitialEvents: boolean): Active {
  if (state.at === 'watching') return progressed(state, resourceVersion);
  return endsInitialEvents ? watchingFrom(resourceVersion, state.form) : state;
}

function paged(state: Listing, resourceVersion: string, continueToken: string | undefined): Active {
  if (continueToken === undefined) return watchingFrom(resourceVersion, state.form);
  return { ...state, continueToken, tries: 0 };
}

function ended(state: Active, input: { lastedMs: number; lines: number; jitter: number }): WatchState {
  // A streaming list that closes before its end may come from a server that does not know them.
  if (state.at === 'listing') return waitingFor(inPages(state), undefined, input.jitter);
  if (input.lastedMs >= SHORT_WATCH_MS || input.lines > 0) return state;
  return waitingFor(state, undefined, input.jitter);
}

function failed(
  state: Active,
  input: { code: KubeFailureCode; retryAfterMs: number | undefined; jitter: number },
): WatchState {
  switch (input.code) {
    case 'expired':
      return state.at === 'watching'
        ? listing('expired', state.form)
        : waitingFor({ ...state, continueToken: undefined }, input.retryAfterMs, input.jitter);
    case 'notFound':
      return { at: 'gone' };
    case 'malformed':
    case 'serverError':
    case 'invalid':
      return doubted(state, input);
    case 'silent':
      // Nothing came for longer than bookmarks allow: the connection is dead, the server perhaps not.
      return state.at === 'watching' ? state : waitingFor(inPages(state), undefined, input.jitter);
    case 'forbidden':
      return waitingFor(state, input.retryAfterMs, input.jitter, LONGEST_WAIT_FOR_RIGHTS_MS);
    default:
      return waitingFor(state, input.retryAfterMs, input.jitter);
  }
}

function doubted(state: Active, input: { retryAfterMs: number | undefined; jitter: number }): WatchState {
  if (state.at === 'listing') {
    return state.form === 'watchList'
      ? inPages(state)
      : waitingFor({ ...state, continueToken: undefined }, input.retryAfterMs, input.jitter);
  }
  const suspicions = state.suspicions + 1;
  if (suspicions >= MOST_SUSPICIONS) return listing('unintelligible', state.form);
  return waitingFor({ ...state, suspicions }, input.retryAfterMs, input.jitter);
}

function watchingFrom(resourceVersion: string, form: Listing['form']): Watching {
  return { at: 'watching', resourceVersion, form, tries: 0, suspicions: 0 };
}

function listing(why: ListReason, form: Listing['form']): Listing {
  return { at: 'listing', why, form, continueToken: undefined, tries: 0 };
}

function inPages(state: Listing): Listing {
  return { ...state, form: 'pages', continueToken: undefined };
}

/** Rests at least as long as the server asked, else exponentially, between half and the whole of the step. */
function waitingFor(
  next: Active,
  retryAfterMs: number | undefined,
  jitter: number,
  longestMs: number = LONGEST_WAIT_MS,
): Waiting {
  const step = Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(next.tries, 16));
  const ms = Math.max(retryAfterMs ?? 0, step * (0.5 + jitter / 2));
  return { at: 'waiting', ms, next: { ...next, tries: next.tries + 1 } };
}
