import type { StreamMemory } from '../checkpoint/stream-memory.ts';
import type { Position } from '../checkpoint/watermark.ts';
import type { ObjectHead } from '../watch/change.ts';
import { compareVersions } from '../kube/resource-version.ts';

/** What a stream leaves to those that take over from it: what is settled, and the objects that are known there. */
export interface Legacy {
  readonly position: Position;
  readonly objects: readonly ObjectHead[];
}

/** What is settled of a stream, of one namespace or of all; undefined where nothing is. */
export function legacyOf({ ledger }: StreamMemory, namespace?: string): Legacy | undefined {
  const position = ledger.position();
  if (position === undefined) return undefined;
  const objects = Array.from(ledger.settled());
  return {
    position,
    objects: namespace === undefined ? objects : objects.filter((object) => object.namespace === namespace),
  };
}

/**
 * What many streams leave to one. It begins at the oldest of their positions: what came after that and is settled is
 * known, and not told again. Of different epochs the newest counts, as the versions of older ones mean nothing in it.
 */
export function joined(legacies: readonly Legacy[]): Legacy | undefined {
  const epoch = Math.max(...legacies.map(({ position }) => position.epoch));
  const positions = legacies.map(({ position }) => position).filter((position) => position.epoch === epoch);
  const [first, ...others] = positions;
  if (first === undefined) return undefined;
  const oldest = others.reduce(
    (a, b) => ((compareVersions(b.resourceVersion, a.resourceVersion) ?? 0) < 0 ? b : a),
    first,
  );
  const complete = legacies.every(({ position }) => position.complete);
  return { position: { ...oldest, complete }, objects: legacies.flatMap(({ objects }) => objects) };
}

/** Takes over what another stream left. The memory is that of a stream that has never run. */
export function inherit(memory: StreamMemory, { position, objects }: Legacy): void {
  const { known, ledger } = memory;
  for (const object of objects) known.remember(object);
  if (position.complete) ledger.listed();
  ledger.open({ changes: [], epoch: position.epoch, resumeAt: position.resourceVersion });
}
