import type { KubeFailureCode } from '../kube/errors.ts';
import { momentsBetween, type Retrace } from './moments.ts';
import { compareVersions } from './resource-version.ts';
import type { Entry } from './scope.ts';

/**
 * Where a stream stands, as a value: {@link advance} says what an input means, and the state itself what to ask
 * next. The machine knows positions and waits; which objects exist is not its business.
 *
 * A stream lists once, then watches. When a watch ends, the stream probes before it watches again. When the history
 * after its position is gone, it remembers what existed there (if it does not know), lists what exists now, and
 * recalls the last bodies of what is gone. If that is so right after a crash, it first retraces what happened then.
 */
export type WatchState = Active | Waiting | Gone;

/** A state that asks the API server for something. */
export type Active = Listing | Probing | Watching | Auditing | Remembering | Retracing | Recalling | Entering;

interface Common {
  /** `watchList`: lists come as streams (KEP-3157); `pages`: in chunks, where the server refuses that. */
  readonly form: 'watchList' | 'pages';
  /** Rises when the server's versions are found to have gone back. */
  readonly epoch: number;
  /** Attempts since the last progress. */
  readonly tries: number;
}

/** Listing what exists now. */
export interface Listing extends Common {
  readonly at: 'listing';
  readonly why: ListReason;
  /** The position that the list has to catch up from; undefined at the start and after a rewind. */
  readonly since: string | undefined;
  /** Whether what existed at `since` is known, so that what is gone can be told. */
  readonly knowsAll: boolean;
  readonly continueToken: string | undefined;
}

/** Asking for the server's newest version: a watch at a version that it has not reached is silent for ever. */
export interface Probing extends Common {
  readonly at: 'probing';
  readonly resourceVersion: string;
  readonly knowsAll: boolean;
  /** How often in a row the watch ended in something unintelligible at this very resourceVersion. */
  readonly suspicions: number;
  /** Begins after a crash: more may have been told than the position and the known objects say. */
  readonly retrace?: Retrace | undefined;
}

export interface Watching extends Common {
  readonly at: 'watching';
  readonly resourceVersion: string;
  readonly knowsAll: boolean;
  readonly suspicions: number;
  /** See Probing. Until something comes. */
  readonly retrace?: Retrace | undefined;
  /** The server's newest version before the watch began; where it may be retraced. */
  readonly head?: string;
}

/**
 * Listing what existed at `since`, our own position, to compare it with what is known: a difference means that the
 * server has kept a change from us (kubernetes/kubernetes#123072 and others).
 */
export interface Auditing extends Common {
  readonly at: 'auditing';
  readonly since: string;
  readonly continueToken: string | undefined;
}

/** Listing what existed at `since`, while etcd still has it, to learn what is gone by now. */
export interface Remembering extends Common {
  readonly at: 'remembering';
  readonly since: string;
  /** The history after `since` is not known to be gone: it is watched next, with `knowsAll` as it was if this fails. */
  readonly resumes?: { readonly knowsAll: boolean; readonly retrace?: Retrace | undefined } | undefined;
  readonly continueToken: string | undefined;
}

/**
 * Listing what existed at moments after `since`, while etcd still has it, each compared with the one before: what was
 * told before a crash and is gone by now would not be known otherwise. What is gone is told with the list of now.
 */
export interface Retracing extends Common {
  readonly at: 'retracing';
  readonly since: string;
  /** The first is being listed. */
  readonly moments: readonly [string, ...string[]];
  readonly continueToken: string | undefined;
}

/** Listing what existed at `since` for the last bodies of objects that are gone, before going on at `resourceVersion`. */
export interface Recalling extends Common {
  readonly at: 'recalling';
  readonly since: string;
  readonly resourceVersion: string;
  readonly continueToken: string | undefined;
}

/** Listing what is in namespaces that come into the stream's scope, before it goes on watching at `resourceVersion`. */
export interface Entering extends Common {
  readonly at: 'entering';
  readonly entries: readonly Entry[];
  readonly resourceVersion: string;
  readonly knowsAll: boolean;
  readonly continueToken: string | undefined;
}

/** A rest that keeps its place. */
export interface Waiting {
  readonly at: 'waiting';
  readonly ms: number;
  readonly next: Active;
}

/** The API server does not serve the resource. */
export interface Gone {
  readonly at: 'gone';
}

