import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceConfig } from '../../src/adapter/source-config.ts';
import { streamKeys } from '../../src/adapter/stream-identity.ts';
import { configWith, PODS } from './any-config.ts';

const SECRETS = { gvr: { Group: '', Version: 'v1', Resource: 'secrets' } };

function keys(source: Partial<SourceConfig>): Set<string> {
  return streamKeys(configWith(source));
}

test('a source may have a stream for each of its resources, in each of its namespaces and in all', () => {
  assert.equal(keys({}).size, 2);
  assert.equal(keys({ namespaces: ['a', 'b'], resources: [PODS, SECRETS] }).size, 6);
  for (const key of keys({})) assert.match(key, /^[0-9a-f]{12}$/);
});

test('streams that differ in what they hold, or whose they are, have different keys', () => {
  const sources: Partial<SourceConfig>[] = [
    { namespaces: ['a'] },
    { namespaces: ['b'] },
    { namespaces: ['a'], resources: [SECRETS] },
    { namespaces: ['a'], resources: [{ gvr: { ...PODS.gvr, Group: 'metrics.k8s.io' } }] },
    { namespaces: ['a'], resources: [{ gvr: { ...PODS.gvr, Version: 'v2' } }] },
    { namespaces: ['a'], resources: [{ ...PODS, selector: 'app=web' }] },
    { namespaces: ['a'], owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet' } },
    { namespaces: ['a'], sourceUid: 'u1' },
    { namespaces: ['a'], sourceUid: 'u2' },
  ];
  const namespaced = sources.map((source) => [...keys(source)].at(-1));
  assert.equal(new Set(namespaced).size, sources.length);
});

test('what does not decide which objects a stream holds leaves its key as it is', () => {
  const same: Partial<SourceConfig>[] = [
    { allNamespaces: true },
    { mode: 'Reference' },
    { checkpoint: 'Full' },
    { initialEvents: 'All' },
    { gapEvents: true },
    { delivery: { retry: 3 } },
    { resources: [{ ...PODS, selector: '' }] },
  ];
  for (const source of same) assert.deepEqual(keys(source), keys({}), JSON.stringify(source));
});
