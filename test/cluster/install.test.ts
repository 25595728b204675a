import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { installText } from '../../scripts/install-text.ts';
import { MANIFESTS, readKustomization, readManifests } from '../../scripts/manifests.ts';
import { findPrograms } from '../controlplane/programs/find.ts';
import { sharedCluster, testNamespace } from '../support/cluster.ts';

const run = promisify(execFile);
const { admin, adminKubeconfig } = sharedCluster();
const manifests = readKustomization(MANIFESTS);

test('kubectl apply takes the one file, all of it, and has nothing to do the second time', async (t) => {
  const { kubectl, folder } = await stage(t);
  const file = join(folder, 'install.yaml');
  await writeFile(file, installText(manifests, 'watchbridge'));
  const first = await kubectl(['apply', '-f', file]);
  assert.equal(first.trim().split('\n').length, manifests.length);
  const again = await kubectl(['apply', '-f', file]);
  assert.deepEqual(
    again
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith(' unchanged')),
    [],
  );
});

test('kubectl kustomize makes the same objects of the folders, in the same order', async (t) => {
  const { kubectl, folder } = await stage(t);
  const file = join(folder, 'kustomized.yaml');
  await writeFile(file, await kubectl(['kustomize', MANIFESTS]));
  assert.deepEqual(readManifests(file), manifests);
});

test('the controller’s Pod keeps to the standard that its namespace demands', async (t) => {
  const demanded = manifests.find(({ kind }) => kind === 'Namespace')?.metadata.labels ?? {};
  assert.equal(demanded['pod-security.kubernetes.io/enforce'], 'restricted');
  const namespace = await testNamespace(t, 'restricted');
  await admin.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: demanded } });
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  assert.ok(deployment !== undefined);
  const { template } = deployment['spec'] as { template: { metadata: object; spec: object } };
  const pod = { metadata: { ...template.metadata, name: 'probe' }, spec: template.spec };
  const { status, text } = await admin.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
  assert.equal(status, 201, text);
});

interface Stage {
  readonly folder: string;
  /** Its standard output. */
  kubectl(args: readonly string[]): Promise<string>;
}

async function stage(t: TestContext): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'watchbridge-install-'));
  t.after(() => rm(folder, { recursive: true }));
  const program = (await findPrograms(['kubectl'], (line) => t.diagnostic(line)))('kubectl');
  return {
    folder,
    kubectl: async (args) => {
      const { stdout } = await run(program, ['--kubeconfig', adminKubeconfig, ...args], {
        maxBuffer: 16 * 1024 * 1024,
      });
      return stdout;
    },
  };
}
