import type { Stream } from '../../src/watch/requests.ts';

/** A stream of all Pods, whole, and silent about those that exist when it starts. */
export const PODS: Stream = {
  resource: { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true, verbs: ['list', 'watch'] },
  namespace: undefined,
  labelSelector: undefined,
  carries: 'objects',
  initialEvents: 'none',
};
