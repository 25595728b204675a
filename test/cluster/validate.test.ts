import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { pathText } from '../../src/preview/problem.ts';
import { createSourceChecks } from '../../src/preview/source-problems.ts';
import { INVALID_FIELD_SELECTORS, VALID_FIELD_SELECTORS } from '../kube/field-selectors.ts';
import { installWatchbridge, sourceOf, sourcesIn } from '../manifests/apply.ts';
import { GOOD_SOURCES } from '../manifests/good-sources.ts';
import { ODD_VALUES, PLACES, withOdd } from '../manifests/odd-sources.ts';
import { REFUSED_SOURCES } from '../manifests/refused-sources.ts';
import type { Body } from '../support/admin.ts';
import { sharedCluster } from '../support/cluster.ts';

const { admin } = sharedCluster();
const checks = createSourceChecks();

before(() => installWatchbridge(admin));

interface Verdict {
  readonly refused: boolean;
  /** For which fields; not every refusal names them. */
  readonly fields: readonly string[];
}

async function verdictOn(source: Body): Promise<Verdict> {
  const version = String(source['apiVersion']).split('/')[1] ?? 'v1';
  const path = `${sourcesIn('default', version)}?dryRun=All&fieldValidation=Strict`;
  const { status, text } = await admin.request('POST', path, source);
  if (status === 201) return { refused: false, fields: [] };
  assert.ok(status === 422 || status === 400, `${status} ${text}`);
  const { details } = JSON.parse(text) as { details?: { causes?: { field?: string }[] } };
  const fields = details?.causes?.flatMap(({ field }) => (field === undefined || field === '<nil>' ? [] : [field]));
  return { refused: true, fields: (fields ?? []).map(dotted) };
}

/** The API server has an entry of a map after a dot where the schema is against it, and in brackets where a rule is. */
function dotted(field: string): string {
  return field.replaceAll(/\[([A-Za-z][^\]]*)\]/g, '.$1');
}

async function assertAgree(source: Body): Promise<void> {
  const theirs = await verdictOn(source);
  const ours = checks.refusals(source).map(({ path, message }) => ({ field: dotted(pathText(path)), message }));
  const text = JSON.stringify({ theirs, ours }, undefined, 1);
  assert.equal(ours.length > 0, theirs.refused, text);
  const missing = theirs.fields.filter((field) => !ours.some((it) => it.field === field));
  assert.deepEqual(missing, [], text);
}

const asJson = (value: object): Body => JSON.parse(JSON.stringify(value)) as Body;

for (const [what, spec] of REFUSED_SOURCES) {
  test(`the API server and validate refuse the same fields: ${what}`, async () => {
    await assertAgree(asJson(sourceOf('refused', spec)));
  });
}

for (const [what, text] of Object.entries(GOOD_SOURCES)) {
  test(`the API server and validate take ${what}`, async () => {
    const source = parse(text) as Body;
    assert.deepEqual(await verdictOn(source), { refused: false, fields: [] });
    assert.deepEqual(checks.refusals(source), []);
  });
}

const pods = { apiVersion: 'v1', kind: 'Pod' };

test('the API server and validate agree on the edges of the schema', async () => {
  const specs: readonly object[] = [
    // Null: a default takes its place, or it counts as absent, but not inside a list.
    { mode: null },
    { owner: null },
    { sink: null },
    { resources: [{ ...pods, selector: null }] },
    { resources: [null] },
    { filters: null },
    { delivery: { retry: null } },
    { ceOverrides: { extensions: { team: null } } },
    // Numbers.
    { delivery: { retry: 1.5 } },
    { delivery: { retry: 5 } },
    { payload: { maxBytes: 2 ** 40 } },
    { adapter: { tolerations: [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 2 ** 40 }] } },
    { adapter: { resources: { limits: { memory: 1.5 } } } },
    { adapter: { resources: { limits: { memory: '1.5Gi', cpu: '1e3', 'ephemeral-storage': '12E' } } } },
    { adapter: { resources: { limits: { memory: '-0' } } } },
    { adapter: { resources: { limits: { memory: true } } } },
    { adapter: { resources: { limits: { memory: '1gi' } } } },
    // Types.
    { resources: pods },
    { resources: ['Pod'] },
    { filters: [{ exact: 'a' }] },
    { filters: [[]] },
    { gapEvents: 1 },
    { mode: 1 },
    // Lengths are counted in characters.
    { ceOverrides: { extensions: { a: '😀'.repeat(4096) } } },
    { ceOverrides: { extensions: { a: '😀'.repeat(4097) } } },
    // Many at once.
    { mode: 'x', rbac: 'y', sink: { uri: 'z' }, resources: [pods, { kind: '' }], extra: 1 },
    { delivery: { backoffDelay: 'PT25H', timeout: 'P1DT1S', deadLetterSink: { ref: { ...pods, name: 'A' } } } },
    { payload: { labelExtensions: { Team: 'a', kind: 'b' }, fields: ['a', 'a'] } },
    { namespaces: { include: ['a'], exclude: ['a'] }, namespaceSelector: { matchLabels: { 'a b': 'c d' } } },
  ];
  for (const spec of specs) await assertAgree(asJson(sourceOf('edges', spec as Body)));
});

test('the API server and validate agree on metadata', async () => {
  const withMetadata = (metadata: object): Body => ({ ...sourceOf('m', {}), metadata });
  for (const metadata of [
    { name: 'A' },
    { name: 'a_b' },
    { name: 'a.b' },
    { name: '' },
    {},
    { generateName: 'shop-' },
    { name: 'n'.repeat(64) },
    { name: 'a', labls: {} },
    { name: 'a', labels: { 'a b': 'c' } },
    { name: 'a', labels: { a: 'b c' } },
    { name: 'a', annotations: { 'A B': 'c' } },
    { name: 'a', annotations: { 'example.com/a': 'any thing' } },
    { name: 'a', annotations: { a: 'x'.repeat(256 * 1024) } },
  ]) {
    const theirs = await verdictOn(withMetadata(metadata));
    const ours = checks.refusals(withMetadata(metadata));
    assert.equal(ours.length > 0, theirs.refused, JSON.stringify({ metadata, theirs, ours }).slice(0, 2_000));
  }
});

test('the API server and validate agree on field selectors', async () => {
  for (const fieldSelector of [...VALID_FIELD_SELECTORS, ...INVALID_FIELD_SELECTORS]) {
    await assertAgree(asJson(sourceOf('fields', { resources: [{ ...pods, fieldSelector }] })));
  }
});

test('whatever stands in whatever place of a source, the API server and validate agree on it', async () => {
  const places = fc.constantFrom(...PLACES);
  const property = fc.asyncProperty(places, fc.constantFrom(...ODD_VALUES), async ({ source, path }, odd) => {
    await assertAgree(withOdd(source, path, odd) as Body);
  });
  await fc.assert(property, { numRuns: 400 });
});
