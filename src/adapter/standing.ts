import type { DeliveryNews, Settlement } from '../delivery/lanes.ts';
import type { Clock } from '../process/clock.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import { encodeReport, type ReadReport, REPORT_ANNOTATION, type SourceReport } from './source-report.ts';
import type { StreamBoard } from './stream-board.ts';

/** What the adapter's report to the controller is made of, and when that is worth being written. */
export interface Standing {
  stream(news: StreamNews): void;
  delivery(news: DeliveryNews): void;
  /** Called for every event, so it does next to nothing. */
  settled(as: Settlement): void;
  /** Undefined: the last write of the index succeeded. */
  index(failure: string | undefined): void;
  /** Whether something changed that the controller should know now. */
  isNews(): boolean;
  /** The annotations that are due, and what to call once they are written. */
  due(): { readonly annotations: Readonly<Record<string, string>>; readonly written: () => void };
}

export interface StandingOptions {
  readonly clock: Clock;
  readonly board: StreamBoard;
  /** When, on the monotonic clock, the oldest change was read that is not settled. */
  readonly heldSince: () => number | undefined;
  /** Whether values of Secrets are sent as they are. */
  readonly clearSecrets: boolean;
  /** What the last holder of the Lease reported: gaps are counted on. */
  readonly before: ReadReport;
}

/** Promise D12 of the delivery contract: events that wait longer than this are not delivered as they should be. */
const LAG_THRESHOLD_MS = 60_000;
/** For how long an event that was dropped is worth a condition. */
const DROP_REMEMBERED_MS = 300_000;
/** What only says that events flow is written this often. */
const FLOW_EVERY_MS = 60_000;

export function createStanding({ clock, board, heldSince, clearSecrets, before }: StandingOptions): Standing {
  const last = before.is === 'report' ? before.report : undefined;
  let { gaps, lastGap, lastEventTime } = last ?? { gaps: 0, lastGap: undefined, lastEventTime: undefined };
  let eventsFlow = false;
  let away = false;
  let lastFailure: string | undefined;
  let dropped: { readonly at: number; readonly reason: string } | undefined;
  let refusal = '';
  let indexFailure: string | undefined;
  /** A write that has no answer yet, or none that came: who knows what the Lease says. */
  let isUnknown = false;
  let written: { readonly state: string; readonly text: string; readonly at: number } | undefined;

  const delivery = (now: number): SourceReport['delivery'] => {
    const why = lastFailure === undefined ? '' : `; the last failure: ${lastFailure}`;
    if (away) return { state: 'away', message: `The sink takes no events${why}.` };
    if (dropped !== undefined && now - dropped.at < DROP_REMEMBERED_MS) {
      return { state: 'failing', message: `Events were refused and dropped; the last reason: ${dropped.reason}.` };
    }
    const since = heldSince();
    if (since === undefined || now - since <= LAG_THRESHOLD_MS) return { state: 'ok' };
    return { state: 'failing', message: `The oldest change waits for more than a minute${why}.` };
  };

  const current = (): SourceReport => {
    const now = clock.monotonic();
    if (eventsFlow) lastEventTime = new Date(clock.now()).toISOString();
    eventsFlow = false;
    return {
      streams: board.summary(),
      delivery: delivery(now),
      checkpoint: indexFailure === undefined ? { state: 'ok' } : { state: 'failing', message: indexFailure },
      ...(lastEventTime !== undefined && { lastEventTime }),
      lagSeconds: Math.round((now - (heldSince() ?? now)) / 1_000),
      gaps,
      ...(lastGap !== undefined && { lastGap }),
      ...(clearSecrets && { clearSecrets }),
    };
  };

  return {
    stream: (news) => {
      if (news.is !== 'listed' || news.why === 'start') return;
      gaps++;
      lastGap = { time: new Date(clock.now()).toISOString(), reason: news.why, lost: news.lost };
    },
    delivery: (news) => {
      switch (news.is) {
        case 'retrying':
          if (news.by === 'sink') lastFailure = news.reason;
          return;
        case 'refused':
          refusal = news.reason;
          return;
        case 'away':
          away = true;
          return;
        case 'back':
          away = false;
      }
    },
    settled: (as) => {
      if (as === 'delivered') eventsFlow = true;
      else if (as === 'dropped') dropped = { at: clock.monotonic(), reason: refusal };
    },
    index: (failure) => {
      indexFailure = failure;
    },
    isNews: () => stateOf(current()) !== written?.state,
    due: () => {
      const report = current();
      const state = stateOf(report);
      const text = encodeReport(report);
      const at = clock.monotonic();
      const flows = text !== written?.text && at - (written?.at ?? 0) >= FLOW_EVERY_MS;
      const isDue = state !== written?.state || flows || isUnknown;
      if (isDue) isUnknown = true;
      return {
        annotations: isDue ? { [REPORT_ANNOTATION]: text } : {},
        written: () => {
          if (!isDue) return;
          written = { state, text, at };
          isUnknown = false;
        },
      };
    },
  };
}

/** All of a report but what changes with every event. */
function stateOf({ streams, delivery, checkpoint, gaps }: SourceReport): string {
  return JSON.stringify([streams, delivery.state, checkpoint.state, gaps]);
}
