import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceConfig, SourceConfig } from '../../src/adapter/source-config.ts';
import { compileCel } from '../../src/events/cel/cel.ts';
import {
  type Place,
  possibleStreams,
  streamKey,
  streamName,
  streamsOverlap,
} from '../../src/adapter/stream-identity.ts';
import { configWith, PODS } from './any-config.ts';

const EVERY: ResourceConfig = { gvr: { ...PODS.gvr, Resource: '*' } };
const CLUSTER: Place = { is: 'cluster' };
const SELECTED: Place = { is: 'selected' };

function matching(name: string): Place {
  return { is: 'matching', name };
}

function source(more: Partial<SourceConfig>): SourceConfig {
  return configWith(more).source;
}

test('a stream is called by its resource, its selectors and where it is', () => {
  const rows: [entry: Partial<ResourceConfig>, place: Place, source: Partial<SourceConfig>, name: string][] = [
    [{}, CLUSTER, {}, 'pods.v1'],
    [{ selector: 'a=b' }, { is: 'namespace', name: 'shop' }, {}, 'pods.v1[a=b] in shop'],
    [{ fieldSelector: 'metadata.name=x' }, CLUSTER, {}, 'pods.v1[metadata.name=x]'],
    [{ selector: 'a', fieldSelector: 'c=d' }, CLUSTER, {}, 'pods.v1[a][c=d]'],
    [{}, SELECTED, { namespaceSelector: 'team=a' }, 'pods.v1 in namespaces[team=a]'],
    [{}, SELECTED, { excludeNamespaces: ['x'] }, 'pods.v1'],
    [{}, matching('shop'), { namespaceSelector: 'team=a' }, 'pods.v1 in shop'],
  ];
  for (const [entry, place, more, name] of rows) {
    assert.equal(streamName({ ...PODS, ...entry }, PODS.gvr, place, source(more)), name);
  }
});

test('entries of the same objects are streams of their own, and what they tell names none of them', () => {
  const when = compileCel('object.a');
  assert.ok(when.is === 'compiled');
  const entries: ResourceConfig[] = [
    PODS,
    { ...PODS, when },
    { ...PODS, selector: 'a' },
    { ...PODS, changes: ['Spec'] },
  ];
  const named = entries.map((entry) => streamName(entry, PODS.gvr, CLUSTER, source({ resources: entries })));
  assert.deepEqual(named, ['pods.v1', 'pods.v1#2', 'pods.v1[a]', 'pods.v1#3']);
  const keysOf = (resources: readonly ResourceConfig[]): string[] =>
    resources.map((entry) => streamKey(entry, PODS.gvr, CLUSTER, source({ resources })));
  assert.equal(new Set(keysOf(entries)).size, 4);
  assert.deepEqual(keysOf([{ ...PODS, when }]), keysOf([PODS]));
  const config = configWith({ resources: entries });
  assert.ok(keysOf(entries).every((key) => possibleStreams(config).has(key)));
});

test('a checkpoint keeps the streams that come and go with namespaces and resources, and no other source’s', () => {
  const config = configWith({ namespaceSelector: 'team=a', resources: [EVERY] });
  const other = configWith({ namespaceSelector: 'team=a', resources: [EVERY], sourceUid: 'other' });
  const secrets = { ...PODS.gvr, Resource: 'secrets' };
  const keys = [
    streamKey(EVERY, PODS.gvr, SELECTED, config.source),
    streamKey(EVERY, secrets, SELECTED, config.source),
    streamKey(EVERY, PODS.gvr, matching('a'), config.source),
    streamKey(EVERY, PODS.gvr, matching('b'), config.source),
    streamKey(EVERY, secrets, matching('a'), config.source),
    streamKey(EVERY, PODS.gvr, CLUSTER, config.source),
  ];
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) {
    assert.equal(possibleStreams(config).has(key), true);
    assert.equal(possibleStreams(other).has(key), false);
    assert.ok(key.length <= 25, 'many of them have to fit into a Lease');
  }
});

test('what a stream holds, but for what a selector matches at the moment, is in its key', () => {
  const key = (place: Place, entry: Partial<ResourceConfig>, more: Partial<SourceConfig>): string =>
    streamKey({ ...PODS, ...entry }, PODS.gvr, place, source(more));
  const different = [
    key(CLUSTER, {}, {}),
    key(CLUSTER, { fieldSelector: 'metadata.name=x' }, {}),
    key(SELECTED, {}, { excludeNamespaces: ['a'] }),
    key(SELECTED, {}, { excludeNamespaces: ['b'] }),
    key(SELECTED, {}, { namespaceSelector: 'team=a' }),
    key(matching('a'), {}, { namespaceSelector: 'team=a' }),
  ];
  assert.equal(new Set(different).size, different.length);
  assert.equal(key(CLUSTER, { fieldSelector: '' }, {}), key(CLUSTER, {}, {}));
  assert.equal(key(SELECTED, {}, { namespaceSelector: 'x', excludeNamespaces: ['a'] }), different[4]);
  assert.equal(
    key(SELECTED, {}, { excludeNamespaces: ['b', 'a'] }),
    key(SELECTED, {}, { excludeNamespaces: ['a', 'b'] }),
  );
});

test('streams overlap where two entries can see the same object', () => {
  const other = { gvr: { Group: 'apps', Version: 'v1', Resource: 'deployments' } };
  const rows: [resources: ResourceConfig[], overlap: boolean][] = [
    [[PODS], false],
    [[PODS, other], false],
    [[PODS, { ...PODS, selector: 'a' }], true],
    [[EVERY], false],
    [[EVERY, other], false],
    [[EVERY, PODS], true],
  ];
  for (const [resources, overlap] of rows) assert.equal(streamsOverlap(configWith({ resources })), overlap);
});
