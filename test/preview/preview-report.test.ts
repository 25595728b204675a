import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAdapterConfig } from '../../src/adapter/config.ts';
import { createDropCounter } from '../../src/preview/drop-counter.ts';
import { createEventCounter } from '../../src/preview/event-counter.ts';
import { type Findings, findingsOf } from '../../src/preview/preview-report.ts';
import type { CloudEvent } from '../../src/events/cloud-event.ts';

function findings(
  seconds: number,
  plural = 'pods',
  prepare: (drops: ReturnType<typeof createDropCounter>) => void = () => undefined,
): Findings {
  const gvr = { Group: '', Version: 'v1', Resource: plural };
  const read = readAdapterConfig({
    NAME: 'a',
    NAMESPACE: 'shop',
    K_SINK: 'http://sink.invalid/',
    K_SOURCE_CONFIG: JSON.stringify({ namespaces: ['shop'], mode: 'Resource', resources: [{ gvr }] }),
  });
  assert.ok('config' in read, JSON.stringify(read));
  const events = createEventCounter('binary', 1);
  const event: CloudEvent = { id: '1', source: '/s', type: 't.add', extensions: {}, data: Buffer.alloc(10) };
  const send = (): void => events.lanes.send({ lane: `${plural}./shop/a`, event, settled: () => undefined });
  send();
  events.begin();
  send();
  send();
  const drops = createDropCounter();
  prepare(drops);
  return findingsOf(read.config, { events, drops, seconds, streams: { total: 1, established: 1, problems: [] } });
}

test('a rate is of what happened while it was watched', () => {
  const { all, events } = findings(4);
  assert.deepEqual([all.events, all.eventsAtStart, all.perSecond], [3, 1, 0.5]);
  assert.equal(events[0]?.perSecond, 0.5);
  assert.equal(findings(0).all.perSecond, 0);
});

test('every reason that the adapter counts has a meaning for people', async () => {
  const { metrics } = createDropCounter();
  const counted = (await metrics.registry.getMetricsAsJSON()).find(({ name }) => name.endsWith('suppressed_total'));
  const reasons = (counted?.values ?? []).map(({ labels }) => String(labels['reason']));
  assert.ok(reasons.includes('filtered'), reasons.join(', '));
  const { dropped } = findings(1, 'pods', (drops) => {
    for (const reason of reasons) drops.metrics.suppressed(reason, 2);
  });
  assert.equal(dropped.length, reasons.length);
  assert.deepEqual(
    dropped.filter(({ reason, meaning, objects }) => meaning === reason || objects !== 2),
    [],
  );
});

test('what expressions came to, and what events lack, is told with what it is about', () => {
  const { lacks } = findings(1, 'pods', ({ metrics }) => {
    metrics.lacking('tooLarge');
    metrics.filterTrouble('cast');
    metrics.whenTrouble('missing');
    metrics.whenTrouble('missing');
  });
  assert.deepEqual(lacks, [
    { what: 'tooLarge', times: 1 },
    { what: 'filters: cast', times: 1 },
    { what: 'when: missing', times: 2 },
  ]);
});

test('it is said whether Secrets are among it', () => {
  assert.equal(findings(1).secrets, 'not watched');
  assert.equal(findings(1, 'secrets').secrets, 'redacted');
});
