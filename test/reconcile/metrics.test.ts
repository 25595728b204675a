import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';

const NAME = 'services.v1';

async function gauges(metrics: ReturnType<typeof createControllerMetrics>): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return Array.from(text.matchAll(/^watchbridge_controller_(objects|stream_established)\{.*\} (\d+)$/gm), ([, ...it]) =>
    it.join(' '),
  );
}

test('informers of one name share their series, which end with the last of them', async () => {
  const metrics = createControllerMetrics();
  const [one, other] = [metrics.informer(NAME), metrics.informer(NAME)];
  one.holds(2);
  other.holds(3);
  one.established(true);
  assert.deepEqual(await gauges(metrics), ['objects 5', 'stream_established 0'], 'one of the watches is not open');
  other.established(true);
  assert.deepEqual(await gauges(metrics), ['objects 5', 'stream_established 1']);
  one.ended();
  assert.deepEqual(await gauges(metrics), ['objects 3', 'stream_established 1']);
  other.ended();
  assert.deepEqual(await gauges(metrics), []);
});

test('what an informer counted stays when another one of its name begins', async () => {
  const metrics = createControllerMetrics();
  metrics.informer(NAME).interrupted('expired');
  metrics.informer(NAME);
  const text = await metrics.registry.metrics();
  assert.match(text, /watch_interruptions_total\{stream="services\.v1",reason="expired"\} 1/);
});
