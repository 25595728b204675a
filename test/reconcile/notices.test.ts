import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import type { KubeRequest } from '../../src/kube/client.ts';
import { KubeError, type KubeFailureCode } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import { eventAddress } from '../../src/reconcile/notice.ts';
import { noticeCounter } from '../../src/reconcile/notice-metrics.ts';
import { createNotices, type Notice } from '../../src/reconcile/notices.ts';
import { createSpamFilter } from '../../src/reconcile/spam-filter.ts';
import { recordedLog } from '../adapter/recorded-log.ts';
import { fakeClock } from '../support/fake-clock.ts';

function notice(name: string, message = 'broken'): Notice {
  const about: KubeObject = { apiVersion: 'a.b/v1', kind: 'Thing', metadata: { name, namespace: 'shop', uid: name } };
  return { about, type: 'Warning', reason: 'Broken', message };
}

/** @param answer what the API server says to a request: nothing is good */
function stage(t: TestContext, answer: (request: KubeRequest) => KubeFailureCode | undefined = () => undefined) {
  const clock = fakeClock();
  const { log, messages, entries } = recordedLog();
  const registry = new Registry();
  const requests: string[] = [];
  const json = async <T>(request: KubeRequest): Promise<T> => {
    const { count = '' } = request.body as { readonly count?: number };
    requests.push(`${request.method ?? 'GET'} ${count}`.trim());
    const code = answer(request);
    if (code !== undefined) throw new KubeError(code, `The API server says ${code}.`);
    return { count: 7 } as T;
  };
  const notices = createNotices({ kube: { json }, clock, log, component: 'c', count: noticeCounter(registry) });
  const stop = new AbortController();
  t.after(() => stop.abort());
  const outcomes = async () => {
    const [metric] = await registry.getMetricsAsJSON();
    return Object.fromEntries(
      (metric?.values ?? []).filter(({ value }) => value > 0).map(({ labels, value }) => [labels['outcome'], value]),
    );
  };
  return { notices, clock, messages, entries, requests, outcomes, stop };
}

test('what is told again before it is written is one Event that counts, and telling waits for nobody', async (t) => {
  const { notices, clock, requests, outcomes, stop } = stage(t);
  for (let i = 0; i < 3; i++) notices.tell(notice('one'));
  notices.tell(notice('two'));
  assert.deepEqual(requests, []);
  const running = notices.run(stop.signal);
  await clock.advance(0);
  assert.deepEqual(requests, ['POST 3', 'POST 1']);
  notices.tell(notice('one'));
  await clock.advance(0);
  assert.deepEqual(requests.slice(2), ['PATCH 4']);
  assert.deepEqual(await outcomes(), { created: 4, counted: 1 });
  stop.abort();
  await running;
});

test('about one object 25 are told, then one in five minutes, and others are told meanwhile', async (t) => {
  const { notices, clock, messages, outcomes } = stage(t);
  for (let i = 0; i < 30; i++) notices.tell(notice('one', `broken ${i}`));
  notices.tell(notice('two'));
  assert.deepEqual(await outcomes(), { rateLimited: 5 });
  assert.deepEqual(messages, [], 'a limit that keeps things quiet is quiet');
  await clock.advance(299_999);
  notices.tell(notice('one'));
  assert.deepEqual(await outcomes(), { rateLimited: 6 });
  await clock.advance(1);
  notices.tell(notice('one'));
  notices.tell(notice('one'));
  assert.deepEqual(await outcomes(), { rateLimited: 7 });
});

test('a bucket fills up to its burst and not further', () => {
  const spam = createSpamFilter();
  const admitted = (at: number) => Array.from({ length: 40 }, () => spam.admits('one', at)).filter(Boolean).length;
  assert.deepEqual([admitted(0), admitted(600_000), admitted(1e12)], [25, 2, 25]);
});

test('a thousand may wait; what comes then is dropped, counted and logged, and so is what waits at the end', async (t) => {
  const { notices, messages, entries, outcomes, stop } = stage(t);
  for (let i = 0; i < 1_002; i++) notices.tell(notice(`thing-${i}`));
  notices.tell(notice('thing-0'));
  assert.deepEqual(await outcomes(), { queueFull: 2 });
  assert.deepEqual(messages, ['warn: notice dropped', 'warn: notice dropped']);
  const { about, reason, message, why } = entries[0] ?? {};
  assert.deepEqual([about, reason, message, why], ['Thing shop/thing-1000', 'Broken', 'broken', 'queueFull']);
  stop.abort();
  await notices.run(stop.signal);
  assert.deepEqual(await outcomes(), { queueFull: 2, stopped: 1_001 });
});

test('an API server that does not answer is asked 12 times, and one that refuses once', async (t) => {
  const { notices, clock, requests, messages, outcomes, stop } = stage(t, ({ body }) =>
    JSON.stringify(body).includes('refused') ? 'forbidden' : 'unreachable',
  );
  notices.tell(notice('one'));
  notices.tell(notice('two', 'refused'));
  const running = notices.run(stop.signal);
  for (let i = 0; i < 12; i++) await clock.advance(10_000);
  assert.equal(requests.length, 13);
  assert.ok(clock.waits.every((ms) => ms >= 5_000 && ms <= 10_000));
  assert.deepEqual(await outcomes(), { unreachable: 1, refused: 1 });
  assert.deepEqual(messages, ['warn: notice dropped', 'warn: notice dropped']);
  stop.abort();
  await running;
});

test('an Event that another process made is counted on, and one that is gone is made anew', async (t) => {
  let exists = true;
  const { notices, clock, requests, stop } = stage(t, ({ method }) => {
    if (method === 'POST') return exists ? 'alreadyExists' : undefined;
    return exists ? undefined : 'notFound';
  });
  const running = notices.run(stop.signal);
  notices.tell(notice('one'));
  await clock.advance(0);
  assert.deepEqual(requests.splice(0), ['POST 1', 'PATCH', 'PATCH 8']);
  exists = false;
  notices.tell(notice('one'));
  await clock.advance(0);
  assert.deepEqual(requests, ['PATCH 9', 'POST 1']);
  stop.abort();
  await running;
});

test('an Event has a name of its own for each object, type, reason and message, that no object name makes too long', () => {
  const one = notice('one');
  const others = [
    notice('two'),
    notice('one', 'other'),
    { ...one, reason: 'Other' },
    { ...one, type: 'Normal' as const },
    { ...one, about: { ...one.about, metadata: { ...one.about.metadata, uid: 'other' } } },
  ];
  const names = [one, ...others].map((it) => eventAddress(it).name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(eventAddress(structuredClone(one)).name, names[0]);
  assert.match(names[0] ?? '', /^one\.[0-9a-f]{16}$/);
  const { name } = eventAddress(notice(`${'a'.repeat(235)}.${'b'.repeat(17)}`));
  assert.match(name, /^a{235}\.[0-9a-f]{16}$/);
});
