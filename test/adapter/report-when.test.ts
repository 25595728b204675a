import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/adapter/metrics.ts';
import { reportWhen } from '../../src/adapter/report-when.ts';
import { compileCel } from '../../src/events/cel/cel.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { recordedLog } from './recorded-log.ts';

test('every trouble is counted, and the log speaks of each kind once an hour', async () => {
  const { log, entries } = recordedLog();
  const metrics = createMetrics(() => ({ inFlight: 0, queued: 0, queuedBytes: 0 }));
  const clock = fakeClock();
  const when = compileCel('object.n > 3');
  assert.ok(when.is === 'compiled');
  const tell = reportWhen('pods', when, { log, metrics, clock });
  for (let i = 0; i < 3; i++) tell('missing');
  tell('overload');
  await clock.advance(3_600_000);
  tell('missing');
  assert.deepEqual(
    entries.map(({ level, stream, kind, when: text, unmentioned }) => [level, stream, kind, text, unmentioned]),
    [
      ['warn', 'pods', 'missing', 'object.n > 3', undefined],
      ['warn', 'pods', 'overload', 'object.n > 3', undefined],
      ['warn', 'pods', 'missing', 'object.n > 3', 2],
    ],
  );
  const { values = [] } = (await metrics.registry.getSingleMetric('watchbridge_when_troubles_total')?.get()) ?? {};
  const counted = Object.fromEntries(values.map(({ labels, value }) => [labels['kind'], value]));
  assert.deepEqual(counted, { missing: 4, overload: 1, notBoolean: 0, cost: 0, malformed: 0, value: 0 });
});
