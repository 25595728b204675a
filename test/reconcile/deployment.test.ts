import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployedCondition } from '../../src/reconcile/deployed-condition.ts';
import { deploymentPart } from '../../src/reconcile/deployment.ts';
import { fingerprintOfWill } from '../../src/reconcile/fingerprint.ts';

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', namespace: 'n', uid: 'u', generation: 3, labels: { app: 'a' }, annotations: { note: 'b' } },
  spec: { replicas: 2 },
  status: {
    observedGeneration: 3,
    replicas: 2,
    unavailableReplicas: 1,
    conditions: [{ type: 'Available', status: 'True', reason: 'Enough', message: 'It is.', lastUpdateTime: 'now' }],
  },
};

test('a Deployment is judged by its part as by all of it, and the part is without what is wanted', () => {
  const part = deploymentPart(DEPLOYMENT);
  assert.equal('spec' in part, false);
  assert.equal(fingerprintOfWill(part, DEPLOYMENT), fingerprintOfWill(DEPLOYMENT, DEPLOYMENT));
  for (const status of [DEPLOYMENT.status, { ...DEPLOYMENT.status, unavailableReplicas: 0 }, {}, undefined]) {
    const whole = { ...DEPLOYMENT, ...(status === undefined ? { status: {} } : { status }) };
    assert.deepEqual(deployedCondition('a', deploymentPart(whole)), deployedCondition('a', whole));
  }
  const { status: _none, ...without } = DEPLOYMENT;
  assert.deepEqual(deployedCondition('a', deploymentPart(without)), deployedCondition('a', without));
});
