import type { KubeFailureCode } from '../kube/errors.ts';
import type { Retrace } from './moments.ts';
import type { Entry } from './scope.ts';

/**
 * Where a stream stands, as a value: `advance` says what an input means, and the state itself what to ask
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

export type Failed = Extract<WatchInput, { is: 'failed' }>;
export type Ended = Extract<WatchInput, { is: 'ended' }>;

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
