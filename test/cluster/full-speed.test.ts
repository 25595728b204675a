import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { inParallel } from '../support/in-parallel.ts';
import { assertAllTold, stage } from '../support/stage.ts';

const OBJECTS = 1_000;

test('a thousand objects that are created, updated and deleted at full speed arrive complete and in order', async (t) => {
  const { namespace, kubeconfig, sink, writer } = await stage(t, 'full-speed');
  const source = { namespaces: [namespace], resources: [resource('', 'v1', 'configmaps')] };
  const adapter = await startAdapter(t, { kubeconfig, sink: sink.url, source });
  await adapter.ready();
  const names = Array.from({ length: OBJECTS }, (_, index) => `object-${index}`);
  await inParallel(names, 32, async (name) => {
    await writer.create(name);
    await writer.update(name);
    await writer.delete(name);
  });
  await assertAllTold(t, writer.truth, sink);
});
