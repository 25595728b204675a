import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/adapter/metrics.ts';
import { createControllerMetrics } from '../../src/reconcile/metrics.ts';
import { noticeCounter } from '../../src/reconcile/notice-metrics.ts';
import { createPingMetrics } from '../../src/sources/ping/adapter/metrics.ts';
import { createWebhookMetrics } from '../../src/sources/sinkbinding/webhook/metrics.ts';
import { page, rowsOf } from './pages.ts';

interface Described {
  readonly type: string;
  /** Each label with the values that its series are born with. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Labels that have no values before something happens. */
const UNBORN: ReadonlySet<string> = new Set(['stream', 'controller']);

test('every metric of the adapter and of controllers is on the page of metrics with its type, its labels and their values, and no other is', async () => {
  const inCode = await metricsOfCode();
  const onPage = metricsOfPage();
  assert.deepEqual([...onPage.keys()].toSorted(), [...inCode.keys()].toSorted());
  for (const [name, described] of inCode) assert.deepEqual(onPage.get(name), described, name);
});

async function metricsOfCode(): Promise<Map<string, Described>> {
  const { registry, established } = createMetrics(() => ({ inFlight: 0, queued: 0, queuedBytes: 0 }));
  established('a stream', true);
  const controllers = createControllerMetrics();
  controllers.informer('a stream');
  controllers.controller('a controller', () => 0);
  noticeCounter(controllers.registry);
  createWebhookMetrics(controllers.registry);
  const pings = createPingMetrics(() => ({ sources: 0, queued: 0, sinksAway: 0 }));
  const registries = [registry, controllers.registry, pings.registry];
  const metrics = (await Promise.all(registries.map((it) => it.getMetricsAsJSON()))).flat();
  return new Map(
    metrics.map(({ name, type, values }): [string, Described] => {
      const labels = new Map<string, Set<string>>();
      for (const { labels: series } of values) {
        for (const [label, value] of Object.entries(series)) {
          if (label === 'le') continue;
          const known = labels.get(label) ?? new Set();
          if (!UNBORN.has(label)) known.add(String(value));
          labels.set(label, known);
        }
      }
      return [name, { type: String(type), labels }];
    }),
  );
}

/** From rows such as "| `name` | counter | `label`: `value`, `value`; `label`: `value` | meaning |". */
function metricsOfPage(): Map<string, Described> {
  return new Map(
    rowsOf(page('docs/reference/metrics.md')).map(([name = '', type = '', labels = '']) => [
      name,
      { type, labels: new Map(labels.split('; ').flatMap(labelOf)) },
    ]),
  );
}

function labelOf(text: string): [string, Set<string>][] {
  const [label, ...values] = Array.from(text.matchAll(/`([^`]+)`/g), (match) => match[1] ?? '');
  return label === undefined ? [] : [[label, new Set(values)]];
}
