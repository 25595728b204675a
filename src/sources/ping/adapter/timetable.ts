/** Which key is due when: a binary heap that knows the place of each key. */
export interface Timetable {
  readonly size: number;
  /** The key is due at `at`, and at no other time. */
  put(key: string, at: number): void;
  remove(key: string): void;
  /** When the first one is due. */
  next(): number | undefined;
  /** Takes out the first one that is due by `now`; of several, they come in order. */
  take(now: number): string | undefined;
}

interface Slot {
  readonly key: string;
  readonly at: number;
  /** In the heap. */
  place: number;
}

export function createTimetable(): Timetable {
  const heap: Slot[] = [];
  const slots = new Map<string, Slot>();

  const set = (place: number, slot: Slot): void => {
    heap[place] = slot;
    slot.place = place;
  };

  const rise = (from: number, slot: Slot): void => {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.at <= slot.at) break;
      set(place, parent);
      place = above;
    }
    set(place, slot);
  };

  const sink = (from: number, slot: Slot): void => {
    let place = from;
    for (;;) {
      const left = heap[place * 2 + 1];
      const right = heap[place * 2 + 2];
      if (left === undefined) break;
      const child = right !== undefined && right.at < left.at ? right : left;
      if (child.at >= slot.at) break;
      const below = child.place;
      set(place, child);
      place = below;
    }
    set(place, slot);
  };

  const remove = (key: string): void => {
    const slot = slots.get(key);
    if (slot === undefined) return;
    slots.delete(key);
    const { place } = slot;
    const last = heap.pop();
    if (last === undefined || last === slot) return;
    const parent = heap[(place - 1) >> 1];
    if (place > 0 && parent !== undefined && parent.at > last.at) rise(place, last);
    else sink(place, last);
  };

  return {
    get size() {
      return heap.length;
    },
    put: (key, at) => {
      remove(key);
      const slot: Slot = { key, at, place: heap.length };
      slots.set(key, slot);
      rise(slot.place, slot);
    },
    remove,
    next: () => heap[0]?.at,
    take: (now) => {
      const [first] = heap;
      if (first === undefined || first.at > now) return undefined;
      remove(first.key);
      return first.key;
    },
  };
}
