import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMapsOf, environmentOf, type Pod, serviceIn } from '../../examples/demo/pod.ts';

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'adapter-1', namespace: 'shop' },
  spec: {
    containers: [
      {
        name: 'adapter',
        image: 'watchbridge',
        envFrom: [{ configMapRef: { name: 'settings' } }, {}],
        env: [
          { name: 'LEVEL', value: 'own' },
          { name: 'EMPTY' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        ],
      },
    ],
  },
};

test('a Pod has the environment that a kubelet would give it: its own variables win over those of ConfigMaps', () => {
  assert.deepEqual(configMapsOf(POD), ['settings']);
  assert.deepEqual(environmentOf(POD, [{ LEVEL: 'theirs', MORE: 'x' }]), {
    LEVEL: 'own',
    MORE: 'x',
    EMPTY: '',
    POD: 'adapter-1',
    NAMESPACE: 'shop',
  });
});

test('the Service that cluster DNS would lead to is seen in a URL', () => {
  assert.equal(serviceIn('http://event-display.default.svc.cluster.local'), 'event-display.default');
  assert.equal(serviceIn('http://event-display.default.svc.cluster.local/path'), 'event-display.default');
  assert.equal(serviceIn('http://127.0.0.1:8080'), undefined);
});
