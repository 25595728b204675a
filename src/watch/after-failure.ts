import type { KubeFailureCode } from '../kube/errors.ts';
import {
  LONGEST_WAIT_MS,
  inPages,
  listing,
  nextMoment,
  probing,
  remembered,
  remembering,
  retracing,
  waitingFor,
  watchingFrom,
} from './successors.ts';
import type { Active, Failed, Listing, WatchState, Watching } from './watch-state.ts';

/** Somebody who grants a missing right looks for its effect at once, and a refusal costs the server little. */
const LONGEST_WAIT_FOR_RIGHTS_MS = 5_000;
/** After so many unintelligible endings at one version, that version is given up and the objects are listed. */
export const MOST_SUSPICIONS = 3;

/** What a stream does after a request that failed, or a watch that broke. */
export function failed(state: Active, input: Failed): WatchState {
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