/**
 * Why objects are listed: for the first time; because the history after our version cannot be watched any more;
 * because what comes cannot be understood; because the server's versions went back (etcd was restored); or because an
 * audit found that it had kept changes from us.
 */
export type ListReason = (typeof LIST_REASONS)[number];

export const LIST_REASONS = ['start', 'expired', 'unintelligible', 'rewound', 'audit'] as const;

/** `jitter` is a random number in [0, 1); the machine has no dice of its own. */
export type WatchInput =
  | { readonly is: 'changed'; readonly resourceVersion: string }
  | { readonly is: 'bookmark'; readonly resourceVersion: string }
  /** The server's newest version. */
  | { readonly is: 'head'; readonly resourceVersion: string }
  /** It is time to see whether the server told us everything. */
  | { readonly is: 'auditDue' }
  | { readonly is: 'audited'; readonly differences: number }
  /** Something else than a position showed that the server's versions went back. */
  | { readonly is: 'rewound' }
  /** Namespaces come into the scope of the stream. */
  | { readonly is: 'entering'; readonly entries: readonly Entry[] }
  | { readonly is: 'entered' }
  /** Looking at the past takes too long: what exists now waits for it. */
  | { readonly is: 'late' }
  /** A page of a list that has more. */
  | { readonly is: 'page'; readonly continueToken: string }
  /** A list is complete. `recall`: known objects are gone and their last bodies are wanted. */
  | { readonly is: 'listed'; readonly resourceVersion: string; readonly recall: boolean }
  | { readonly is: 'ended'; readonly lastedMs: number; readonly lines: number; readonly jitter: number }
  | {
      readonly is: 'failed';
      readonly code: KubeFailureCode;
      readonly retryAfterMs: number | undefined;
      readonly jitter: number;
    }
  | { readonly is: 'rested' };

type Failed = Extract<WatchInput, { is: 'failed' }>;
type Ended = Extract<WatchInput, { is: 'ended' }>;

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
export const FIRST: Listing = {
  at: 'listing',
  why: 'start',
  since: undefined,
  knowsAll: true,
  form: 'watchList',
  continueToken: undefined,
  epoch: 0,
  tries: 0,
};

/**
 * A stream that goes on at a stored position. `knowsAll`: the objects that existed there are known as well.
 * `retrace`: it ended in a crash.
 */
export function resumed(
  position: { resourceVersion: string; epoch: number },
  knowsAll: boolean,
  retrace?: Retrace,
): Probing {
  return {
    at: 'probing',
    form: 'watchList',
    ...position,
    knowsAll,
    tries: 0,
    suspicions: 0,
    ...(retrace && { retrace }),
  };
}

/** The same for a stream that has to see what existed there, before it goes on. */
export function relearned(
  position: { resourceVersion: string; epoch: number },
  knowsAll: boolean,
  retrace?: Retrace,
): Remembering {
  const { resourceVersion: since, epoch } = position;
  return {
    at: 'remembering',
    form: 'watchList',
    since,
    epoch,
    resumes: { knowsAll, ...(retrace && { retrace }) },
    continueToken: undefined,
    tries: 0,
  };
}

