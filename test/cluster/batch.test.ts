import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { inParallel } from '../support/in-parallel.ts';
import { assertAllTold, stage } from '../support/stage.ts';
import { toldBy } from '../support/told.ts';

test('in batches every change arrives once and in order, whatever the sink refuses on the way', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'batch');
  const delivery = { format: 'batch', backoffDelay: 'PT0.1S' };
  const source = { namespaces: [namespace], resources: [resource('', 'v1', 'configmaps')], delivery };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  sink.reply((request, number) => {
    if (number % 7 === 3) return 503;
    // Refused only in company, so that each is sent by itself.
    return number % 5 === 2 && toldBy([request]).length > 1 ? 413 : { status: 202, afterMs: 5 };
  });
  const names = Array.from({ length: 200 }, (_, index) => `object-${index}`);
  await inParallel(names, 32, async (name) => {
    await writer.create(name);
    await writer.update(name);
    await writer.delete(name);
  });
  await assertAllTold(t, writer.truth, sink);
  const sizes = sink.accepted().map((request) => toldBy([request]).length);
  t.diagnostic(`${sizes.length} requests for ${sizes.reduce((sum, size) => sum + size, 0)} events`);
  assert.ok(Math.max(...sizes) > 1, 'some requests carried several events');
});
