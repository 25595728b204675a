import type { Resource } from '../../kube/resource.ts';
import { KIND } from './spec.ts';

export const CONTAINER_SOURCES: Resource = {
  group: 'sources.knative.dev',
  version: 'v1',
  plural: 'containersources',
  kind: KIND,
  namespaced: true,
  verbs: ['list', 'watch'],
};
