import { createLanes, type Lanes } from '../delivery/lanes.ts';
import { DEFAULT_RETRY_POLICY } from '../delivery/judge.ts';
import { createSink } from '../delivery/sink.ts';
import { scopeHash } from '../events/event-id.ts';
import type { Origin } from '../events/from-change.ts';
import { isOwnedBy } from '../events/owner-filter.ts';
import { createRecentIds } from '../events/recent-ids.ts';
import type { KubeClient } from '../kube/client.ts';
import { createDiscovery } from '../kube/discovery.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import { serve } from '../process/serve.ts';
import { createKnownObjects } from '../watch/known-objects.ts';
import type { Stream } from '../watch/requests.ts';
import { watchStream } from '../watch/watch-stream.ts';
import type { AdapterConfig } from './config.ts';
import { findResource, type Finder, resourceName } from './find-resource.ts';
import { createMetrics } from './metrics.ts';
import { type PipelineIo, runPipeline } from './pipeline.ts';
import { metricsHandler, probesHandler } from './probes.ts';
import { createDeliveryReport, reportStream } from './report.ts';
import type { ResourceConfig } from './source-config.ts';
import { createStreamBoard } from './stream-board.ts';

export interface AdapterIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Events on the wire at once, over all objects. */
const IN_FLIGHT = 128;
/** What may be queued when the sink is slower than the changes come; then the watches are not read. */
const BUFFER_BYTES = 8 * 1024 * 1024;
/** How many of the newest ids are remembered against overlapping streams; about 2 MB. */
const RECENT_IDS = 8_192;
/** How long the queue may take to empty after a stop; Kubernetes kills a Pod after 30 s by default. */
const DRAIN_MS = 20_000;

/**
 * Runs the receive adapter until `signal` is aborted: watches, delivers, and drains.
 * @returns how many events were left undelivered
 * @throws ListenError when a port is taken
 */
export async function runAdapter(config: AdapterConfig, io: AdapterIo, signal: AbortSignal): Promise<number> {
  const { clock, log } = io;
  const hardStop = new AbortController();
  const metrics = createMetrics(() => lanes.gauges());
  const board = createStreamBoard(metrics.established);
  // Before the probes are served: an empty board would be a ready one.
  for (const { gvr } of config.source.resources) board.set(resourceName(gvr), { is: 'starting' });
  const report = createDeliveryReport({ log, metrics, clock });
  const sink = createSink({
    url: config.sink,
    ca: config.sinkCa,
    connections: IN_FLIGHT,
    timeoutMs: config.sinkTimeoutMs,
    contentMode: config.source.delivery?.format === 'json' ? 'structured' : 'binary',
    headers: ['kn-namespace', config.namespace],
  });
  const lanes = createLanes({
    sink,
    deadLetterSink: undefined,
    maySend: () => true,
    policy: DEFAULT_RETRY_POLICY,
    clock,
    inFlight: IN_FLIGHT,
    bufferBytes: BUFFER_BYTES,
    tell: report.tell,
    signal: hardStop.signal,
  });
  const probes = await serve({ port: config.probesPort, purpose: 'probes', handler: probesHandler(board, signal) });
  const scrapes = await serve({
    port: config.metricsPort,
    purpose: 'metrics',
    handler: metricsHandler(metrics.registry),
  });
  log.info(
    { probesPort: probes.port, metricsPort: scrapes.port, sink: config.sink.origin, server: io.kube.server },
    'adapter started',
  );
  try {
    const pipeline: PipelineIo = {
      lanes,
      recent: createRecentIds(RECENT_IDS),
      clock,
      metrics,
      report,
    };
    const finder: Finder = { discovery: createDiscovery(io.kube), board, clock, log };
    await Promise.all(
      config.source.resources.map((resource) =>
        runResource(resource, config, finder, { ...io, pipeline, reportIo: { log, metrics, board } }, signal),
      ),
    );
    // No resource to watch, or every stream ended with the signal.
    await aborted(signal);
    return await drain(lanes, clock, log);
  } finally {
    hardStop.abort();
    await Promise.all([sink.close(), probes.close(), scrapes.close()]);
  }
}

interface ResourceIo extends AdapterIo {
  readonly pipeline: PipelineIo;
  readonly reportIo: Parameters<typeof reportStream>[1];
}

/** Watches one entry of `resources`, in each of its namespaces, through every absence of the resource. */
async function runResource(
  wanted: ResourceConfig,
  config: AdapterConfig,
  finder: Finder,
  io: ResourceIo,
  signal: AbortSignal,
): Promise<void> {
  const first = await findResource(wanted.gvr, finder, signal);
  if (first === undefined) return;
  const everywhere = config.source.allNamespaces || !first.namespaced;
  const scopes = everywhere ? [undefined] : config.source.namespaces;
  await Promise.all(
    scopes.map(async (namespace) => {
      const name = namespace === undefined ? streamName(wanted) : `${streamName(wanted)} in ${namespace}`;
      const known = createKnownObjects();
      finder.board.set(name, { is: 'starting' });
      const tell = reportStream(name, io.reportIo);
      let resource: Resource | undefined = first;
      while (resource !== undefined && !signal.aborted) {
        const stream = streamOf(wanted, resource, namespace, config);
        const steps = watchStream(stream, known, { kube: io.kube, clock: io.clock, tell }, signal);
        await runPipeline(steps, originOf(resource, config, io.kube.server), io.pipeline);
        if (signal.aborted) return;
        finder.discovery.forget({ group: resource.group, version: resource.version });
        resource = await findResource(wanted.gvr, finder, signal);
      }
    }),
  );
}

function streamOf(
  wanted: ResourceConfig,
  resource: Resource,
  namespace: string | undefined,
  config: AdapterConfig,
): Stream {
  const { mode, owner, initialEvents } = config.source;
  return {
    resource,
    namespace,
    labelSelector: wanted.selector === '' ? undefined : wanted.selector,
    carries: mode === 'Reference' ? 'metadata' : 'objects',
    initialEvents: initialEvents === 'All' ? 'all' : 'none',
    ...(owner !== undefined && { selects: (object: Buffer) => isOwnedBy(object, owner) }),
  };
}

function originOf(resource: Resource, config: AdapterConfig, server: string): Origin {
  const { mode, sourceUid } = config.source;
  const source = sourceUid ?? `${config.namespace}/${config.name}`;
  const scope = scopeHash({ source, group: resource.group, version: resource.version, plural: resource.plural, mode });
  return { server, resource, mode, scope, overrides: config.overrides };
}

/** What the resource is called, with the selector where there is one. */
function streamName({ gvr, selector }: ResourceConfig): string {
  return selector === undefined || selector === '' ? resourceName(gvr) : `${resourceName(gvr)}[${selector}]`;
}

async function drain(lanes: Lanes, clock: Clock, log: Log): Promise<number> {
  const waiting = lanes.gauges().queued;
  log.info({ queued: waiting }, 'stopping: no more changes are read, queued events are delivered');
  const drained = new AbortController();
  await Promise.race([lanes.idle().then(() => drained.abort()), clock.sleep(DRAIN_MS, drained.signal)]);
  const left = lanes.gauges().queued;
  if (left > 0) log.error({ undelivered: left, drainMs: DRAIN_MS }, 'stopped before every event was delivered');
  else log.info({ delivered: waiting }, 'stopped');
  return left;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
