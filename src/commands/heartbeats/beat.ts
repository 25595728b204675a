import { randomUUID } from 'node:crypto';
import { judge, type RetryPolicy } from '../../delivery/judge.ts';
import type { Outcome } from '../../delivery/outcome.ts';
import type { Sink } from '../../delivery/sink.ts';
import type { CloudEvent } from '../../events/cloud-event.ts';
import type { Clock } from '../../process/clock.ts';
import { heartbeat } from './event.ts';
import type { Settings } from './settings.ts';

export interface BeatIo {
  readonly clock: Clock;
  /** The sink as it is to be reached now: its token may be a new one. */
  readonly sink: () => Promise<Sink>;
  readonly say: (line: string) => void;
}

/** Upstream's: 20 ms, doubled with each of ten attempts. */
const POLICY: RetryPolicy = {
  retry: 10,
  backoffPolicy: 'exponential',
  backoffDelayMs: 20,
  retryAfterMaxMs: 0,
};

/**
 * Sends a heartbeat at once and then one each period, until `signal` is aborted or after the first one of a single
 * shot. One that cannot be sent is told, and the next one is sent in its time. Beats that fell due meanwhile are one.
 */
export async function beat(settings: Settings, io: BeatIo, signal: AbortSignal): Promise<void> {
  const { heart, sink, periodMs, oneShot } = settings;
  const { clock, say } = io;
  const start = clock.monotonic();
  let due = start;
  for (let sequence = 1; !signal.aborted; sequence++) {
    say(`sending cloudevent to ${sink.href}`);
    const failure = await send(heartbeat(heart, sequence, randomUUID(), clock.now()), io, signal);
    if (failure !== undefined) say(`failed to send cloudevent: ${failure}`);
    if (oneShot || signal.aborted) return;
    due += periodMs;
    const now = clock.monotonic();
    if (now < due) await clock.sleep(due - now, signal);
    else due = start + Math.floor((now - start) / periodMs) * periodMs;
  }
}

/** Why the event could not be sent; undefined: it was, or we were asked to stop. */
async function send(event: CloudEvent, io: BeatIo, signal: AbortSignal): Promise<string | undefined> {
  const { clock } = io;
  for (let attempt = 1; ; attempt++) {
    const outcome = await unlessAborted(post(await io.sink(), event), signal);
    if (outcome === undefined) return undefined;
    const verdict = judge(outcome, attempt, POLICY, clock.now(), clock.random());
    if (verdict.is === 'delivered') return undefined;
    if (verdict.is === 'refused') return shown(outcome);
    await clock.sleep(verdict.afterMs, signal);
    if (signal.aborted) return undefined;
  }
}

function post(sink: Sink, event: CloudEvent): Promise<Outcome> {
  return new Promise((resolve) => sink.post(event, resolve));
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => resolve(undefined);
  if (signal.aborted) return undefined;
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function shown(outcome: Outcome): string {
  if (outcome.is === 'failed') return `${outcome.reason}: ${outcome.detail}`;
  const body = Buffer.from(outcome.body ?? []).toString();
  return body.trim() === '' ? String(outcome.status) : `${outcome.status}: ${body.trim()}`;
}
