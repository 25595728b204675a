import { quantile } from './quantile.ts';

/** One change as its writer saw it; times in microseconds. */
export interface Write {
  /** The resourceVersion that the API server answered. */
  readonly version: number;
  /** Before the request was sent, and after its answer. */
  readonly before: number;
  readonly after: number;
}

/** In milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Delays {
  /** From before a write until its event was at the sink: what the API server took is in it. */
  readonly sinceSent: Spread;
  /** From the answer to the write; below 0 where the event was sooner at the sink than the answer at the writer. */
  readonly sinceAnswered: Spread;
  /** What the writes themselves took. */
  readonly writes: Spread;
  /** Writes whose event did not come, and events that came again. */
  readonly missing: number;
  readonly repeated: number;
}

/** Puts together what was written and what came; of an event that came more than once the first time counts. */
export function delaysOf(writes: readonly Write[], came: Iterable<readonly [version: number, at: number]>): Delays {
  const wanted = new Set(writes.map(({ version }) => version));
  const first = new Map<number, number>();
  let repeated = 0;
  for (const [version, at] of came) {
    if (!wanted.has(version)) continue;
    if (first.has(version)) repeated += 1;
    else first.set(version, at);
  }
  const told = writes.flatMap((write) => {
    const at = first.get(write.version);
    return at === undefined ? [] : [{ ...write, at }];
  });
  return {
    sinceSent: spreadOf(told.map(({ before, at }) => at - before)),
    sinceAnswered: spreadOf(told.map(({ after, at }) => at - after)),
    writes: spreadOf(writes.map(({ before, after }) => after - before)),
    missing: writes.length - told.length,
    repeated,
  };
}

function spreadOf(microseconds: readonly number[]): Spread {
  const at = (q: number) => quantile(microseconds, q) / 1000;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
