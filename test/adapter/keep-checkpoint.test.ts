import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishCheckpoint, keepCheckpoint } from '../../src/adapter/keep-checkpoint.ts';
import { createMetrics } from '../../src/adapter/metrics.ts';
import type { Checkpoint } from '../../src/checkpoint/checkpoint.ts';
import { KubeError, type KubeFailureCode } from '../../src/kube/errors.ts';
import { LeadershipLost } from '../../src/kube/leadership.ts';
import { NO_MEMORY, createStreamMemory } from '../../src/checkpoint/stream-memory.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { recordedLog } from './recorded-log.ts';

const NOT_WRITTEN = 'error: checkpoint not written; the stored one stays';

/** A checkpoint that does as it is told, and what becomes of keeping it. */
function stage(acts: Partial<Checkpoint> = {}) {
  const clock = fakeClock();
  const { log, messages, entries } = recordedLog();
  const metrics = createMetrics(() => ({ inFlight: 0, queued: 0, queuedBytes: 0 }));
  /** `save` and `renew`, with their second. */
  const done: string[] = [];
  const note = (what: string): number => done.push(`${what} ${clock.monotonic() / 1_000}`);
  const checkpoint: Checkpoint = {
    problems: [],
    memoryOf: () => createStreamMemory(NO_MEMORY, { clock }),
    saveIndex: async (when, signal) => {
      note(`save ${when}`);
      await acts.saveIndex?.(when, signal);
    },
    forget: () => undefined,
    storedAt: () => 0,
    heldSince: () => undefined,
    isNews: () => acts.isNews?.() ?? false,
    renew: async (more, signal) => {
      note(['renew', ...Object.values(more)].join(' '));
      return (await acts.renew?.(more, signal)) ?? 'renewed';
    },
    release: async (more, signal) => {
      note(['release', ...Object.values(more)].join(' '));
      await acts.release?.(more, signal);
    },
  };
  let woken = 0;
  let rewinds = 0;
  let holds = true;
  const saved: (string | undefined)[] = [];
  let news: string | undefined;
  const io = {
    clock,
    log,
    metrics,
    notes: {
      isNews: () => news !== undefined,
      due: () => ({ annotations: news === undefined ? {} : { news }, written: () => void (news = undefined) }),
    },
    holds: () => holds,
    renewed: () => void woken++,
    rewound: () => void rewinds++,
    saved: (failure: string | undefined) => void saved.push(failure),
  };
  const stop = new AbortController();
  const failures = async (what: string, reason: string): Promise<number | undefined> => {
    const { values } = (await metrics.registry.getSingleMetric('watchbridge_checkpoint_failures_total')?.get()) ?? {
      values: [],
    };
    return values.find(({ labels }) => labels['what'] === what && labels['reason'] === reason)?.value;
  };
  return {
    clock,
    done,
    messages,
    entries,
    failures,
    stop,
    woken: () => woken,
    saved,
    hear: (what: string) => (news = what),
    lose: () => (holds = false),
    rewinds: () => rewinds,
    keep: () => keepCheckpoint(checkpoint, io, stop.signal),
    finish: () => finishCheckpoint(checkpoint, io),
  };
}

function refused(code: KubeFailureCode = 'serverError'): KubeError {
  return new KubeError(code, 'It was refused.');
}

test('the index is written before each renewal, a second after the start and then every 5 s', async () => {
  const { clock, done, stop, keep, woken, messages } = stage();
  const kept = keep();
  await clock.advance(11_500);
  stop.abort();
  await kept;
  assert.deepEqual(done, ['save whenDue 1', 'renew 1', 'save whenDue 6', 'renew 6', 'save whenDue 11', 'renew 11']);
  assert.equal(woken(), 3);
  assert.deepEqual(messages, []);
});

test('objects that came or went are stored within a second, without an index', async () => {
  let news = false;
  const { clock, done, stop, keep } = stage({ isNews: () => news, renew: async () => ((news = false), 'renewed') });
  const kept = keep();
  await clock.advance(1_500);
  news = true;
  await clock.advance(1_000);
  assert.deepEqual(done, ['save whenDue 1', 'renew 1', 'renew 2']);
  await clock.advance(4_000);
  stop.abort();
  await kept;
  assert.deepEqual(done.slice(3), ['save whenDue 6', 'renew 6']);
});

