import { labelMatcher } from '../kube/label-selector.ts';
import { NAMESPACES } from '../kube/resource.ts';
import { createKnownObjects } from '../watch/known-objects.ts';
import type { Stream } from '../watch/requests.ts';
import { FIRST } from '../watch/watch-state.ts';
import { watchStream } from '../watch/watch-stream.ts';
import type { AdapterConfig } from './config.ts';
import { createNamespaces, type Namespaces } from './namespaces.ts';
import type { StreamsIo } from './run-stream.ts';
import { originOf } from './stream-identity.ts';

/** What changes within this time is taken together, so that a thousand labels do not interrupt a thousand times. */
const TOGETHER_MS = 100;

/** The name of the watch on namespaces, for people. */
export function namespacesName(selector: string): string {
  return `namespaces.v1 for namespaceSelector[${selector}]`;
}

/**
 * Watches the metadata of all namespaces until `signal` is aborted. The selector is judged here and not by the API
 * server, to which a namespace that stops matching is deleted like any other. Resolves when all of them are known, or
 * with undefined when `signal` is aborted first.
 */
export async function watchNamespaces(
  selector: string,
  config: AdapterConfig,
  io: StreamsIo,
  signal: AbortSignal,
): Promise<{ readonly namespaces: Namespaces; readonly ended: Promise<void> } | undefined> {
  const matches = labelMatcher(selector);
  const excluded = new Set(config.source.excludeNamespaces);
  const namespaces = createNamespaces((name, labels) => !excluded.has(name) && matches(labels));
  const ready = Promise.withResolvers<void>();
  let isReady = false;
  const report = io.reporter(namespacesName(selector), originOf(NAMESPACES, config, io.kube.server));
  const stream: Stream = {
    resource: NAMESPACES,
    namespace: undefined,
    labelSelector: undefined,
    carries: 'metadata',
    initialEvents: 'all',
  };

  const follow = async (): Promise<void> => {
    const watchIo = {
      kube: io.kube,
      clock: io.clock,
      rewound: io.rewound,
      tell: (news: Parameters<typeof report>[0]): void => {
        report(news);
        if (news.is !== 'established') return;
        isReady = true;
        ready.resolve();
      },
    };
    for await (const { changes } of watchStream(stream, createKnownObjects(), watchIo, signal, FIRST)) {
      if (changes.length === 0) continue;
      namespaces.apply(changes);
      if (isReady) await io.clock.sleep(TOGETHER_MS, signal);
    }
  };

  const ended = follow().finally(() => ready.resolve());
  await ready.promise;
  if (!signal.aborted) return { namespaces, ended };
  await ended;
  return undefined;
}
