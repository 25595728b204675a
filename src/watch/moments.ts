/** What a stream that begins after a crash can still ask of the time around it. */
export interface Retrace {
  /** The newest version of which it is known that it was told. What was told later, up to the crash, is not known. */
  readonly told: string;
  /** At how many moments the server may be asked what existed. */
  readonly most: number;
}

/** So many objects may be listed in all, a second of work for a server. */
const MOST_LISTED = 20_000;
const MOST_MOMENTS = 128;
const FEWEST_MOMENTS = 4;

/** At how many moments the objects of a stream are listed that has about `objects` of them. */
export function affordableMoments(objects: number): number {
  return Math.max(FEWEST_MOMENTS, Math.min(MOST_MOMENTS, Math.floor(MOST_LISTED / Math.max(objects, 1))));
}

/**
 * Versions after `told` and before `head`, close together at first and then ever farther apart: an object that was
 * told and ended between two of them stays unknown, and it was told soon after `told` if at all. Any number between
 * two versions of a resource is a moment of its history (etcd's revisions); none where versions are no numbers.
 */
export function momentsBetween({ told, most }: Retrace, head: string): string[] {
  const [from, to] = [Number(told), Number(head)];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || String(from) !== told || String(to) !== head)
    return [];
  const span = to - from;
  const moments: string[] = [];
  for (let i = 0, last = 0; i < most; i++) {
    const step = Math.max(last + 1, Math.round(span ** (i / most)));
    if (step >= span) break;
    moments.push(String(from + step));
    last = step;
  }
  return moments;
}
