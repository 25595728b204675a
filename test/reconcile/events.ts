import type { KubeObject, ObjectMeta } from '../../src/kube/object.ts';
import type { InformerEvent } from '../../src/reconcile/informer.ts';

/** A ConfigMap `a` in namespace `n`, with what is given of its metadata. */
export function configMap(metadata: Partial<ObjectMeta> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n', ...metadata } };
}

export function added(metadata: Partial<ObjectMeta> = {}, initial = false): InformerEvent<KubeObject> {
  return { is: 'added', object: configMap(metadata), initial };
}

export function updated(
  old: Partial<ObjectMeta>,
  now: Partial<ObjectMeta>,
): Extract<InformerEvent<KubeObject>, { is: 'updated' }> {
  return { is: 'updated', old: configMap(old), object: configMap(now) };
}

export function deleted(metadata: Partial<ObjectMeta> = {}): InformerEvent<KubeObject> {
  return { is: 'deleted', object: configMap(metadata) };
}
