import type { KubeClient } from '../kube/client.ts';
import { LeadershipLost } from '../kube/leadership.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import { serveProbes } from '../process/serve-probes.ts';
import type { AdapterConfig } from './config.ts';
import { announceLead, lead, type LeadIo } from './lead.ts';
import { createMetrics } from './metrics.ts';
import { tellsClearSecrets } from './payload-config.ts';
import { createStreamBoard } from './stream-board.ts';
import { announceStreams } from './streams.ts';
import { createTerm, type Term } from './term.ts';

export interface AdapterIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** What tells this process from every other one that may hold the source's Lease. */
  readonly identity: string;
}

const NOTHING_QUEUED = { inFlight: 0, queued: 0, queuedBytes: 0 };
const NOTHING_WAITS = { positionSeconds: 0, storedSeconds: 0 };

/**
 * Runs the receive adapter until `signal` is aborted: waits for its turn, watches, delivers, drains, and leaves its
 * checkpoint to the next one. When another replica takes its turn, it waits for the next.
 * @throws ListenError when a port is taken
 */
export async function runAdapter(config: AdapterConfig, io: AdapterIo, signal: AbortSignal): Promise<void> {
  const { kube, clock, log } = io;
  let term: Term | undefined;
  const metrics = createMetrics(
    () => term?.gauges() ?? NOTHING_QUEUED,
    () => term?.ages() ?? NOTHING_WAITS,
  );
  metrics.clearSecrets(tellsClearSecrets(config.source));
  const board = createStreamBoard(metrics.established);
  const leadIo = { kube, clock, log, metrics, board, identity: io.identity };
  const hasLease = (config.source.checkpoint ?? 'None') !== 'None';
  // Before the probes are served: an empty board would be a ready one.
  if (hasLease) announceLead(board);
  else announceStreams(config, board);

  await using served = await serveProbes(config, { board, registry: metrics.registry }, signal);
  const { probesPort, metricsPort } = served;
  log.info({ probesPort, metricsPort, sink: config.sink.origin, server: kube.server }, 'adapter started');
  while (!signal.aborted) {
    const end = await takeTurn(config, hasLease, leadIo, signal, (begun) => (term = begun));
    if (end === 'stopped') return;
    log.warn({ detail: end.message }, 'Lease lost; nothing more is sent until it is this replica’s turn again');
    term = undefined;
    announceLead(board);
  }
}

/** Waits until this replica is the one that delivers, and delivers. */
async function takeTurn(
  config: AdapterConfig,
  hasLease: boolean,
  io: LeadIo,
  signal: AbortSignal,
  begin: (term: Term) => void,
): Promise<'stopped' | LeadershipLost> {
  try {
    const leader = hasLease ? await lead(config, io, signal) : 'unable';
    if (leader === undefined) return 'stopped';
    const term = createTerm(config, leader === 'unable' ? undefined : leader, io);
    begin(term);
    return await term.run(signal);
  } catch (error) {
    if (error instanceof LeadershipLost) return error;
    throw error;
  }
}
