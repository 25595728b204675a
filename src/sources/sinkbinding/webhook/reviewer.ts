import { unlessAborted } from '../../../kube/abort.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { createDiscovery } from '../../../kube/discovery.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';
import { startInformer } from '../../../reconcile/informer.ts';
import { keyOf } from '../../../reconcile/key.ts';
import type { ControllerMetrics } from '../../../reconcile/metrics.ts';
import { createTracker } from '../../../reconcile/tracker.ts';
import { type Injection, overridesText } from '../bind.ts';
import { sinkOf } from '../gather.ts';
import { injectionOf } from '../plan.ts';
import { SINK_BINDINGS } from '../resources.ts';
import type { SinkBinding } from '../spec.ts';
import { holderOf } from '../subject.ts';
import type { Operation } from '../json-patch.ts';
import { bindingPatch, type Review } from './review.ts';

export interface ReviewerIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
}

/** What came of a review. `unresolved`: it is bound to a sink whose address is not known. */
export type Reviewed =
  | { readonly is: 'patched'; readonly patch: readonly Operation[] }
  | { readonly is: 'unchanged' | 'unbound' | 'unresolved' };

export interface Reviewer {
  /** Resolves when all bindings are known. */
  readonly synced: Promise<void>;
  review(review: Review, signal: AbortSignal): Promise<Reviewed>;
}

/** Binds objects before they are stored, by what informers have: nothing is asked for, once they know everything. */
export function createReviewer(io: ReviewerIo, ending: AbortSignal): Reviewer {
  const discovery = createDiscovery(io.kube);
  const bindings = startInformer<SinkBinding>({ resource: SINK_BINDINGS, carries: 'objects' }, io, ending);
  const tracker = createTracker<KubeObject>({
    start: (resource, ends) => startInformer({ resource, carries: 'objects' }, io, AbortSignal.any([ending, ends])),
    enqueue: () => undefined,
  });
  const sinks = { ...io, discovery, tracker };
  const byNamespace = new Map<string, Map<string, SinkBinding>>();
  let isSynced = false;
  void bindings.synced.then(() => (isSynced = true));

  const injectionFor = async (binding: SinkBinding, signal: AbortSignal): Promise<Injection | undefined> => {
    try {
      const injection = injectionOf(binding, await sinkOf(binding, sinks, signal));
      if (injection !== undefined) return injection;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
    }
    return lastKnown(binding);
  };
  bindings.subscribe(({ is, object }) => {
    const { namespace, name } = object.metadata;
    const neighbours = byNamespace.get(namespace) ?? new Map<string, SinkBinding>();
    if (is === 'deleted') {
      neighbours.delete(name);
      if (neighbours.size === 0) byNamespace.delete(namespace);
      tracker.forget(keyOf(object));
      return;
    }
    byNamespace.set(namespace, neighbours.set(name, object));
    // Before the first object comes, whose creator waits.
    void injectionFor(object, ending);
  });

  return {
    synced: bindings.synced,
    async review(review, signal) {
      if (!isSynced) await unlessAborted(bindings.synced, signal);
      const { namespace, kind, object } = review;
      const { name, labels = {}, ownerReferences = [] } = object.metadata;
      const binding = holderOf(byNamespace.get(namespace)?.values() ?? [], kind, {
        namespace,
        name,
        labels,
        ownerReferences,
      });
      if (binding === undefined) return { is: 'unbound' };
      const injection = await injectionFor(binding, signal);
      if (injection === undefined) {
        io.log.warn(
          { namespace, kind: kind.kind, name, binding: binding.metadata.name },
          'object is stored without its sink',
        );
        return { is: 'unresolved' };
      }
      const patch = bindingPatch(review, binding.metadata.name, injection);
      return patch.length === 0 ? { is: 'unchanged' } : { is: 'patched', patch };
    },
  };
}

/** What the controller found out when it last could, if that is about the spec as it is. */
function lastKnown({ metadata, spec, status }: SinkBinding): Injection | undefined {
  const { observedGeneration, sinkUri, sinkCACerts } = status ?? {};
  if (!sinkUri || observedGeneration !== metadata.generation) return undefined;
  return { sink: sinkUri, ...(sinkCACerts && { caCerts: sinkCACerts }), ceOverrides: overridesText(spec.ceOverrides) };
}
