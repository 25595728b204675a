import type { KubeObject } from '../../src/kube/object.ts';

/** The few fields of a Pod that it takes to run it. */
export interface Pod extends KubeObject {
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly containers: readonly [Container];
  };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
}

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/**
 * The environment of a Pod's container, as a kubelet makes it.
 * @param configMaps the data of those that it names
 */
export function environmentOf(
  { metadata, spec }: Pod,
  configMaps: readonly Readonly<Record<string, string>>[],
): Record<string, string> {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
  };
  const [{ env = [] }] = spec.containers;
  const own = env.map(({ name, value, valueFrom }): [string, string] => {
    const path = valueFrom?.fieldRef?.fieldPath;
    return [name, (path === undefined ? value : fields[path]) ?? ''];
  });
  return { ...Object.assign({}, ...configMaps), ...Object.fromEntries(own) };
}

/** The names of the ConfigMaps that a Pod's environment comes from. */
export function configMapsOf({ spec }: Pod): readonly string[] {
  const [{ envFrom = [] }] = spec.containers;
  return envFrom.flatMap(({ configMapRef }) => (configMapRef === undefined ? [] : [configMapRef.name]));
}

/** The Service `NAME.NAMESPACE` that a URL leads to by cluster DNS; undefined for any other URL. */
export function serviceIn(url: string): string | undefined {
  return /^https?:\/\/([\w-]+\.[\w-]+)\.svc\./.exec(url)?.[1];
}
