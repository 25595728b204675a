import { after, before, test } from 'node:test';
import { controllerLog, install } from './installation.ts';
import { kubectl, tellWhyFailed, waitUntilAvailable } from './kubectl.ts';
import { applySeed, deleteSeed } from './seed-manifest.ts';
import { apiServerSource } from './seed-004/part-apiserver.ts';
import { sinkBinding } from './seed-004/part-binding.ts';
import { containerSource } from './seed-004/part-container.ts';
import { pingSource } from './seed-004/part-ping.ts';

const DISPLAY = 'seed-004/event-display.yaml';
/** Five things wait for a minute to begin. */
const TIMEOUT_MS = 900_000;

let uninstall: () => Promise<void>;

before(async () => {
  uninstall = await install();
});

after(() => uninstall());

test(
  'the walkthrough of seed 004: four sources and one event-display',
  { concurrency: 4, timeout: TIMEOUT_MS },
  async (t) => {
    t.after(async () => {
      await tellWhyFailed(t, whatIsThere);
      await deleteSeed('default', DISPLAY);
    });
    await applySeed('default', DISPLAY);
    await waitUntilAvailable('default', 'event-display');
    // As in the seed all of them run at a time.
    await Promise.all([
      t.test('API server source', apiServerSource),
      t.test('container source', containerSource),
      t.test('ping source', pingSource),
      t.test('sink binding', sinkBinding),
    ]);
  },
);

async function whatIsThere(): Promise<string> {
  const things = 'deployments,pods,jobs,apiserversources,containersources,pingsources,sinkbindings';
  const list = await kubectl(['get', things, '--namespace=default', '--output=wide']).catch(String);
  return `${list}\n${await controllerLog()}`;
}