export function advance(state: WatchState, input: WatchInput): WatchState {
  if (state.at === 'gone') return state;
  if (input.is === 'rewound') return rewound(state.at === 'waiting' ? state.next : state);
  if (state.at === 'waiting') return input.is === 'rested' ? state.next : state;
  switch (input.is) {
    case 'changed':
    case 'bookmark':
      return state.at === 'watching' ? progressed(state, input.resourceVersion) : state;
    case 'head':
      return state.at === 'probing' ? probed(state, input.resourceVersion) : state;
    case 'auditDue':
      return state.at === 'watching' ? auditing(state) : state;
    case 'audited':
      return state.at === 'auditing' ? audited(state, input.differences) : state;
    case 'entering':
      return state.at === 'watching' ? entering(state, input.entries) : state;
    case 'entered':
      return state.at === 'entering' ? watchingOn(state) : state;
    case 'late':
      return state.at === 'retracing' ? listing(state, 'expired', state.since, true) : state;
    case 'page':
      return 'continueToken' in state ? { ...state, continueToken: input.continueToken, tries: 0 } : state;
    case 'listed':
      return listed(state, input.resourceVersion, input.recall);
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

/**
 * A line came out of order: lines before it may be missing, and would not come again. One more failure, and the
 * objects are listed.
 */
export function distrusted(state: WatchState): WatchState {
  return state.at === 'watching' ? { ...state, suspicions: MOST_SUSPICIONS - 1 } : state;
}

function progressed(state: Watching, resourceVersion: string): Watching {
  const { form, epoch, knowsAll } = state;
  // What comes again at the same version does not show that the next line can be understood.
  const suspicions = resourceVersion === state.resourceVersion ? state.suspicions : 0;
  return { at: 'watching', form, epoch, knowsAll, resourceVersion, tries: 0, suspicions };
}

function probed(state: Probing, head: string): Active {
  const order = compareVersions(head, state.resourceVersion);
  if (order !== undefined && order < 0) {
    return rewound(state);
  }
  return { ...state, at: 'watching', ...(state.retrace && { head }) };
}

function rewound(state: Active): Listing {
  const knowsAll = 'knowsAll' in state ? state.knowsAll : true;
  return { ...listing(state, 'rewound', undefined, knowsAll), epoch: state.epoch + 1 };
}

function listed(state: Active, resourceVersion: string, recall: boolean): Active {
  switch (state.at) {
    case 'listing':
      if (recall && state.since !== undefined) {
        const { form, epoch, since } = state;
        return { at: 'recalling', form, epoch, since, resourceVersion, continueToken: undefined, tries: 0 };
      }
      return watchingFrom(state, resourceVersion);
    case 'remembering':
      return remembered(state, true);
    case 'retracing':
      return nextMoment(state);
    case 'recalling':
      return watchingFrom(state, state.resourceVersion);
    case 'probing':
    case 'watching':
    case 'auditing':
    case 'entering':
      return state;
  }
}

function audited(state: Auditing, differences: number): Active {
  return differences === 0 ? watchingFrom(state, state.since) : listing(state, 'audit', state.since, true);
}

function ended(state: Active, input: Ended): WatchState {
  if (state.at === 'watching') {
    const short = input.lastedMs < SHORT_WATCH_MS && input.lines === 0;
    return short ? waitingFor(probing(state), undefined, input.jitter) : probing(state);
  }
  // A streaming list that closes before its end may come from a server that does not know them.
  return waitingFor(inPages(state), undefined, input.jitter);
}

function failed(state: Active, input: Failed): WatchState {
  if (input.code === 'notFound' && state.at !== 'recalling' && state.at !== 'auditing') return { at: 'gone' };
  switch (state.at) {
    case 'listing':
      return listingFailed(state, input);
    case 'probing':
      return waitingFor(state, input.retryAfterMs, input.jitter, longestWait(input.code));
    case 'watching':
      return watchingFailed(state, input);
    case 'remembering':
      // What cannot be listed any more is not worth waiting for; what cannot be listed now is.
      return mayPass(input.code)
        ? waitingFor(state, input.retryAfterMs, input.jitter, longestWait(input.code))
        : remembered(state, state.resumes?.knowsAll ?? false);
    case 'retracing':
      // A server that has just started may fail at what it does later, and there is an end to the time for it.
      if (mayPass(input.code) || input.code === 'serverError') {
        const afresh = { ...state, continueToken: undefined };
        return waitingFor(afresh, input.retryAfterMs, input.jitter, longestWait(input.code));
      }
      // A later moment may not be gone yet; what a server cannot answer at one, it cannot at another.
      return input.code === 'expired' ? nextMoment(state) : listing(state, 'expired', state.since, true);
    case 'auditing':
      // The server still serves the watch; the next audit comes.
      return watchingFrom(state, state.since);
    case 'entering':
      // What was listed so far is known; an expired token begins with the first page again.
      return waitingFor(
        { ...state, continueToken: undefined },
        input.retryAfterMs,
        input.jitter,
        longestWait(input.code),
      );
    case 'recalling':
      // Bodies are a courtesy: the deletes are known and told without them, whatever the watch meets then.
      return watchingFrom(state, state.resourceVersion);
  }
}

function listingFailed(state: Listing, input: Failed): WatchState {
  const afresh = { ...state, continueToken: undefined };
  if (state.form === 'watchList') {
    if (refusesStreams(input.code)) return inPages(afresh);
    if (input.code === 'silent') return waitingFor(inPages(afresh), undefined, input.jitter);
  }
  return waitingFor(afresh, input.retryAfterMs, input.jitter, longestWait(input.code));
}

function watchingFailed(state: Watching, input: Failed): WatchState {
  switch (input.code) {
    case 'expired': {
      const { knowsAll, resourceVersion } = state;
      const next = knowsAll ? retracing(state) : remembering(state, resourceVersion);
      // A restarted server expires all its watches at once, and one that keeps no history every watch after a list.
      return waitingFor(next, input.retryAfterMs, input.jitter);
    }
    case 'malformed':
    case 'serverError':
    case 'invalid': {
      const suspicions = state.suspicions + 1;
      if (suspicions >= MOST_SUSPICIONS) {
        return listing(state, 'unintelligible', state.resourceVersion, state.knowsAll);
      }
      return waitingFor({ ...probing(state), suspicions }, input.retryAfterMs, input.jitter);
    }
    case 'silent':
      // Nothing came for longer than bookmarks allow: the connection is dead, the server perhaps not.
      return probing(state);
    default:
      return waitingFor(probing(state), input.retryAfterMs, input.jitter, longestWait(input.code));
  }
}

function refusesStreams(code: KubeFailureCode): boolean {
  return code === 'invalid' || code === 'serverError' || code === 'malformed';
}

/** Whether the same request may succeed later. */
function mayPass(code: KubeFailureCode): boolean {
  return !['expired', 'tooLargeResourceVersion', 'invalid', 'malformed', 'serverError'].includes(code);
}

function longestWait(code: KubeFailureCode): number {
  return code === 'forbidden' || code === 'unauthorized' ? LONGEST_WAIT_FOR_RIGHTS_MS : LONGEST_WAIT_MS;
}

function probing({ head: _head, ...state }: Watching): Probing {
  return { ...state, at: 'probing' };
}

function watchingFrom(state: Active, resourceVersion: string): Watching {
  const { form, epoch } = state;
  return { at: 'watching', form, epoch, resourceVersion, knowsAll: true, tries: 0, suspicions: 0 };
}

function listing(state: Active, why: ListReason, since: string | undefined, knowsAll: boolean): Listing {
  const { form, epoch } = state;
  return { at: 'listing', why, since, knowsAll, form, epoch, continueToken: undefined, tries: 0 };
}

function auditing(state: Watching): Auditing {
  const { form, epoch, resourceVersion } = state;
  return { at: 'auditing', since: resourceVersion, form, epoch, continueToken: undefined, tries: 0 };
}

function entering({ form, epoch, resourceVersion, knowsAll }: Watching, entries: readonly Entry[]): Entering {
  return { at: 'entering', entries, resourceVersion, knowsAll, form, epoch, continueToken: undefined, tries: 0 };
}

function watchingOn({ form, epoch, resourceVersion, knowsAll }: Entering): Watching {
  return { at: 'watching', form, epoch, resourceVersion, knowsAll, tries: 0, suspicions: 0 };
}

function remembering(state: Active, since: string): Remembering {
  const { form, epoch } = state;
  return { at: 'remembering', since, form, epoch, continueToken: undefined, tries: 0 };
}

/** What existed at the position is known; what came then, where that is worth asking, is looked at first. */
function retracing(state: Watching): Retracing | Listing {
  const { form, epoch, resourceVersion: since, retrace, head } = state;
  const [first, ...more] = retrace === undefined || head === undefined ? [] : momentsBetween(retrace, head);
  if (first === undefined) return listing(state, 'expired', since, true);
  return { at: 'retracing', since, moments: [first, ...more], form, epoch, continueToken: undefined, tries: 0 };
}

function nextMoment(state: Retracing): Retracing | Listing {
  const [, next, ...more] = state.moments;
  if (next === undefined) return listing(state, 'expired', state.since, true);
  return { ...state, moments: [next, ...more], continueToken: undefined, tries: 0 };
}

function remembered(state: Remembering, knowsAll: boolean): Active {
  const { since: resourceVersion, epoch, resumes } = state;
  return resumes === undefined
    ? listing(state, 'expired', resourceVersion, knowsAll)
    : resumed({ resourceVersion, epoch }, knowsAll, resumes.retrace);
}

function inPages<S extends Active>(state: S): S {
  return { ...state, form: 'pages' };
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
