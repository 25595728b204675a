import { failed, MOST_SUSPICIONS } from './after-failure.ts';
import { compareVersions } from '../kube/resource-version.ts';
import {
  auditing,
  entering,
  inPages,
  listing,
  nextMoment,
  probing,
  relearning,
  remembered,
  waitingFor,
  watchingFrom,
  watchingOn,
} from './successors.ts';
import type { Active, Auditing, Ended, Listing, Probing, WatchInput, WatchState, Watching } from './watch-state.ts';

/** A watch that ends sooner than this without a line is a broken proxy, not a normal close (client-go's VeryShortWatchError). */
const SHORT_WATCH_MS = 1_000;

/** What an input means for a stream: where it stands then. */
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
      if (state.at !== 'watching') return state;
      return state.knowsAll ? auditing(state) : relearning(state);
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

/** Whether a list shows that the server's versions went back: it is of the newest state, and older than our position. */
export function isRewind({ since }: Listing, resourceVersion: string): boolean {
  const order = since === undefined ? undefined : compareVersions(resourceVersion, since);
  return order !== undefined && order < 0;
}

function rewound(state: Active): Listing {
  const knowsAll = 'knowsAll' in state ? state.knowsAll : true;
  return { ...listing(state, 'rewound', undefined, knowsAll), epoch: state.epoch + 1 };
}

function listed(state: Active, resourceVersion: string, recall: boolean): Active {
  switch (state.at) {
    case 'listing':
      if (isRewind(state, resourceVersion)) return rewound(state);
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
