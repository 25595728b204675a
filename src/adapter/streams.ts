import { allBut } from '../watch/scope.ts';
import type { AdapterConfig } from './config.ts';
import { findEveryResource } from './every-resource.ts';
import { findResource, resourceName } from './find-resource.ts';
import type { Namespaces } from './namespaces.ts';
import { keyOf, runStream, type StreamsIo, type Wanted } from './run-stream.ts';
import { runSelected } from './selected-streams.ts';
import { EVERY_RESOURCE, type ResourceConfig } from './source-config.ts';
import { createStartLimit, type StartLimit } from './start-limit.ts';
import { namedNamespaces, type Place } from './stream-identity.ts';
import type { StreamBoard } from './stream-board.ts';
import { namespacesName, watchNamespaces } from './watch-namespaces.ts';

/** Streams that start at once. Each begins with a list, and an API server lets one account have about so many. */
const MOST_STARTS = 20;

/** What all entries of `resources` have in common. */
interface Common {
  readonly config: AdapterConfig;
  readonly io: StreamsIo;
  readonly starts: StartLimit;
  /** Undefined: they are not selected by their labels. */
  readonly namespaces: Namespaces | undefined;
}

/** Watches all that the source asks for, each stream by itself, until `signal` is aborted. */
export async function runStreams(config: AdapterConfig, io: StreamsIo, signal: AbortSignal): Promise<void> {
  const starts = createStartLimit(MOST_STARTS);
  const { namespaceSelector, resources } = config.source;
  if (namespaceSelector === undefined) {
    const common = { config, io, starts, namespaces: undefined };
    await Promise.all(resources.map((entry) => runEntry(entry, common, signal)));
    return;
  }
  const watched = await watchNamespaces(namespaceSelector, config, io, signal);
  if (watched === undefined) return;
  const common = { config, io, starts, namespaces: watched.namespaces };
  await Promise.all([watched.ended, ...resources.map((entry) => runEntry(entry, common, signal))]);
}

/** Notes on the board that everything the source asks for is about to be watched. */
export function announceStreams({ source }: AdapterConfig, board: StreamBoard): void {
  if (source.namespaceSelector !== undefined) board.set(namespacesName(source.namespaceSelector), { is: 'starting' });
  for (const { gvr } of source.resources) board.set(resourceName(gvr), { is: 'starting' });
}

async function runEntry(entry: ResourceConfig, common: Common, signal: AbortSignal): Promise<void> {
  const { finder } = common.io;
  if (entry.gvr.Resource !== EVERY_RESOURCE) {
    const found = await findResource(entry.gvr, finder, signal);
    if (found !== undefined) await runResource({ entry, found, passing: false }, common, signal);
    return;
  }
  const failed = Promise.withResolvers<never>();
  const running: Promise<void>[] = [];
  const finding = findEveryResource(entry.gvr, finder, signal, (found) => {
    const run = runResource({ entry, found, passing: true }, common, signal);
    run.catch(failed.reject);
    running.push(run);
  });
  await Promise.race([finding, failed.promise]);
  await Promise.all(running);
}

/** Watches one resource, wherever the source means. */
async function runResource(wanted: Wanted, common: Common, signal: AbortSignal): Promise<void> {
  const { config, io, starts, namespaces } = common;
  const { allNamespaces, excludeNamespaces = [] } = config.source;
  const run = (place: Place, scope?: ReturnType<typeof allBut>): Promise<void> => {
    const memory = io.memoryOf(keyOf(wanted, place, config));
    return runStream(wanted, { place, memory, scope, starts }, config, io, signal);
  };
  if (!wanted.found.namespaced) await run({ is: 'cluster' });
  else if (namespaces !== undefined) await runSelected(wanted, namespaces, config, io, starts, signal);
  else if (!allNamespaces)
    await Promise.all(namedNamespaces(config.source).map((name) => run({ is: 'namespace', name })));
  else if (excludeNamespaces.length === 0) await run({ is: 'cluster' });
  else await run({ is: 'selected' }, allBut(new Set(excludeNamespaces)));
}
