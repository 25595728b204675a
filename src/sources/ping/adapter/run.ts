import { becomeLeader } from '../../../kube/become-leader.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { LeaseAddress } from '../../../kube/lease.ts';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';
import type { Informer } from '../../../reconcile/informer.ts';
import type { PingSource } from '../spec.ts';
import type { PingGauges, PingMetrics } from './metrics.ts';
import { createTerm, type Term } from './term.ts';

export interface PingAdapterIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Of all namespaces. */
  readonly sources: Pick<Informer<PingSource>, 'subscribe' | 'synced'>;
  /** By which replicas take turns, and what one remembers for the next. */
  readonly lease: LeaseAddress;
  /** What tells this process from every other one. */
  readonly identity: string;
  readonly sinkTimeoutMs: number;
}

export interface PingAdapter {
  readonly gauges: () => PingGauges;
  /** Fires what is due whenever it is this replica's turn, until `signal` is aborted. */
  run(metrics: PingMetrics, signal: AbortSignal): Promise<void>;
}

const RETRY_AFTER_MS = 5_000;

/** The one adapter of all PingSources of a cluster. */
export function createPingAdapter(io: PingAdapterIo): PingAdapter {
  const { clock, log, kube, identity, lease: address } = io;
  let term: Term | undefined;

  const lead = async (metrics: PingMetrics, signal: AbortSignal): Promise<void> => {
    const options = { kube, clock, identity, address, owner: undefined };
    const leadership = await becomeLeader(
      options,
      (waiting) => {
        if (waiting.for === 'holder') log.info({ holder: waiting.holder }, 'standing by; another replica fires');
        else
          log.warn({ reason: waiting.error.code, detail: waiting.error.message }, 'Lease cannot be read or taken yet');
      },
      signal,
    );
    if (leadership === undefined) return;
    term = createTerm(leadership, { ...io, metrics });
    await term.run(signal);
    term = undefined;
  };

  return {
    gauges: () => ({
      sources: term?.sources() ?? 0,
      queued: term?.queued() ?? 0,
      sinksAway: term?.sinksAway() ?? 0,
    }),
    run: async (metrics, signal) => {
      // A standby knows the sources, so that its turn begins at once.
      await Promise.race([io.sources.synced, aborted(signal)]);
      while (!signal.aborted) {
        try {
          await lead(metrics, signal);
        } catch (error) {
          if (!(error instanceof KubeError)) throw error;
          if (signal.aborted) return;
          log.error({ reason: error.code, detail: error.message }, 'Lease cannot be read or taken yet');
          await clock.sleep(RETRY_AFTER_MS, signal);
        }
      }
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