test('an index that takes long does not hold up renewals, and is not begun a second time', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let saves = 0;
  const { clock, done, stop, keep } = stage({ saveIndex: async () => (saves++ === 0 ? promise : undefined) });
  const kept = keep();
  await clock.advance(19_000);
  assert.deepEqual(done, ['save whenDue 1', 'renew 3', 'renew 8', 'renew 13', 'renew 18']);
  resolve();
  await clock.advance(3_000);
  assert.deepEqual(done.slice(5), ['save whenDue 21', 'renew 21']);
  stop.abort();
  await kept;
});

test('an index that cannot be written is told, counted and tried again, and the Lease is renewed', async () => {
  let fails = true;
  const { clock, done, stop, keep, messages, failures, entries } = stage({
    saveIndex: async () => {
      if (fails) throw refused('conflict');
    },
  });
  const kept = keep();
  await clock.advance(6_000);
  fails = false;
  await clock.advance(5_000);
  stop.abort();
  await kept;
  assert.deepEqual(messages, [NOT_WRITTEN, NOT_WRITTEN]);
  assert.deepEqual([entries[0]?.['what'], entries[0]?.['reason']], ['index', 'conflict']);
  assert.equal(await failures('index', 'conflict'), 2);
  assert.equal(done.filter((it) => it.startsWith('renew')).length, 3);
});

test('a renewal that fails is told, counted, and tried again after a second, without waiting for the index', async () => {
  let fails = true;
  const { clock, done, stop, keep, messages, failures, woken } = stage({
    saveIndex: () => new Promise(() => undefined),
    renew: async () => {
      if (fails) throw refused();
      return 'renewed';
    },
  });
  void keep();
  await clock.advance(5_000);
  fails = false;
  await clock.advance(1_000);
  stop.abort();
  assert.deepEqual(done, ['save whenDue 1', 'renew 3', 'renew 4', 'renew 5', 'renew 6']);
  assert.deepEqual(messages, [NOT_WRITTEN, NOT_WRITTEN, NOT_WRITTEN]);
  assert.equal(await failures('lease', 'serverError'), 3);
  assert.equal(woken(), 1);
});

test('news are written within a second, without the index, and the next round is when it would have been', async () => {
  const { clock, done, stop, keep, hear } = stage();
  const kept = keep();
  await clock.advance(2_500);
  hear('first');
  await clock.advance(1_000);
  hear('second');
  await clock.advance(4_000);
  stop.abort();
  await kept;
  assert.deepEqual(done, ['save whenDue 1', 'renew 1', 'renew first 3', 'renew second 4', 'save whenDue 6', 'renew 6']);
});

test('news that could not be written are written by the next renewal that succeeds', async () => {
  let fails = true;
  const { clock, done, stop, keep, hear } = stage({
    renew: async () => {
      if (fails) throw refused();
      return 'renewed';
    },
  });
  hear('away');
  const kept = keep();
  await clock.advance(2_000);
  fails = false;
  await clock.advance(5_000);
  stop.abort();
  await kept;
  const renewals = done.filter((it) => it.startsWith('renew'));
  assert.deepEqual(renewals, ['renew away 1', 'renew away 2', 'renew away 3']);
});

test('what became of the index is told to whoever reports', async () => {
  let fails = true;
  const { clock, stop, keep, saved } = stage({
    saveIndex: async () => {
      if (fails) throw refused('forbidden');
    },
  });
  const kept = keep();
  await clock.advance(1_000);
  fails = false;
  await clock.advance(5_000);
  stop.abort();
  await kept;
  assert.deepEqual(saved, ['It was refused.', undefined]);
});

test('a Lease that may not be renewed any more is given up when it is not held any more, and one that cannot is not', async () => {
  for (const [code, isGivenUp] of [
    ['forbidden', true],
    ['unauthorized', true],
    ['invalid', true],
    ['serverError', false],
    ['unreachable', false],
    ['throttled', false],
    ['conflict', false],
  ] as const) {
    const it = stage({ renew: () => Promise.reject(refused(code)) });
    const ends: unknown[] = [];
    const kept = it.keep().catch((error: unknown) => ends.push(error));
    await it.clock.advance(9_000);
    assert.equal(ends.length, 0, code);
    it.lose();
    await it.clock.advance(3_000);
    assert.equal(ends[0] instanceof LeadershipLost, isGivenUp, code);
    it.stop.abort();
    await kept;
  }
});

