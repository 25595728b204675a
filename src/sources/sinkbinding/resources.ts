import type { Resource } from '../../kube/resource.ts';
import { KIND } from './spec.ts';

export const SINK_BINDINGS: Resource = {
  group: 'sources.knative.dev',
  version: 'v1',
  plural: 'sinkbindings',
  kind: KIND,
  namespaced: true,
  verbs: ['list', 'watch'],
};
