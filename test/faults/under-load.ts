import type { Load } from './load.ts';
import type { Replica } from './replica.ts';
import type { ReplicaOptions, Scene } from './scene.ts';

/** An adapter that delivers, and the usual load, which is written from now on. */
export async function underLoad(
  scene: Scene,
  options: ReplicaOptions = {},
): Promise<{ readonly replica: Replica; readonly load: Load }> {
  const replica = await scene.adapter(options);
  await replica.delivering();
  return { replica, load: scene.load() };
}

/** Notes how often the adapter ended by itself, and expects that it did not. */
export function expectNoRestart(scene: Scene, { endings }: Replica): void {
  scene.note(`${endings.length} restarts`);
  scene.expect(endings.length === 0, `The adapter ended: ${endings.join(', ')}.`);
}
