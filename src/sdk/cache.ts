import { unlessAborted } from '../kube/abort.ts';
import type { KubeObject } from '../kube/object.ts';
import { collectionPath, type Resource } from '../kube/resource.ts';
import { type Informer, type InformerIo, startInformer } from '../reconcile/informer.ts';
import type { ObjectName } from '../reconcile/key.ts';

/** A kind as the API server serves it. `plural` is the lower-case name in paths and in rights. */
export type KindName = Omit<Resource, 'verbs'>;

/** Informers, one a kind, that are started when somebody first asks for them. */
export interface Cache {
  /** Resolves once the cache is started. `T` is what the caller expects of an object: nothing checks it. */
  informerFor<T extends KubeObject>(kind: KindName): Promise<Informer<T>>;
  /** An object, once all of its kind are known; undefined: there is none. @throws KubeError `aborted` with `signal` */
  get<T extends KubeObject>(kind: KindName, name: ObjectName, signal: AbortSignal): Promise<T | undefined>;
  /** Its informers run until `signal` is aborted. */
  start(signal: AbortSignal): void;
}

export function createInformerCache(io: InformerIo): Cache {
  const informers = new Map<string, Informer<KubeObject>>();
  const started = Promise.withResolvers<AbortSignal>();

  const informerFor = async <T extends KubeObject>(kind: KindName): Promise<Informer<T>> => {
    const signal = await started.promise;
    const path = collectionPath(kind);
    const known = informers.get(path) ?? startInformer({ resource: kind, carries: 'objects' }, io, signal);
    informers.set(path, known);
    return known as Informer<T>;
  };

  return {
    informerFor,
    get: async <T extends KubeObject>(kind: KindName, { namespace, name }: ObjectName, signal: AbortSignal) => {
      const informer = await unlessAborted(informerFor<T>(kind), signal);
      await unlessAborted(informer.synced, signal);
      return informer.get(namespace, name);
    },
    start: (signal) => started.resolve(signal),
  };
}

/** As CustomResourceDefinitions are called: `samplesources.samples.knative.dev`. */
export function nameOfKind({ plural, group }: KindName): string {
  return group === '' ? plural : `${plural}.${group}`;
}
