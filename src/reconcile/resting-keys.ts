/** Keys that wait for their time, each with the earliest that was asked for. */
export interface RestingKeys {
  /** @param due monotonic ms */
  add(key: string, due: number): void;
  /** When the next one is due, in monotonic ms; undefined where none rests. */
  nextDue(): number | undefined;
  /** The keys that are due at `now`, in the order of their times; they rest no longer. */
  takeDue(now: number): readonly string[];
}

interface Rest {
  readonly key: string;
  readonly due: number;
}

/** A binary heap. An entry that an earlier one of its key has replaced stays in it until its turn, and is passed over. */
export function createRestingKeys(): RestingKeys {
  const dueOf = new Map<string, number>();
  const heap: Rest[] = [];

  const skipReplaced = (): Rest | undefined => {
    let first = heap[0];
    while (first !== undefined && dueOf.get(first.key) !== first.due) {
      removeFirst(heap);
      first = heap[0];
    }
    return first;
  };

  return {
    add: (key, due) => {
      const before = dueOf.get(key);
      if (before !== undefined && before <= due) return;
      dueOf.set(key, due);
      insert(heap, { key, due });
    },
    nextDue: () => skipReplaced()?.due,
    takeDue: (now) => {
      const keys: string[] = [];
      for (let first = skipReplaced(); first !== undefined && first.due <= now; first = skipReplaced()) {
        removeFirst(heap);
        dueOf.delete(first.key);
        keys.push(first.key);
      }
      return keys;
    },
  };
}

function insert(heap: Rest[], rest: Rest): void {
  let at = heap.push(rest) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (dueAt(heap, parent) <= rest.due) break;
    swap(heap, at, parent);
    at = parent;
  }
}

function removeFirst(heap: Rest[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ;) {
    const left = at * 2 + 1;
    const child = dueAt(heap, left + 1) < dueAt(heap, left) ? left + 1 : left;
    if (dueAt(heap, child) >= last.due) return;
    swap(heap, at, child);
    at = child;
  }
}

/** Infinity where there is no entry. */
function dueAt(heap: readonly Rest[], at: number): number {
  return heap[at]?.due ?? Infinity;
}

function swap(heap: Rest[], a: number, b: number): void {
  const [first, second] = [heap[a], heap[b]];
  if (first === undefined || second === undefined) return;
  heap[a] = second;
  heap[b] = first;
}
