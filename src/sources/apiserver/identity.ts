import type { OwnerReference } from '../../kube/owner-reference.ts';
import type { ApiServerSource } from './spec.ts';

const API_VERSION = 'sources.knative.dev/v1';
export const KIND = 'ApiServerSource';

type Named = { readonly metadata: Pick<ApiServerSource['metadata'], 'name' | 'uid'> };

/** What makes an object go with its source, and keeps other controllers away from it. */
export function controllerOf({ metadata: { name, uid } }: Named): OwnerReference {
  return { apiVersion: API_VERSION, kind: KIND, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Upstream's labels of all that it makes for a source. A label value has 63 characters at most, and so has its name. */
export function sourceLabels({ metadata: { name } }: Named): Readonly<Record<string, string>> {
  return {
    'eventing.knative.dev/source': 'apiserver-source-controller',
    'eventing.knative.dev/sourceName': name,
  };
}

const STATE = 'apiserversource-';

/** The name of the Lease that the adapter keeps (src/adapter/lead.ts), and the beginning of those of its ConfigMaps. */
export function stateName(source: string): string {
  return `${STATE}${source}`;
}

/** The name of the source whose adapter keeps a Lease of this name. */
export function sourceOfState(lease: string): string | undefined {
  return lease.startsWith(STATE) ? lease.slice(STATE.length) : undefined;
}
