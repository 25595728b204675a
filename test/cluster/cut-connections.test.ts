import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resource, startAdapter } from '../support/adapter-process.ts';
import { inParallel } from '../support/in-parallel.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { kubeconfigVia } from '../support/service-account.ts';
import { assertAllTold, stage } from '../support/stage.ts';
import { type Rule, tcpProxy } from '../support/tcp-proxy.ts';

const CUTS = 16;
/** What a TLS handshake and the headers of an answer take, about. */
const HANDSHAKE_BYTES = 3_000;
/** A full TLS record after that: one that is cut gives nothing, and a watch that gets nowhere rests ever longer. */
const FIRST_RECORD_BYTES = 20_000;

test('a watch that is cut at random bytes again and again loses nothing, repeats nothing and keeps the order', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const { cluster, namespace, kubeconfig, sink, writer } = await stage(t, 'cut');
  const proxy = await tcpProxy(t, cluster.server);
  const adapter = await startAdapter(t, {
    kubeconfig: kubeconfigVia(kubeconfig, proxy.url),
    sink: sink.url,
    source: { namespaces: [namespace], resources: [resource('', 'v1', 'configmaps')] },
  });
  await adapter.ready();

  proxy.rule(() => randomCut(random));
  proxy.obey(randomCut(random));
  let lives = 0;
  await inParallel(Array.from({ length: 2 }), 2, async () => {
    while (proxy.broken < CUTS) {
      const name = `object-${lives++}`;
      await writer.create(name);
      await writer.update(name);
      if (random() < 0.5) await writer.delete(name);
    }
  });
  proxy.rule(() => 'pass');
  proxy.obey('pass');
  await assertAllTold(t, writer.truth, sink);

  assert.ok(proxy.broken >= CUTS);
  t.diagnostic(`cut after ${proxy.connections.map(({ bytes }) => bytes).join(', ')} bytes`);
  const interruptions = await adapter.metric('watchbridge_watch_interruptions_total{reason="unreachable"}');
  assert.ok(interruptions !== undefined && interruptions >= CUTS / 2, `${interruptions} interruptions`);
  assert.equal(await adapter.metric('watchbridge_lists_total{why="expired"}'), 0);
  await adapter.ready();
});

/** Mostly inside an event or between two, now and then before the first. */
function randomCut(random: () => number): Rule {
  const early = random() < 0.15;
  return { cutAfter: Math.floor(early ? random() * HANDSHAKE_BYTES : FIRST_RECORD_BYTES + random() * 60_000) };
}
