import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../src/kube/errors.ts';
import { ListenError } from '../../src/process/serve.ts';
import { cannotRun } from '../../src/sdk/cannot-run.ts';

test('what is wrong outside a program is told in a sentence, and a bug with its stack', () => {
  const noCluster = new KubeError('credentials', 'No kubeconfig was found.');
  const taken = new ListenError('Port 8080 is taken.');
  const bug = new TypeError('x is not a function');
  assert.deepEqual(cannotRun(noCluster), { detail: 'No kubeconfig was found.' });
  assert.deepEqual(cannotRun(taken), { detail: 'Port 8080 is taken.' });
  assert.deepEqual(cannotRun(bug), { detail: 'x is not a function', error: bug });
  assert.deepEqual(cannotRun('thrown'), { detail: 'thrown', error: 'thrown' });
});
