import type { Destination, KindName, ReconciledObject } from '../../src/sdk.ts';

/** samples.knative.dev/v1alpha1 SampleSource; manifests/crd.yaml has its schema and its defaults. */
export interface SampleSource extends ReconciledObject {
  readonly spec: {
    readonly sink: Destination;
    readonly ceOverrides?: { readonly extensions?: Readonly<Record<string, string>> };
    readonly serviceAccountName: string;
    /** Between two events: a Go duration such as `10s`. */
    readonly interval: string;
  };
}

export const SAMPLE_SOURCES: KindName = {
  group: 'samples.knative.dev',
  version: 'v1alpha1',
  kind: 'SampleSource',
  plural: 'samplesources',
  namespaced: true,
};

export const DEPLOYMENTS: KindName = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

export const SINK_BINDINGS: KindName = {
  group: 'sources.knative.dev',
  version: 'v1',
  kind: 'SinkBinding',
  plural: 'sinkbindings',
  namespaced: true,
};
