import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { apply, kubectl, logs, restrictedNamespace, waitUntilAvailable } from './kubectl.ts';
import { deployment, eventDisplay, watcher } from './manifests.ts';
import { target } from './target.ts';

test('an adapter with its own ServiceAccount, in a restricted namespace, tells event-display of a ConfigMap', async (t) => {
  const namespace = await restrictedNamespace(t, 'adapter');
  await apply(namespace, [...eventDisplay(target().image), ...watcher(namespace), adapter(namespace)]);
  await waitUntilAvailable(namespace, 'event-display');
  await waitUntilAvailable(namespace, 'adapter');

  await kubectl(['create', 'configmap', 'settings', `--namespace=${namespace}`, '--from-literal=colour=green']);
  await kubectl(['delete', 'configmap', 'settings', `--namespace=${namespace}`]);
  const log = await eventually('the log of event-display has both events', async () => {
    const sofar = await logs(namespace, 'event-display');
    return sofar.includes('resource.delete') && sofar;
  });

  const types = [...log.matchAll(/^ {2}type: (.+)$/gm)].map((match) => match[1]);
  assert.deepEqual(types, ['dev.knative.apiserver.resource.add', 'dev.knative.apiserver.resource.delete']);
  assert.match(log, new RegExp(`^  subject: /apis/v1/namespaces/${namespace}/configmaps/settings$`, 'm'));
  assert.match(log, /^ {4}"data": \{\n {6}"colour": "green"\n {4}\},?$/m);
});

function adapter(namespace: string): object {
  const gvr = { Group: '', Version: 'v1', Resource: 'configmaps' };
  const env = {
    NAME: 'settings',
    NAMESPACE: namespace,
    K_SOURCE_CONFIG: JSON.stringify({ namespaces: [namespace], mode: 'Resource', resources: [{ gvr }] }),
    K_SINK: `http://event-display.${namespace}.svc.cluster.local/`,
  };
  const container = {
    image: target().image,
    args: ['adapter'],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    readinessProbe: { httpGet: { path: '/readiness', port: 8080 }, periodSeconds: 1 },
  };
  return deployment('adapter', container, { serviceAccountName: 'watcher' });
}
