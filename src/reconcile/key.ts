import type { KubeObject } from '../kube/object.ts';

/** What names an object of a kind. */
export interface ObjectName {
  /** Undefined for an object of a cluster-scoped kind. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** The key of an object in a queue: `namespace/name`, or `name` where there is no namespace, as client-go's. */
export function keyOf({ metadata }: KubeObject): string {
  return keyOfName({ namespace: metadata.namespace, name: metadata.name });
}

export function keyOfName({ namespace, name }: ObjectName): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** What a key names: the inverse of {@link keyOf}. */
export function nameOfKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
