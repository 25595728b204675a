import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { INVALID_FIELD_SELECTORS, VALID_FIELD_SELECTORS } from '../kube/field-selectors.ts';
import { installWatchbridge, sourceOf, sourcesIn } from '../manifests/apply.ts';
import { REFUSED_SOURCES } from '../manifests/refused-sources.ts';
import { sharedCluster } from '../support/cluster.ts';

const { admin } = sharedCluster();

before(() => installWatchbridge(admin));

const pods = { apiVersion: 'v1', kind: 'Pod' };

for (const [what, spec, says] of REFUSED_SOURCES) {
  test(`refused, with a sentence about it: ${what}`, async () => {
    const path = `${sourcesIn('default')}?dryRun=All&fieldValidation=Strict`;
    const { status, text } = await admin.request('POST', path, sourceOf('refused', spec));
    assert.ok(status === 422 || status === 400, `${status} ${text}`);
    const { message } = JSON.parse(text) as { message: string };
    for (const part of says) assert.ok(message.includes(part), `${message}\ndoes not say ${part}`);
  });
}

test('filters are refused, not cut, that are deeper than three levels', async () => {
  const statusOf = async (filter: object): Promise<string> => {
    const path = `${sourcesIn('default')}?dryRun=All&fieldValidation=Ignore`;
    return (await admin.request('POST', path, sourceOf('deep', { filters: [filter] }))).text;
  };
  const exact = { exact: { type: 'a' } };
  assert.match(await statusOf({ any: [{ not: exact }] }), /"kind":"ApiServerSource"/);
  for (const deepest of [{ not: exact }, { all: [exact] }, { any: [exact] }]) {
    assert.match(await statusOf({ any: [{ not: deepest }] }), /filters are at most three levels deep/);
    assert.match(await statusOf({ all: [{ all: [deepest] }] }), /filters are at most three levels deep/);
  }
});

test('a field selector is accepted that the API server can be asked with, and no other', async () => {
  const isAccepted = async (fieldSelector: string): Promise<boolean> => {
    const source = sourceOf('fields', { resources: [{ ...pods, fieldSelector }] });
    return (await admin.request('POST', `${sourcesIn('default')}?dryRun=All`, source)).status === 201;
  };
  // No selector is a field that is left out.
  const valid = VALID_FIELD_SELECTORS.filter((text) => text !== '');
  for (const text of valid) assert.ok(await isAccepted(text), text);
  for (const text of INVALID_FIELD_SELECTORS) assert.ok(!(await isAccepted(text)), text);
});

test('a name that no label can hold is refused', async () => {
  const create = (length: number): ReturnType<typeof admin.request> =>
    admin.request('POST', `${sourcesIn('default')}?dryRun=All`, sourceOf('n'.repeat(length), {}));
  assert.equal((await create(63)).status, 201);
  const { status, text } = await create(64);
  assert.equal(status, 422);
  assert.match(text, /at most 63 characters, as labels hold no more; found n{64}/);
});
