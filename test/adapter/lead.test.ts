import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { announceLead, isOwnObject, lead, ownObjectsIn } from '../../src/adapter/lead.ts';
import { createMetrics } from '../../src/adapter/metrics.ts';
import type { ResourceConfig, SourceConfig } from '../../src/adapter/source-config.ts';
import { createStreamBoard, type StreamBoard } from '../../src/adapter/stream-board.ts';
import { type Place, streamKey, streamKeys } from '../../src/adapter/stream-identity.ts';
import { becomeLeader } from '../../src/kube/become-leader.ts';
import type { Leadership } from '../../src/kube/leadership.ts';
import { list } from '../checkpoint/source-state.ts';
import { type ObjectServer, objectServer } from '../kube/object-server.ts';
import { never } from '../kube/scripted-server.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { headOf } from '../checkpoint/lives.ts';
import { configWith, PODS } from './any-config.ts';
import { recordedLog, type RecordedLog } from './recorded-log.ts';

const ADDRESS = { namespace: 'shop', name: 'apiserversource-web' };
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/apiserversource-web';

interface Stage extends RecordedLog {
  readonly server: ObjectServer;
  readonly clock: FakeClock;
  readonly board: StreamBoard;
  /** An adapter that wants to deliver. */
  start(identity: string, source?: Partial<SourceConfig>, signal?: AbortSignal): ReturnType<typeof lead>;
  /** Another process that has the Lease. */
  occupy(): Promise<Leadership>;
  holder(): string;
  /** Lets time pass, and what is asked meanwhile be answered. */
  pass(ms: number): Promise<void>;
  failures(reason: string): Promise<number | undefined>;
}

async function stage(t: TestContext): Promise<Stage> {
  const server = await objectServer(t);
  const clock = fakeClock();
  const recorded = recordedLog();
  const metrics = createMetrics(() => ({ inFlight: 0, queued: 0, queuedBytes: 0 }));
  const board = createStreamBoard(metrics.established);
  announceLead(board);
  return {
    ...recorded,
    server,
    clock,
    board,
    start: (identity, source = {}, signal = never()) => {
      const io = { kube: server.client, clock, log: recorded.log, metrics, board, identity };
      return lead(configWith({ checkpoint: 'Full', ...source }), io, signal);
    },
    occupy: async () => {
      const options = { kube: server.client, clock, address: ADDRESS, identity: 'other', owner: undefined };
      const leadership = await becomeLeader(options, () => undefined, never());
      assert.ok(leadership !== undefined);
      return leadership;
    },
    holder: () => (server.objects.get(LEASE)?.['spec'] as { holderIdentity: string } | undefined)?.holderIdentity ?? '',
    pass: async (ms) => {
      for (let passed = 0; passed < ms; passed += 100) {
        while (clock.sleeping === 0) await turn();
        await clock.advance(100);
      }
      while (clock.sleeping === 0) await turn();
    },
    failures: async (reason) => {
      const metric = await metrics.registry.getSingleMetric('watchbridge_checkpoint_failures_total')?.get();
      return metric?.values.find(({ labels }) => labels['what'] === 'load' && labels['reason'] === reason)?.value;
    },
  };
}

async function leads(it: ReturnType<typeof lead>): Promise<Exclude<Awaited<typeof it>, 'unable' | undefined>> {
  const led = await it;
  assert.ok(led !== undefined && led !== 'unable');
  return led;
}

test('an adapter that is alone delivers at once, and is ready when its streams are', async (t) => {
  const { start, board, messages } = await stage(t);
  assert.deepEqual(board.lines(), ['lease: starting']);
  const { leadership, checkpoint } = await leads(start('one'));
  assert.equal(leadership.holds(), true);
  assert.deepEqual(checkpoint.problems, []);
  assert.deepEqual(board.lines(), ['pods.v1: starting']);
  assert.deepEqual(messages, ['info: delivering']);
});

test('a standby is ready, and delivers when the Lease is given back', async (t) => {
  const { start, occupy, pass, board, messages, entries, clock } = await stage(t);
  const other = await occupy();
  const waiting = start('one');
  await pass(2_000);
  assert.deepEqual([board.ready(), board.lines()], [true, ['lease: established']]);
  assert.deepEqual(messages, ['info: standing by; another replica delivers']);
  assert.equal(entries[0]?.['holder'], 'other');
  await other.release({}, never());
  await clock.settle(waiting);
  await leads(waiting);
  assert.equal(board.ready(), false);
});

