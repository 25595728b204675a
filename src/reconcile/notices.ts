import { LRUCache } from 'lru-cache';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import { eventAddress, eventOf, eventPatch, type Notice, type Told } from './notice.ts';
import { createSpamFilter } from './spam-filter.ts';

export type { Notice } from './notice.ts';

/**
 * What became of a notice. `created`: an Event of its own. `counted`: one more of an Event that there is. The others
 * were dropped: too many about one object (`rateLimited`), too many waiting (`queueFull`), not taken by the API server
 * (`refused`), not answered for too long (`unreachable`), or waiting when the process was asked to stop (`stopped`).
 */
export type NoticeOutcome = 'created' | 'counted' | DropReason;
export type DropReason = 'rateLimited' | 'queueFull' | 'refused' | 'unreachable' | 'stopped';

/** Writes Kubernetes Events, behind the back of whoever tells them. */
export interface Notices {
  /** Returns at once; never throws. */
  tell(notice: Notice): void;
  /** Writes what is told, one after the other, until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export interface NoticesIo {
  readonly kube: Pick<KubeClient, 'json'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Who tells: `apiserversource-controller`. */
  readonly component: string;
  /** @param times how many notices that were alike came to this together */
  readonly count: (outcome: NoticeOutcome, times: number) => void;
}

interface Pending {
  readonly notice: Notice;
  readonly times: number;
  readonly first: number;
  readonly last: number;
}

/** As client-go's queue (tools/record/event.go). */
const MOST_PENDING = 1_000;
/** As client-go's cache: how many Events are counted further without asking for them. */
const MOST_REMEMBERED = 4096;
/** As client-go: it gives up after 12 attempts, 10 s apart. */
const MOST_ATTEMPTS = 12;
const PAUSE_MS = 10_000;
const TIMEOUT_MS = 10_000;

export function createNotices(io: NoticesIo): Notices {
  const { clock, log, count } = io;
  const spam = createSpamFilter();
  /** By the path of the Event, in order of arrival. */
  const pending = new Map<string, Pending>();
  const told = new LRUCache<string, Told>({ maxSize: MOST_REMEMBERED, sizeCalculation: () => 1 });
  let arrived = Promise.withResolvers<void>();

  const drop = (notice: Notice, times: number, why: DropReason, error?: KubeError): void => {
    count(why, times);
    const { kind, metadata } = notice.about;
    const about = `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
    const { reason, message } = notice;
    // Rate limits are meant to keep things quiet.
    log[why === 'rateLimited' ? 'debug' : 'warn'](
      { about, reason, message, times, why, detail: error?.message },
      'notice dropped',
    );
  };

  async function write(path: string, next: Pending, signal: AbortSignal): Promise<'created' | 'counted'> {
    const { notice, times, first, last } = next;
    const known = told.get(path);
    if (known !== undefined) {
      const again = { count: known.count + times, first: known.first, last };
      const patched = await patchEvent(io.kube, path, again, signal);
      if (patched !== undefined) {
        told.set(path, again);
        return 'counted';
      }
    }
    const fresh = { count: times, first, last };
    const collection = path.slice(0, path.lastIndexOf('/'));
    if (await createEvent(io.kube, collection, eventOf(notice, fresh, io.component), signal)) {
      told.set(path, fresh);
      return 'created';
    }
    // From before a restart, or by another replica: how often it was told stands in the answer to the first patch.
    const present = await patchEvent(io.kube, path, { last }, signal);
    const again = { count: (present?.count ?? 0) + times, first, last };
    await patchEvent(io.kube, path, again, signal);
    told.set(path, again);
    return 'counted';
  }

  async function settle(path: string, next: Pending, signal: AbortSignal): Promise<void> {
    const { notice, times } = next;
    for (let attempt = 1; ; attempt++) {
      try {
        count(await write(path, next, signal), times);
        return;
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        if (signal.aborted) return drop(notice, times, 'stopped');
        if (error.advice !== 'retry') return drop(notice, times, 'refused', error);
        if (attempt === MOST_ATTEMPTS) return drop(notice, times, 'unreachable', error);
        // A little less than all at once, where many processes lost the same server.
        await clock.sleep(error.retryAfterMs ?? PAUSE_MS * (0.5 + clock.random() / 2), signal);
      }
    }
  }

  return {
    tell(notice) {
      const path = pathOf(notice);
      const waiting = pending.get(path);
      const { uid = path } = notice.about.metadata;
      if (!spam.admits(uid, clock.monotonic())) return drop(notice, 1, 'rateLimited');
      if (waiting === undefined && pending.size >= MOST_PENDING) return drop(notice, 1, 'queueFull');
      const now = clock.now();
      pending.set(path, { notice, times: (waiting?.times ?? 0) + 1, first: waiting?.first ?? now, last: now });
      arrived.resolve();
    },
    async run(signal) {
      const stopped = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => stopped.resolve(), { once: true });
      while (!signal.aborted) {
        const [first] = pending;
        if (first === undefined) {
          arrived = Promise.withResolvers();
          await Promise.race([arrived.promise, stopped.promise]);
          continue;
        }
        const [path, next] = first;
        pending.delete(path);
        await settle(path, next, signal);
      }
      for (const { notice, times } of pending.values()) drop(notice, times, 'stopped');
      pending.clear();
    },
  };
}

function pathOf(notice: Notice): string {
  const { namespace, name } = eventAddress(notice);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/events/${encodeURIComponent(name)}`;
}

/** Undefined: there is no such Event any more; they live for an hour. */
async function patchEvent(
  kube: Pick<KubeClient, 'json'>,
  path: string,
  told: Partial<Told> & Pick<Told, 'last'>,
  signal: AbortSignal,
): Promise<{ readonly count?: number } | undefined> {
  const { count, lastTimestamp } = eventPatch({ count: 0, first: 0, ...told });
  const body = { lastTimestamp, ...(told.count !== undefined && { count }) };
  const contentType = 'application/merge-patch+json';
  try {
    return await kube.json({ method: 'PATCH', path, contentType, body, signal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof KubeError && error.code === 'notFound') return undefined;
    throw error;
  }
}

/** False: there is one of that name already. */
async function createEvent(
  kube: Pick<KubeClient, 'json'>,
  path: string,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await kube.json({ method: 'POST', path, body, signal, timeoutMs: TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.code === 'alreadyExists') return false;
    throw error;
  }
}