test('an API server that was away and refuses for some seconds until it has read the roles costs nothing', async () => {
  let code: KubeFailureCode | undefined = 'unreachable';
  const it = stage({
    renew: async () => {
      if (code !== undefined) throw refused(code);
      return 'renewed';
    },
  });
  const kept = it.keep();
  await it.clock.advance(30_000);
  it.lose();
  code = 'forbidden';
  await it.clock.advance(9_000);
  code = undefined;
  await it.clock.advance(2_000);
  assert.ok(it.woken() > 0);
  // A second time it has as long again.
  code = 'forbidden';
  await it.clock.advance(9_000);
  it.stop.abort();
  await kept;
});

test('a Lease that is lost ends it', async () => {
  const { clock, keep } = stage({
    renew: async () => {
      throw new LeadershipLost('Somebody else has it.');
    },
  });
  const kept = assert.rejects(keep(), LeadershipLost);
  await clock.advance(1_000);
  await kept;
});

test('a Lease that is lost while the index is written is left to the renewal to tell', async () => {
  const { clock, keep, messages } = stage({
    saveIndex: async () => {
      throw new LeadershipLost('It is not surely ours.');
    },
    renew: async () => {
      throw new LeadershipLost('Somebody else has it.');
    },
  });
  const kept = assert.rejects(keep(), { message: 'Somebody else has it.' });
  await clock.advance(1_000);
  await kept;
  assert.deepEqual(messages, []);
});

test('an API server that went back is told, also to the streams', async () => {
  const { clock, keep, stop, messages, rewinds } = stage({ renew: async () => 'rewound' });
  const kept = keep();
  await clock.advance(1_000);
  stop.abort();
  await kept;
  assert.equal(rewinds(), 1);
  assert.deepEqual(messages, [
    'error: the API server has an older Lease than it had confirmed: its history was replaced',
  ]);
});

test('a stop while something is written is no failure', async () => {
  const { clock, keep, messages, stop } = stage({
    saveIndex: (_when, signal) => rejectedWith(signal),
    renew: (_more, signal) => rejectedWith(signal),
  });
  const kept = keep();
  await clock.advance(4_000);
  stop.abort();
  await kept;
  assert.deepEqual(messages, []);
});

test('at the end the index is written at once and the Lease given back', async () => {
  const { done, finish, messages } = stage();
  await finish();
  assert.deepEqual(done, ['save now 0', 'release 0']);
  assert.deepEqual(messages, ['info: checkpoint stored and Lease released']);
});

test('a failure at the end is told and counted, and nothing is thrown', async () => {
  const fail = async (): Promise<never> => {
    throw refused();
  };
  const both = stage({ saveIndex: fail, release: fail });
  await both.finish();
  assert.deepEqual(both.done, ['save now 0', 'release 0']);
  assert.deepEqual(both.messages, [NOT_WRITTEN, NOT_WRITTEN]);
  assert.deepEqual([await both.failures('index', 'serverError'), await both.failures('lease', 'serverError')], [1, 1]);

  const index = stage({ saveIndex: fail });
  await index.finish();
  assert.deepEqual(index.messages, [NOT_WRITTEN, 'info: checkpoint stored and Lease released']);

  const lost = stage({
    release: async () => {
      throw new LeadershipLost('Somebody else has it.');
    },
  });
  await lost.finish();
  assert.deepEqual(lost.messages, ['warn: Lease was lost before the end']);
});

test('a bug is not taken for a failure of the API server', async () => {
  const bug = async (): Promise<never> => {
    throw new TypeError('x is not a function');
  };
  await assert.rejects(stage({ release: bug }).finish(), TypeError);
  await assert.rejects(stage({ saveIndex: bug }).finish(), TypeError);
  const { clock, keep } = stage({ renew: bug });
  const kept = assert.rejects(keep(), TypeError);
  await clock.advance(1_000);
  await kept;
});

/** As a request that is never answered: it ends when it is aborted. */
function rejectedWith(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(refused('aborted'))));
}
