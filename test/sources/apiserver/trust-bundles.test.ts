import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCACertificates } from 'node:tls';
import { plan } from '../../../src/sources/apiserver/plan.ts';
import { keepAuthorities } from '../../../src/sources/apiserver/keep-authorities.ts';
import { readTrustBundles, type TrustBundle, withAuthorities } from '../../../src/sources/apiserver/trust-bundles.ts';
import { recordedLog } from '../../adapter/recorded-log.ts';
import { createAuthority } from '../../controlplane/certificates.ts';
import { factsWith, sourceWith } from './sources.ts';

const [FIRST, SECOND] = [createAuthority().certPem.trim(), createAuthority().certPem.trim()];
const [PUBLIC = ''] = getCACertificates('bundled');

function bundle(name: string, data?: Record<string, string>): TrustBundle {
  const metadata = { name, namespace: 'watchbridge-system' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...(data && { data }) };
}

test('authorities come in the order of their bundles, each once, and none that is public', () => {
  const windows = FIRST.replaceAll('\n', '\r\n');
  const { pem, problems } = readTrustBundles([
    bundle('b', { 'ca.pem': `${FIRST}\n${PUBLIC}` }),
    bundle('a', { 'ca.pem': SECOND, 'more.pem': windows }),
    bundle('c'),
  ]);
  assert.equal(pem, `${SECOND}\n${windows}`);
  assert.deepEqual(problems, []);
  assert.deepEqual(readTrustBundles([]), { pem: '', problems: [] });
});

test('what cannot be read is left out and told, and the rest is taken', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  const { pem, problems } = readTrustBundles([
    bundle('a', { 'ca.pem': `${broken}\n${FIRST}` }),
    bundle('b', { 'ca.pem': 'none' }),
  ]);
  assert.equal(pem, FIRST);
  assert.deepEqual(
    problems.map((problem) => problem.split(' has a ')[0]?.split(' holds ')[0]),
    ['ConfigMap watchbridge-system/a, ca.pem:', 'ConfigMap watchbridge-system/b, ca.pem:'],
  );
});

test('bundles are read when one changes, and what is wrong is logged then', () => {
  let held: TrustBundle[] = [bundle('a', { 'ca.pem': 'none' })];
  const changed: (() => void)[] = [];
  const { log, entries } = recordedLog();
  const informer = { list: () => held, subscribe: (handler: never) => (changed.push(handler), () => undefined) };
  const authorities = keepAuthorities(informer, log);
  assert.deepEqual([authorities(), authorities(), entries.length], ['', '', 1]);
  held = [bundle('a', { 'ca.pem': FIRST })];
  for (const handler of changed) handler();
  assert.deepEqual([authorities(), entries.length], [FIRST, 1]);
});

test('an address that speaks TLS has them behind its own, and another has none', () => {
  const sink = { uri: 'https://orders' };
  assert.deepEqual(withAuthorities(sink, FIRST), { ...sink, CACerts: FIRST });
  assert.deepEqual(withAuthorities({ ...sink, CACerts: `${SECOND}\n` }, FIRST), {
    ...sink,
    CACerts: `${SECOND}\n${FIRST}`,
  });
  assert.deepEqual(withAuthorities({ uri: 'http://orders' }, FIRST), { uri: 'http://orders' });
  assert.deepEqual(withAuthorities(sink, ''), sink);
});

test('R2, R5: the adapter is told the authorities for its sink and its dead letter sink, and the status is not', () => {
  const source = sourceWith({ delivery: { deadLetterSink: { uri: 'https://dead' } } });
  const sink = { is: 'resolved', sink: { uri: 'https://orders' } } as const;
  const deadLetterSink = { is: 'resolved', sink: { uri: 'https://dead' } } as const;
  const envOf = (authorities: string): string => {
    const { apply, status } = plan(factsWith({ source, sink, deadLetterSink, authorities }));
    assert.equal(status.sinkCACerts, undefined);
    return JSON.stringify(apply);
  };
  const escaped = JSON.stringify(FIRST).slice(1, -1);
  assert.ok(envOf(FIRST).includes(`{"name":"K_CA_CERTS","value":"${escaped}"}`));
  assert.match(envOf(FIRST), /deadLetterSink\\":{\\"uri\\":\\"https:\/\/dead\\",\\"CACerts\\":\\"-----BEGIN/);
  assert.ok(!envOf('').includes('CERTIFICATE'));
});

test('more than a variable can hold is told before a Pod cannot be started', () => {
  const { apply, status } = plan(factsWith({ authorities: 'x'.repeat(98_305) }));
  assert.deepEqual(apply, []);
  const { message = '' } = status.conditions?.find(({ type }) => type === 'Deployed') ?? {};
  assert.match(message, /hold 98305 characters .* has room for 98304\. Take some out\.$/);
});
