import { createHash } from 'node:crypto';
import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import type { Position } from '../checkpoint/watermark.ts';
import { scopeHash } from '../events/event-id.ts';
import type { Origin } from '../events/from-change.ts';
import { isOwnedBy } from '../events/owner-filter.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Resource } from '../kube/resource.ts';
import type { Clock } from '../process/clock.ts';
import type { Stream } from '../watch/requests.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import { type Active, FIRST, resumed } from '../watch/watch-state.ts';
import { watchStream } from '../watch/watch-stream.ts';
import type { AdapterConfig } from './config.ts';
import { findResource, type Finder, type FoundResource, resourceName } from './find-resource.ts';
import { type PipelineIo, runPipeline } from './pipeline.ts';
import type { ResourceConfig, SourceConfig } from './source-config.ts';
import type { StreamBoard } from './stream-board.ts';

/** What all streams of an adapter are run with. */
export interface StreamsIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly finder: Finder;
  readonly pipeline: PipelineIo;
  readonly memoryOf: (streamKey: string) => StreamMemory;
  /** See StreamIo of the watch. */
  readonly rewound: () => AbortSignal;
  /** Hears what a stream says of itself; `name` is for people. */
  readonly reporter: (name: string, origin: Origin) => (news: StreamNews) => void;
}

/** Watches all that the source asks for, each stream by itself, until `signal` is aborted. */
export async function runStreams(config: AdapterConfig, io: StreamsIo, signal: AbortSignal): Promise<void> {
  await Promise.all(config.source.resources.map((wanted) => runResource(wanted, config, io, signal)));
}

/** Notes on the board that everything the source asks for is about to be watched. */
export function announceStreams({ source }: AdapterConfig, board: StreamBoard): void {
  for (const { gvr } of source.resources) board.set(resourceName(gvr), { is: 'starting' });
}

/** The keys of all streams that the source may come to have; which of them depends on what is namespaced. */
export function streamKeys({ source }: AdapterConfig): Set<string> {
  const scopes = [undefined, ...source.namespaces];
  return new Set(source.resources.flatMap((wanted) => scopes.map((scope) => streamKey(wanted, scope, source))));
}

/** Whether two entries name the same resource, so that one change can come out of two streams. */
export function streamsOverlap({ source }: AdapterConfig): boolean {
  const names = source.resources.map(({ gvr }) => resourceName(gvr));
  return new Set(names).size < names.length;
}

/** Watches one entry of `resources`, in each of its namespaces. */
async function runResource(
  wanted: ResourceConfig,
  config: AdapterConfig,
  io: StreamsIo,
  signal: AbortSignal,
): Promise<void> {
  const found = await findResource(wanted.gvr, io.finder, signal);
  if (found === undefined) return;
  const everywhere = config.source.allNamespaces || !found.namespaced;
  const scopes = everywhere ? [undefined] : config.source.namespaces;
  await Promise.all(scopes.map((namespace) => runScope(wanted, found, namespace, config, io, signal)));
}

/** Watches one stream, through every absence of its resource. */
async function runScope(
  wanted: ResourceConfig,
  first: FoundResource,
  namespace: string | undefined,
  config: AdapterConfig,
  io: StreamsIo,
  signal: AbortSignal,
): Promise<void> {
  const name = streamName(wanted, namespace);
  const { known, ledger, position, uncertain } = io.memoryOf(streamKey(wanted, namespace, config.source));
  io.finder.board.set(name, { is: 'starting' });
  let from: Active = begin(position);
  for (let found: FoundResource | undefined = first; found !== undefined && !signal.aborted;) {
    const origin = originOf(found, config, io.kube.server);
    const report = io.reporter(name, origin);
    const tell = (news: StreamNews): void => {
      // What a list made known, or showed to be gone without being told, stands in no change.
      if (news.is === 'listed') {
        // A gap right after a crash: nobody knows what was made and told between the last checkpoint and the crash.
        const sinceCrash = uncertain && ledger.position()?.resourceVersion === position?.resourceVersion;
        report(sinceCrash && news.lost === 'states' ? { ...news, lost: 'deletes' } : news);
        ledger.listed();
      } else report(news);
    };
    const stream = streamOf(wanted, found, namespace, config);
    const steps = watchStream(
      stream,
      known,
      { kube: io.kube, clock: io.clock, tell, rewound: io.rewound },
      signal,
      from,
    );
    await runPipeline(stream, steps, origin, ledger, io.pipeline, signal);
    if (signal.aborted) return;
    io.finder.discovery.forget(found);
    const again = await findResource(wanted.gvr, io.finder, signal);
    // What exists of it then is new or known, even if it was away for less than a look.
    found = again && { ...again, appeared: true };
    // Whoever removes a resource removes its objects: what is listed when it is back is compared with those known.
    from = { ...FIRST, why: known.size > 0 ? 'expired' : 'start', epoch: ledger.position()?.epoch ?? 0 };
  }
}

function begin(position: Position | undefined): Active {
  if (position === undefined) return FIRST;
  const { complete, ...place } = position;
  return resumed(place, complete);
}

function streamOf(
  wanted: ResourceConfig,
  resource: FoundResource,
  namespace: string | undefined,
  config: AdapterConfig,
): Stream {
  const { mode, owner, initialEvents } = config.source;
  return {
    resource,
    namespace,
    labelSelector: wanted.selector === '' ? undefined : wanted.selector,
    carries: mode === 'Reference' ? 'metadata' : 'objects',
    // A resource that was not there before has no objects that existed before.
    initialEvents: initialEvents === 'All' || resource.appeared ? 'all' : 'none',
    ...(owner !== undefined && { selects: (object: Buffer) => isOwnedBy(object, owner) }),
  };
}

function originOf(resource: Resource, config: AdapterConfig, server: string): Origin {
  const { mode, sourceUid } = config.source;
  const source = sourceUid ?? `${config.namespace}/${config.name}`;
  const scope = scopeHash({ source, group: resource.group, version: resource.version, plural: resource.plural, mode });
  return { server, resource, mode, scope, overrides: config.overrides };
}

/** What a person calls the stream: the resource, its selector and its namespace. */
function streamName({ gvr, selector }: ResourceConfig, namespace: string | undefined): string {
  const selected = selector === undefined || selector === '' ? '' : `[${selector}]`;
  return `${resourceName(gvr)}${selected}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

/**
 * What names the stream in a checkpoint: whose it is, all that decides which objects it holds, and nothing else. A
 * source that is made anew under an old name begins anew.
 */
function streamKey(
  { gvr, selector }: ResourceConfig,
  namespace: string | undefined,
  { owner, sourceUid }: SourceConfig,
): string {
  const objects = [gvr.Group, gvr.Version, gvr.Resource, selector ?? '', namespace ?? '', owner ?? null];
  const text = JSON.stringify([sourceUid ?? '', ...objects]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
