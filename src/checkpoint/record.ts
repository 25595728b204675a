import type { Position } from './watermark.ts';

/** What a checkpoint's Lease carries: where each stream may resume. */
export interface CheckpointRecord {
  /** The uid of the Lease that it was written to. A copy in another cluster has another one. */
  readonly lease: string | undefined;
  /** By stream key. */
  readonly positions: ReadonlyMap<string, Position>;
  /** What the index lacks of what is settled at these positions (delta.ts); undefined: nothing. */
  readonly delta?: string | undefined;
}

export type ReadRecord =
  | { readonly is: 'record'; readonly record: CheckpointRecord }
  | { readonly is: 'absent' }
  | { readonly is: 'unusable'; readonly sentence: string };

/** The annotation of the Lease that holds the record. */
export const RECORD_ANNOTATION = 'watchbridge.dev/checkpoint';

const VERSION = 2;
/** Programs that know nothing of deltas can use a record that has none. */
const VERSION_WITHOUT_DELTA = 1;

/** Of the 256 KiB of annotations that the API server allows on an object; the rest is for what else the Lease tells. */
const MOST_CHARACTERS = 210_000;

/**
 * About 45 bytes a stream, so that some 4,600 have room. `left`: how many positions have none, those of the streams
 * that came last; without them the others could not be stored either.
 */
export function encodeRecord(record: CheckpointRecord): { readonly text: string; readonly left: number } {
  const { lease, delta } = record;
  let room = MOST_CHARACTERS - (delta?.length ?? 0);
  const positions = Array.from(record.positions, ([key, { resourceVersion, epoch, complete }]) => {
    return `${JSON.stringify(key)}:${JSON.stringify([resourceVersion, epoch, complete])}`;
  });
  const fitting = positions.filter((text) => (room -= text.length + 1) >= 0);
  const version = delta === undefined ? VERSION_WITHOUT_DELTA : VERSION;
  const head = JSON.stringify({ version, lease, delta });
  return { text: `${head.slice(0, -1)},"positions":{${fitting.join(',')}}}`, left: positions.length - fitting.length };
}

export function decodeRecord(text: string | undefined): ReadRecord {
  if (text === undefined) return { is: 'absent' };
  let value: { version?: unknown; lease?: unknown; positions?: unknown; delta?: unknown } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return unusable('it is not JSON');
  }
  const version = value?.version;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    return unusable('it has no version');
  }
  if (version > VERSION) {
    return unusable(`it has version ${version}, and this program understands up to ${VERSION}; run a newer one`);
  }
  if (typeof value?.positions !== 'object' || value.positions === null) return unusable('it has no positions');
  const positions = new Map<string, Position>();
  for (const [key, entry] of Object.entries(value.positions)) {
    const [resourceVersion, epoch, complete] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof resourceVersion !== 'string' || resourceVersion === '')
      return unusable(`the position of ${key} has no resourceVersion`);
    if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch) || epoch < 0)
      return unusable(`the position of ${key} has no epoch`);
    positions.set(key, { resourceVersion, epoch, complete: complete === true });
  }
  const lease = typeof value.lease === 'string' ? value.lease : undefined;
  const delta = typeof value.delta === 'string' ? value.delta : undefined;
  return { is: 'record', record: { lease, positions, ...(delta !== undefined && { delta }) } };
}

function unusable(why: string): ReadRecord {
  return { is: 'unusable', sentence: `The stored checkpoint cannot be used: ${why}.` };
}
