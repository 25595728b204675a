import type { Origin } from '../../src/events/from-change.ts';
import type { Resource } from '../../src/kube/resource.ts';
import type { Change } from '../../src/watch/change.ts';

export const PODS = resource('', 'v1', 'pods', 'Pod');
export const DEPLOYMENTS = resource('apps', 'v1', 'deployments', 'Deployment');
export const NAMESPACES = { ...resource('', 'v1', 'namespaces', 'Namespace'), namespaced: false };

/** Where the examples of Knative's documentation come from; what a test is about is given in `more`. */
export function originOf(more: Partial<Origin>): Origin {
  return {
    server: 'https://10.96.0.1:443',
    resource: PODS,
    mode: 'Resource',
    scope: '5ca1ab1e',
    overrides: {},
    ...more,
  };
}

/** A change as the watch tells it; what a test is about is given in `more`. */
export function changeOf(more: Partial<Change>): Change {
  const object = {
    namespace: 'shop',
    name: 'web-0',
    uid: '0c119059-7113-11e9-a6c5-42010a8a00ed',
    resourceVersion: '7',
  };
  return { type: 'add', object, body: Buffer.from('{"kind":"Pod"}'), before: undefined, foundBy: 'watch', ...more };
}

function resource(group: string, version: string, plural: string, kind: string): Resource {
  return { group, version, plural, kind, namespaced: true, verbs: ['list', 'watch'] };
}
