import { momentsBetween } from './moments.ts';
import type { Entry } from './scope.ts';
import {
  relearned,
  resumed,
  type Active,
  type Auditing,
  type Entering,
  type ListReason,
  type Listing,
  type Probing,
  type Remembering,
  type Retracing,
  type Waiting,
  type Watching,
} from './watch-state.ts';

/** client-go's reflector waits 0.8 s, doubling to 30 s (tools/cache/reflector.go). */
const FIRST_WAIT_MS = 800;
export const LONGEST_WAIT_MS = 30_000;

export function probing({ head: _head, ...state }: Watching): Probing {
  return { ...state, at: 'probing' };
}

export function watchingFrom(state: Active, resourceVersion: string): Watching {
  const { form, epoch } = state;
  return { at: 'watching', form, epoch, resourceVersion, knowsAll: true, tries: 0, suspicions: 0 };
}

export function listing(state: Active, why: ListReason, since: string | undefined, knowsAll: boolean): Listing {
  const { form, epoch } = state;
  return { at: 'listing', why, since, knowsAll, form, epoch, continueToken: undefined, tries: 0 };
}

export function auditing(state: Watching): Auditing {
  const { form, epoch, resourceVersion } = state;
  return { at: 'auditing', since: resourceVersion, form, epoch, continueToken: undefined, tries: 0 };
}

export function entering({ form, epoch, resourceVersion, knowsAll }: Watching, entries: readonly Entry[]): Entering {
  return { at: 'entering', entries, resourceVersion, knowsAll, form, epoch, continueToken: undefined, tries: 0 };
}

export function watchingOn({ form, epoch, resourceVersion, knowsAll }: Entering): Watching {
  return { at: 'watching', form, epoch, resourceVersion, knowsAll, tries: 0, suspicions: 0 };
}

export function remembering(state: Active, since: string): Remembering {
  const { form, epoch } = state;
  return { at: 'remembering', since, form, epoch, continueToken: undefined, tries: 0 };
}

/** Where it is not known what existed, there is nothing to audit, and something to learn. */
export function relearning({ form, epoch, resourceVersion, knowsAll }: Watching): Remembering {
  return { ...relearned({ resourceVersion, epoch }, knowsAll), form };
}

/** What existed at the position is known; what came then, where that is worth asking, is looked at first. */
export function retracing(state: Watching): Retracing | Listing {
  const { form, epoch, resourceVersion: since, retrace, head } = state;
  const [first, ...more] = retrace === undefined || head === undefined ? [] : momentsBetween(retrace, head);
  if (first === undefined) return listing(state, 'expired', since, true);
  return { at: 'retracing', since, moments: [first, ...more], form, epoch, continueToken: undefined, tries: 0 };
}

export function nextMoment(state: Retracing): Retracing | Listing {
  const [, next, ...more] = state.moments;
  if (next === undefined) return listing(state, 'expired', state.since, true);
  return { ...state, moments: [next, ...more], continueToken: undefined, tries: 0 };
}

export function remembered(state: Remembering, knowsAll: boolean): Active {
  const { since: resourceVersion, epoch, resumes } = state;
  return resumes === undefined
    ? listing(state, 'expired', resourceVersion, knowsAll)
    : resumed({ resourceVersion, epoch }, knowsAll, resumes.retrace);
}

export function inPages<S extends Active>(state: S): S {
  return { ...state, form: 'pages' };
}

/** Rests at least as long as the server asked, else exponentially, between half and the whole of the step. */
export function waitingFor(
  next: Active,
  retryAfterMs: number | undefined,
  jitter: number,
  longestMs: number = LONGEST_WAIT_MS,
): Waiting {
  const step = Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(next.tries, 16));
  const ms = Math.max(retryAfterMs ?? 0, step * (0.5 + jitter / 2));
  return { at: 'waiting', ms, next: { ...next, tries: next.tries + 1 } };
}
