import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import type { Origin } from '../events/from-change.ts';
import { isOwnedBy } from '../events/owner-filter.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../process/clock.ts';
import type { Stream } from '../watch/requests.ts';
import type { Scope } from '../watch/scope.ts';
import type { StreamNews } from '../watch/stream-news.ts';
import { watchStream } from '../watch/watch-stream.ts';
import type { AdapterConfig } from './config.ts';
import { findResource, type Finder, type FoundResource } from './find-resource.ts';
import { type PipelineIo, runPipeline } from './pipeline.ts';
import { reportWhen } from './report-when.ts';
import type { ResourceConfig } from './source-config.ts';
import type { StartLimit } from './start-limit.ts';
import { readsBodies, seenBy, streamConditions } from './stream-conditions.ts';
import { originOf, type Place, streamKey, streamName } from './stream-identity.ts';
import { begin, beginAgain } from './stream-start.ts';

/** What all streams of an adapter are run with. */
export interface StreamsIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly finder: Finder;
  readonly pipeline: PipelineIo;
  readonly memoryOf: (streamKey: string) => StreamMemory;
  /** The stream will not come again: nothing of it is stored any more. */
  readonly forget: (streamKey: string) => void;
  /** See StreamIo of the watch. */
  readonly rewound: () => AbortSignal;
  /** Hears what a stream says of itself; `name` is for people. */
  readonly reporter: (name: string, origin: Origin) => (news: StreamNews) => void;
}

/** One entry of `resources`, with the resource that it means. */
export interface Wanted {
  readonly entry: ResourceConfig;
  readonly found: FoundResource;
  /** It stands for every resource of its group version, so that one of them may go for good. */
  readonly passing: boolean;
}

/** How an entry is watched in one place. */
export interface StreamRun {
  readonly place: Place;
  readonly memory: StreamMemory;
  readonly scope?: Scope | undefined;
  /** Whether what exists at the first start is told, whatever `initialEvents` says. */
  readonly tellsAll?: boolean | undefined;
  readonly starts: StartLimit;
  /** See StreamIo of the watch. */
  readonly vanished?: () => boolean;
}

/** Watches one stream, through every absence of its resource, until `signal` is aborted. */
export async function runStream(
  wanted: Wanted,
  run: StreamRun,
  config: AdapterConfig,
  io: StreamsIo,
  signal: AbortSignal,
): Promise<void> {
  const { known, ledger, position, uncertain } = run.memory;
  const gvr = gvrOf(wanted);
  const name = streamName(wanted.entry, gvr, run.place, config.source);
  io.finder.board.set(name, { is: 'starting' });
  const { log } = io.finder;
  const { debounce: debounceMs } = wanted.entry;
  const tellTrouble = reportWhen(name, wanted.entry.when, { log, metrics: io.pipeline.metrics, clock: io.clock });
  const conditions = streamConditions(wanted.entry, wanted.found, tellTrouble);
  const start = await run.starts.begin(signal);
  let from = begin(run.memory, {
    sees: seenBy(conditions) !== undefined,
    indexed: config.source.checkpoint === 'Full',
  });
  for (let found: FoundResource | undefined = wanted.found; found !== undefined && !signal.aborted;) {
    const origin = originOf(found, config, io.kube.server);
    const report = io.reporter(name, origin);
    const tell = (news: StreamNews): void => {
      // Whatever came of it, its start holds up others no longer.
      if (news.is === 'established' || news.is === 'interrupted' || news.is === 'gone') start();
      // What a list made known, or showed to be gone without being told, stands in no change.
      if (news.is === 'listed') {
        // A gap right after a crash: nobody knows what was made and told between the last checkpoint and the crash.
        const sinceCrash = uncertain && ledger.position()?.resourceVersion === position?.resourceVersion;
        report(sinceCrash && news.lost === 'states' ? { ...news, lost: 'deletes' } : news);
        ledger.listed();
      } else {
        report(news);
        if (news.is === 'entered') ledger.soil();
        if (news.is === 'relearned') ledger.listed();
      }
    };
    const stream = { ...streamOf(wanted, found, run, config), sees: seenBy(conditions) };
    const watchIo = { kube: io.kube, clock: io.clock, tell, rewound: io.rewound, vanished: run.vanished };
    const steps = watchStream(stream, known, watchIo, signal, from);
    await runPipeline(stream, steps, origin, ledger, io.pipeline, signal, { conditions, debounceMs });
    if (signal.aborted) break;
    io.finder.discovery.forget(found);
    if (wanted.passing) io.finder.board.clear(name);
    const again = await findResource(gvr, io.finder, signal, wanted.passing ? 'mayBeAbsent' : 'expected');
    // What exists of it then is new or known, even if it was away for less than a look.
    found = again && { ...again, appeared: true };
    from = beginAgain(run.memory);
  }
  start();
}

/** The stream is there no longer, and the adapter does not wait for it. */
export function retire(wanted: Wanted, place: Place, config: AdapterConfig, io: StreamsIo): void {
  io.finder.board.clear(streamName(wanted.entry, gvrOf(wanted), place, config.source));
}

/** The key of what is stored of a stream. */
export function keyOf(wanted: Wanted, place: Place, config: AdapterConfig): string {
  return streamKey(wanted.entry, gvrOf(wanted), place, config.source);
}

/** What the API server calls it; an entry may say `*`. */
export function gvrOf({ entry, found }: Wanted): ResourceConfig['gvr'] {
  return { ...entry.gvr, Resource: found.plural };
}

function streamOf({ entry }: Wanted, resource: FoundResource, run: StreamRun, config: AdapterConfig): Stream {
  const { mode, owner, initialEvents } = config.source;
  const { place } = run;
  return {
    resource,
    namespace: place.is === 'namespace' || place.is === 'matching' ? place.name : undefined,
    labelSelector: entry.selector === '' ? undefined : entry.selector,
    fieldSelector: entry.fieldSelector === '' ? undefined : entry.fieldSelector,
    scope: run.scope,
    carries: mode === 'Reference' && !readsBodies(entry) ? 'metadata' : 'objects',
    // A resource that was not there before has no objects that existed before.
    initialEvents: initialEvents === 'All' || resource.appeared || run.tellsAll === true ? 'all' : 'none',
    ...(owner !== undefined && { selects: (object: Buffer) => isOwnedBy(object, owner) }),
  };
}