test('an adapter that cannot reach the API server says so, once, and is not ready', async (t) => {
  const { start, pass, board, messages, server, clock } = await stage(t);
  server.rule(() => 503);
  const waiting = start('one');
  await pass(3_000);
  assert.match(board.lines()[0] ?? '', /^lease: GET .*leases\/apiserversource-web was answered 503/);
  assert.deepEqual(messages, ['warn: Lease cannot be read or taken yet']);
  server.rule(() => undefined);
  await clock.settle(waiting);
  assert.deepEqual(board.lines(), ['pods.v1: starting']);
});

/** Stores a position and one object, as an adapter that has run. */
async function haveRun({ start }: Stage, source: Partial<SourceConfig> = {}): Promise<string> {
  const { checkpoint } = await leads(start('before', source));
  const [, key = ''] = streamKeys(configWith());
  list(checkpoint.memoryOf(key), [headOf('a', 'u1', 5)], 10);
  await checkpoint.saveIndex('now', never());
  await checkpoint.release({}, never());
  return key;
}

test('a failure to read what is stored is tried again, and never taken for nothing being stored', async (t) => {
  for (const mishap of [500, 503, 429, 'unanswered'] as const) {
    const it = await stage(t);
    const key = await haveRun(it);
    it.server.rule((request) => (request === 'GET apiserversource-web-index-0' ? mishap : undefined));
    const waiting = it.start('one');
    await it.pass(12_000);
    assert.equal(it.holder(), 'one');
    it.server.rule(() => undefined);
    const { leadership, checkpoint } = await leads(it.clock.settle(waiting));
    assert.equal(leadership.holds(), true);
    const { position, known } = checkpoint.memoryOf(key);
    assert.deepEqual([position?.resourceVersion, position?.complete, known.size], ['10', true, 1], String(mishap));
    assert.ok(it.messages.includes('warn: stored checkpoint cannot be read yet'));
  }
});

test('an adapter that may not read its index keeps positions, and says what that costs', async (t) => {
  const it = await stage(t);
  const key = await haveRun(it);
  it.server.rule((request) => (request.includes('-index-') ? 403 : undefined));
  const { checkpoint } = await it.clock.settle(leads(it.start('one')));
  assert.deepEqual(checkpoint.memoryOf(key).position, { resourceVersion: '10', epoch: 0, complete: false });
  await checkpoint.saveIndex('now', never());
  await checkpoint.renew({}, never());
  assert.ok(it.messages.includes('error: no index: a long absence of this adapter will lose deletes'));
  assert.equal(await it.failures('forbidden'), 11);
});

test('an API server that has just started and knows no roles yet costs no checkpoint', async (t) => {
  const it = await stage(t);
  const key = await haveRun(it);
  for (const refused of ['apiserversource-web', '-index-']) {
    it.server.rule((request) => (request.includes(refused) ? 403 : undefined));
    const starting = leads(it.start('one'));
    await it.pass(9_000);
    it.server.rule(() => undefined);
    const { checkpoint, withoutIndex } = await it.clock.settle(starting);
    assert.deepEqual([checkpoint.memoryOf(key).position?.complete, withoutIndex], [true, undefined], refused);
  }
  assert.ok(!it.messages.some((message) => message.startsWith('error: no ')));
});

test('an adapter that may not have a Lease delivers without a checkpoint, and says what that costs', async (t) => {
  const { start, server, messages, failures, board, clock } = await stage(t);
  server.rule(() => 403);
  assert.equal(await clock.settle(start('one')), 'unable');
  assert.equal(messages.at(-1), 'error: no checkpoint: a restart of this adapter will lose changes');
  assert.deepEqual(new Set(messages.slice(0, -1)), new Set(['warn: stored checkpoint cannot be read yet']));
  assert.equal(await failures('forbidden'), 11);
  assert.deepEqual(board.lines(), ['pods.v1: starting']);
});

test('what of the stored state cannot be used is told and counted', async (t) => {
  const it = await stage(t);
  await haveRun(it);
  it.server.touch('/api/v1/namespaces/shop/configmaps/apiserversource-web-index-0', { binaryData: {} });
  await leads(it.start('one'));
  assert.equal(await it.failures('malformed'), 1);
  assert.match(String(it.entries.find(({ level }) => level === 'error')?.['detail']), /apiserversource-web-index-0/);
});

test('positions alone need no ConfigMap', async (t) => {
  const it = await stage(t);
  await haveRun(it, { checkpoint: 'Position' });
  assert.deepEqual([...it.server.objects.keys()], [LEASE]);
});

test('the state of a source belongs to it, where its uid is told', async (t) => {
  const it = await stage(t);
  await haveRun(it, { sourceUid: 'u7' });
  const owner = { apiVersion: 'sources.knative.dev/v1', kind: 'ApiServerSource', name: 'web', uid: 'u7' };
  for (const [path, { metadata }] of it.server.objects) assert.deepEqual(metadata['ownerReferences'], [owner], path);
});

