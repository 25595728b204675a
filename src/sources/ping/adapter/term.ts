import type { Leadership } from '../../../kube/leadership.ts';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';
import type { Informer } from '../../../reconcile/informer.ts';
import { firingOf } from '../firing.ts';
import type { PingSource } from '../spec.ts';
import { createDeliveries, type Deliveries } from './deliveries.ts';
import { LATE_MS } from './due-times.ts';
import { giveBack, keepLease, type LeaseNote } from './keep-lease.ts';
import { FIRED_ANNOTATION, packMemory, unpackMemory } from './memory.ts';
import type { PingMetrics } from './metrics.ts';
import { createRota, type Due, type Rota, SPREAD_MS } from './rota.ts';

export interface TermIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PingMetrics;
  readonly sources: Pick<Informer<PingSource>, 'subscribe'>;
  readonly sinkTimeoutMs: number;
}

/** The time in which this process is the one that fires. */
export interface Term {
  readonly sources: () => number;
  readonly queued: () => number;
  readonly sinksAway: () => number;
  /** @returns whether the Lease was lost, so that it is to be asked for anew */
  run(signal: AbortSignal): Promise<'stopped' | 'lost'>;
}

/** Sources that are due within so much are taken together. */
const LEAST_SLEEP_MS = 10;
/** Also how late a step of the system's clock, or the end of a hold, is seen. */
const LONGEST_SLEEP_MS = 500;
/** For what is on the wire; what rests before its next attempt is left to the next replica, as nobody fires meanwhile. */
const DRAIN_MS = 5_000;

export function createTerm(leadership: Leadership, io: TermIo): Term {
  const { clock, log, metrics } = io;
  const stored = leadership.taken.metadata.annotations?.[FIRED_ANNOTATION];
  const memory = unpackMemory(stored);
  if (stored !== undefined && memory === undefined)
    log.error('what was fired before cannot be read; it may be repeated');
  const begun = clock.now();
  const isAhead = memory !== undefined && memory.until > begun + LATE_MS;
  if (isAhead)
    log.error(
      { until: new Date(memory.until).toISOString() },
      'the last replica fired for times that have not come; its clock was ahead, or ours is behind',
    );
  // The first adapter of a cluster comes after the first source.
  const since = memory === undefined || isAhead ? begun - LATE_MS : memory.until;
  const rota = createRota(since);
  const deliveries = createDeliveries({
    clock,
    log,
    metrics,
    timeoutMs: io.sinkTimeoutMs,
    maySend: leadership.holds,
  });
  let takenUntil = since;
  let lastNow = begun;

  const fire = ({ firing, times, missed }: Due): void => {
    if (missed > 0) {
      metrics.missed(missed);
      const source = `${firing.namespace}/${firing.name}`;
      log.warn({ source, missed, sent: times.length }, 'pings missed');
    }
    metrics.fired(times.length);
    for (const time of times) deliveries.send(firing, time);
  };

  /** Else nothing would fire until the clock is where it was. */
  const followClock = (at: number): void => {
    if (at < lastNow - LATE_MS) {
      log.error({ aheadMs: lastNow - at }, 'the clock went back; what fired since then fires again, with the same ids');
      rota.goBack(at);
      takenUntil = at;
    }
    lastNow = at;
  };

  const takeDue = (at: number): void => {
    followClock(at);
    for (let due = rota.take(at); due !== undefined; due = rota.take(at)) fire(due);
    takenUntil = Math.max(takenUntil, at - SPREAD_MS);
  };

  const note: LeaseNote = {
    version: () => `${deliveries.queued} ${deliveries.total}`,
    annotations: () => ({
      [FIRED_ANNOTATION]: packMemory({ until: takenUntil, unsettled: deliveries.unsettled() }),
    }),
  };

  const repeatUnsettled = (): void => {
    for (const { uid, at } of memory?.unsettled ?? []) {
      const firing = rota.get(uid);
      if (firing !== undefined) deliveries.send(firing, at);
    }
  };

  return {
    sources: () => rota.size,
    queued: () => deliveries.queued,
    sinksAway: () => deliveries.sinksAway,
    run: async (signal) => {
      const unsubscribe = follow(io.sources, rota, clock);
      metrics.leads(true);
      log.info({ sources: rota.size, since: new Date(since).toISOString() }, 'firing');
      repeatUnsettled();
      const ended = new AbortController();
      const ends = AbortSignal.any([signal, ended.signal]);
      const end = (): void => ended.abort();
      const hold = { leadership, deliveries };
      try {
        const ticking = tick(rota, takeDue, hold, clock, ends).finally(end);
        const keeping = keepLease(leadership, note, io, ends).finally(end);
        const [outcome] = await Promise.all([keeping, ticking]);
        if (outcome === 'lost') return 'lost';
        const now = clock.now();
        rota.takeAll(now).forEach(fire);
        takenUntil = Math.max(takenUntil, now);
        await drain(deliveries, io);
        await deliveries.end();
        await giveBack(leadership, note.annotations(), log);
        return 'stopped';
      } finally {
        unsubscribe();
        metrics.leads(false);
        await deliveries.end();
      }
    },
  };
}

/** Has the rota follow the sources. */
function follow(sources: TermIo['sources'], rota: Rota, clock: Clock): () => void {
  return sources.subscribe((event) => {
    const { object } = event;
    const firing = event.is === 'deleted' ? undefined : firingOf(object);
    if (firing === undefined) rota.remove(object.metadata.uid, clock.now());
    else rota.put(firing, clock.now(), event.is === 'added' && event.initial);
  });
}

interface Hold {
  readonly leadership: Leadership;
  readonly deliveries: Deliveries;
}

/** Takes what is due in its time, until `signal` is aborted. */
async function tick(
  rota: Rota,
  takeDue: (now: number) => void,
  { leadership, deliveries }: Hold,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let holds = true;
  while (!signal.aborted) {
    if (holds !== leadership.holds()) {
      holds = !holds;
      // Others may take the Lease in 5 s, and what is on the wire must not arrive after what they send.
      if (holds) deliveries.wake();
      else await deliveries.cut();
    }
    const now = clock.now();
    takeDue(now);
    const wait = (rota.next() ?? Infinity) - now;
    await clock.sleep(Math.min(Math.max(wait, LEAST_SLEEP_MS), LONGEST_SLEEP_MS), signal);
  }
}

async function drain(deliveries: Deliveries, { clock, log }: TermIo): Promise<void> {
  const done = new AbortController();
  await Promise.race([deliveries.idle(), clock.sleep(DRAIN_MS, done.signal)]);
  done.abort();
  if (deliveries.queued > 0) log.info({ events: deliveries.queued }, 'undelivered events are left to the next replica');
}
