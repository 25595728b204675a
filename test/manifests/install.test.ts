import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { imageProblem, installText } from '../../scripts/install-text.ts';
import { MANIFESTS, readKustomization } from '../../scripts/manifests.ts';
import manifest from '../../package.json' with { type: 'json' };

const manifests = readKustomization(MANIFESTS);
const IMAGE = 'example.com/team/watchbridge:1.2.3';

test('the file holds what the folders hold, but for the image', () => {
  const written = parseAllDocuments(installText(manifests, 'watchbridge')).map(
    (document) => document.toJS() as unknown,
  );
  assert.deepEqual(written, manifests);
});

test('controller and adapters run the image that is named', () => {
  const text = installText(manifests, IMAGE);
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment').length;
  // The controller is told it, too, for its adapters.
  assert.equal(text.split(IMAGE).length - 1, deployments + 1);
  assert.match(text, new RegExp(`image: ${IMAGE}`));
  assert.match(text, new RegExp(`name: APISERVER_RA_IMAGE\n +value: ${IMAGE}`));
});

test('the policies come before the kind that they are about, and namespace and account before what uses them', () => {
  const at = (kind: string): number => manifests.findIndex((it) => it.kind === kind);
  const order = ['Namespace', 'ValidatingAdmissionPolicy', 'CustomResourceDefinition', 'ServiceAccount', 'Deployment'];
  assert.deepEqual(
    order,
    order.toSorted((a, b) => at(a) - at(b)),
  );
});

test('labels name the version of the program', () => {
  const versions = Array.from(
    installText(manifests, IMAGE).matchAll(/app.kubernetes.io\/version: (.*)/g),
    (it) => it[1],
  );
  assert.deepEqual([...new Set(versions)], [manifest.version]);
});

const NAMES: readonly (readonly [image: string | undefined, good: boolean])[] = [
  ['watchbridge', true],
  ['example.com/watchbridge:0.1.0', true],
  ['localhost:5000/a/b_c', true],
  [`example.com/watchbridge@sha256:${'0'.repeat(64)}`, true],
  [`example.com/watchbridge:1@sha256:${'0'.repeat(64)}`, true],
  [undefined, false],
  ['', false],
  ['--help', false],
  ['Example.com/Watchbridge', false],
  ['watchbridge:', false],
  ['a b', false],
  ['watchbridge@sha256:1', false],
];

test('a wrong name of an image is told', () => {
  for (const [image, good] of NAMES) assert.equal(imageProblem(image) === undefined, good, String(image));
});

test('without an image nothing is written', () => {
  const script = join(MANIFESTS, '..', 'scripts', 'install.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^No image was named. Name the image to run: node scripts\/install.ts \S+\n$/);
});
