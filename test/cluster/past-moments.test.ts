import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts';

let cluster: OwnCluster;

before(async () => {
  cluster = await startOwnCluster();
});

after(() => cluster.stop());

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** What exists from a version of the resource on, as `name@version`. */
interface Stage {
  readonly from: number;
  readonly objects: readonly string[];
}

test('a real API server shows what existed at every number between two versions, also when it was restarted', async () => {
  const { admin } = cluster;
  const stages: Stage[] = [];
  const living = new Map<string, string>();
  const takeStock = async (): Promise<void> => {
    const { items, resourceVersion } = await admin.list(`${CONFIG_MAPS}?labelSelector=app%3Dpast`);
    living.clear();
    for (const { metadata } of items) living.set(metadata.name, metadata.resourceVersion ?? '');
    stages.push({ from: Number(resourceVersion), objects: names(living) });
  };
  const unrelated = (name: string): Promise<unknown> =>
    admin.create('/api/v1/namespaces/default/secrets', { metadata: { name } });

  await takeStock();
  await admin.create(CONFIG_MAPS, { metadata: { name: 'a', labels: { app: 'past' } } });
  await takeStock();
  await unrelated('past-1');
  await admin.create(CONFIG_MAPS, { metadata: { name: 'b', labels: { app: 'past' } } });
  await takeStock();
  await admin.patch(`${CONFIG_MAPS}/b`, { data: { at: '1' } });
  await takeStock();
  await unrelated('past-2');
  await admin.delete(`${CONFIG_MAPS}/b`);
  await takeStock();
  await admin.delete(`${CONFIG_MAPS}/a`);
  await takeStock();

  for (const isRestarted of [false, true]) {
    if (isRestarted) {
      await cluster.apiServer.kill();
      await cluster.apiServer.start();
    }
    for (const [i, { from, objects }] of stages.entries()) {
      const next = stages[i + 1];
      if (next === undefined) break;
      // The change that led to the next stage happened somewhere in between.
      const seen = await Promise.all(Array.from({ length: next.from - from + 1 }, (_, step) => at(from + step)));
      const turn = seen.findIndex((it) => it.join() !== objects.join());
      assert.ok(turn > 0, `what exists at ${from} is ${seen[0]?.join()}`);
      assert.ok(seen.slice(turn).every((it) => it.join() === next.objects.join()));
    }
  }

  async function at(version: number): Promise<string[]> {
    const query = `labelSelector=app%3Dpast&resourceVersion=${version}&resourceVersionMatch=Exact`;
    const { items } = await admin.list(`${CONFIG_MAPS}?${query}`);
    return names(new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion ?? ''])));
  }
});

function names(objects: ReadonlyMap<string, string>): string[] {
  return Array.from(objects, ([name, version]) => `${name}@${version}`).sort();
}
