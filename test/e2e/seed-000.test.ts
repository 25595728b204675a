import { after, before, test } from 'node:test';
import { controllerLog, install } from './installation.ts';
import { apply, kubectl, tellWhyFailed, waitUntilAvailable } from './kubectl.ts';
import { eventDisplay } from './manifests.ts';
import * as sample from './sample-source.ts';
import { adapterInTrouble, adapterOfSource } from './seed-000/part-adapter.ts';
import { controllerOfSource } from './seed-000/part-controller.ts';
import { target } from './target.ts';

/** Of the sample's sources, by their manifest. */
const SOURCE = { namespace: 'knative-samples', name: 'sample-source' };

let uninstall: () => Promise<void>;

before(async () => {
  uninstall = await install();
});

after(() => uninstall());

test('the source that seed 000 writes, its adapter and its controller', { timeout: 900_000 }, async (t) => {
  const { namespace, name } = SOURCE;
  t.after(async () => {
    await tellWhyFailed(t, async () => `${await sample.controllerLog()}\n${await controllerLog()}`);
    await sample.takeAway(namespace);
  });
  await kubectl(['create', 'namespace', namespace]);
  await apply(namespace, eventDisplay(target().image));
  await sample.installController();
  await waitUntilAvailable(namespace, 'event-display');
  await sample.applySources();
  await sample.untilReady(namespace, name);

  await adapterOfSource(t, SOURCE);
  await controllerOfSource(t, SOURCE);
  await adapterInTrouble(t, SOURCE);
});
