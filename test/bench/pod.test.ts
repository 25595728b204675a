import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { asInPod } from '../../bench/pod.ts';

/** As the adapter looks for its account (src/kube/config.ts, src/kube/rotated-file.ts), and for a file of its own. */
const PROGRAM = `
  import { existsSync } from 'node:fs';
  import { readFile } from 'node:fs/promises';
  const account = '/var/run/secrets/kubernetes.io/serviceaccount';
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, KUBECONFIG, HOME } = process.env;
  console.log(JSON.stringify({
    found: existsSync(account + '/token'),
    token: await readFile(account + '/token', 'utf8'),
    ca: await readFile(account + '/ca.crt', 'utf8'),
    other: existsSync(${JSON.stringify(import.meta.filename)}),
    host, port, kubeconfig: KUBECONFIG || HOME,
  }));
`;

test('a process that is run as in a Pod finds the ServiceAccount that it is given, and no kubeconfig', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'watchbridge-pod-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const pod = asInPod(directory, { server: 'https://127.0.0.1:6443', caPem: 'a certificate', token: 'a token' });
  const { stdout, stderr } = spawnSync(process.execPath, [...pod.flags, '--input-type=module', '--eval', PROGRAM], {
    env: { ...process.env, ...pod.environment },
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), {
    found: true,
    token: 'a token',
    ca: 'a certificate',
    other: true,
    host: '127.0.0.1',
    port: '6443',
    kubeconfig: '',
  });
});