test('who is stopped while standing by just goes', async (t) => {
  const { start, occupy, pass, holder } = await stage(t);
  await occupy();
  const stop = new AbortController();
  const waiting = start('one', {}, stop.signal);
  await pass(1_000);
  stop.abort();
  assert.equal(await waiting, undefined);
  assert.equal(holder(), 'other');
});

test('who is stopped with the Lease in hand and before it is used gives it back', async (t) => {
  for (const moment of ['PUT apiserversource-web', 'GET apiserversource-web-index-0']) {
    const it = await stage(t);
    const { start, server, holder } = it;
    // So that there is an index to be read.
    await haveRun(it);
    const stop = new AbortController();
    server.rule((request) => {
      if (request === moment) stop.abort();
      return undefined;
    });
    assert.equal(await start('one', {}, stop.signal), undefined, moment);
    assert.equal(holder(), '', moment);
  }
});

test('who is stopped before it begins asks for nothing', async (t) => {
  const { start, server } = await stage(t);
  assert.equal(await start('one', {}, AbortSignal.abort()), undefined);
  assert.deepEqual(server.requests, []);
});

test('an adapter knows the objects that it writes itself, and takes no others for them', () => {
  const isOwn = isOwnObject(configWith());
  const rows: [group: string, plural: string, object: string, own: boolean][] = [
    ['coordination.k8s.io', 'leases', 'shop/apiserversource-web', true],
    ['coordination.k8s.io', 'leases', 'garden/apiserversource-web', false],
    ['coordination.k8s.io', 'leases', 'shop/apiserversource-web-index-0', false],
    ['coordination.k8s.io', 'leases', 'shop/apiserversource-website', false],
    ['example.com', 'leases', 'shop/apiserversource-web', false],
    ['', 'configmaps', 'shop/apiserversource-web-index-0', true],
    ['', 'configmaps', 'shop/apiserversource-web-index-63', true],
    ['', 'configmaps', 'garden/apiserversource-web-index-0', false],
    ['', 'configmaps', 'shop/apiserversource-web-index-page', false],
    ['', 'configmaps', 'shop/apiserversource-web-index-0-index-0', false],
    ['', 'configmaps', 'shop/apiserversource-web', false],
    ['', 'configmaps', 'shop/my-apiserversource-web-index-0', false],
    ['', 'secrets', 'shop/apiserversource-web-index-0', false],
  ];
  for (const [group, plural, object, own] of rows) {
    const [namespace = '', name = ''] = object.split('/');
    const resource = { group, version: 'v1', plural, kind: 'Any', namespaced: true, verbs: [] };
    assert.equal(isOwn(resource, { namespace, name, uid: 'u', resourceVersion: '1' }), own, `${plural} ${object}`);
  }
});

test('the adapter’s own objects are no reason to store the index, in whichever stream they come', () => {
  const CONFIG_MAPS = { gvr: { Group: '', Version: 'v1', Resource: 'configmaps' } };
  const EVERYTHING = { gvr: { Group: '', Version: 'v1', Resource: '*' } };
  const LEASES = { gvr: { Group: 'coordination.k8s.io', Version: 'v1', Resource: 'leases' } };
  const config = configWith({ resources: [PODS, CONFIG_MAPS, EVERYTHING, LEASES], sourceUid: 'u' });
  const isOwnIn = ownObjectsIn(config);
  const places: Place[] = [
    { is: 'cluster' },
    { is: 'selected' },
    { is: 'namespace', name: 'shop' },
    { is: 'matching', name: 'shop' },
  ];
  const rows: [entry: ResourceConfig, plural: string, own: string | undefined][] = [
    [CONFIG_MAPS, 'configmaps', 'apiserversource-web-index-0'],
    [EVERYTHING, 'configmaps', 'apiserversource-web-index-0'],
    [LEASES, 'leases', 'apiserversource-web'],
    [PODS, 'pods', undefined],
    [EVERYTHING, 'secrets', undefined],
  ];
  for (const [entry, plural, own] of rows) {
    for (const place of places) {
      const isOwn = isOwnIn(streamKey(entry, { ...entry.gvr, Resource: plural }, place, config.source));
      const what = `${plural} of ${entry.gvr.Resource}, ${place.is}`;
      assert.equal(isOwn?.({ namespace: 'shop', name: own ?? '', uid: 'u', resourceVersion: '1' }), own && true, what);
      if (isOwn !== undefined) {
        assert.equal(isOwn({ namespace: 'shop', name: 'other', uid: 'u', resourceVersion: '1' }), false, what);
      }
    }
  }
  const elsewhere = streamKey(CONFIG_MAPS, CONFIG_MAPS.gvr, { is: 'namespace', name: 'garden' }, config.source);
  assert.equal(isOwnIn(elsewhere), undefined);
});
