import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firingOf } from '../../../src/sources/ping/firing.ts';
import { firingPart } from '../../../src/sources/ping/firing-part.ts';
import type { PingSource, PingSpec } from '../../../src/sources/ping/spec.ts';
import { pingSource } from './firings.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** As an API server has it, with what others wrote. */
function stored(uid: string, spec: PingSpec = {}): PingSource {
  const source = pingSource(uid, spec);
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(source) };
  const conditions = [
    { type: 'Deployed', status: 'True' as const, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ...(source.status?.conditions ?? []),
  ];
  const status = { ...source.status, conditions, sinkCACerts: CA, annotations: { a: 'b' } };
  return { ...source, metadata: { ...source.metadata, annotations, labels: { a: 'b' } }, status };
}

const { status: _none, ...withoutStatus } = stored('a');
const SOURCES: readonly (readonly [what: string, source: PingSource])[] = [
  ['of no fields', stored('a')],
  ['of all fields', stored('a', { schedule: '0 2 * * *', timezone: 'Europe/Berlin', contentType: 'a/b', data: 'x' })],
  ['with bytes', stored('a', { dataBase64: 'eA==' })],
  ['of v1beta1', stored('a', { jsonData: '{"a":1}' })],
  ['with extensions', stored('a', { ceOverrides: { extensions: { Team: 'blue' } } })],
  ['with a wrong schedule', stored('a', { schedule: 'soon' })],
  ['that nobody has seen yet', withoutStatus],
];

for (const [what, source] of SOURCES) {
  test(`a source ${what} fires by what is held of it as by all of it`, () => {
    assert.deepEqual(firingOf(firingPart(source)), firingOf(source));
  });
}

test('a source that is being deleted is held as one', () => {
  const source = stored('a');
  const gone = { ...source, metadata: { ...source.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.equal(firingOf(firingPart(gone)), undefined);
});

test('what does not fire is not held', () => {
  const text = JSON.stringify(firingPart(stored('a', { sink: { uri: 'http://orders' }, data: 'x' })));
  assert.doesNotMatch(text, /last-applied|labels|Deployed|observedGeneration|"sink"/);
});
