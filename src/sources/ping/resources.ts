import type { Resource } from '../../kube/resource.ts';

export const PING_SOURCES: Resource = {
  group: 'sources.knative.dev',
  version: 'v1',
  plural: 'pingsources',
  kind: 'PingSource',
  namespaced: true,
  verbs: ['list', 'watch'],
};
