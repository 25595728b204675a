import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Clock } from '../process/clock.ts';
import type { Change } from './change.ts';
import { createInterpreter, type Interpretation, type Interpreter, type Paged } from './interpret.ts';
import type { KnownObjects } from './known-objects.ts';
import { createLineSplitter } from './lines.ts';
import { readListPage } from './list-page.ts';
import {
  entryPageRequest,
  headRequest,
  pageRequest,
  pastPageRequest,
  type Stream,
  watchListRequest,
  watchRequest,
} from './requests.ts';
import type { StreamNews } from './stream-news.ts';
import { advance } from './advance.ts';
import {
  type Active,
  FIRST,
  type Listing,
  type Probing,
  type Retracing,
  type Watching,
  type WatchState,
} from './watch-state.ts';

/** One stretch of a stream: what changed, and where to resume once all of it is settled. */
export interface Step {
  readonly changes: readonly Change[];
  /** See `epoch` of the watch's state: a part of what names a change. */
  readonly epoch: number;
  /** Undefined inside a list: its objects come in no order of versions, so none of them is a place to resume at. */
  readonly resumeAt: string | undefined;
}

/** What a stream needs of the world. */
export interface StreamIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly tell: (news: StreamNews) => void;
  /** Aborted when something else than a stream shows that the server's versions went back; then it is another one. */
  readonly rewound?: () => AbortSignal;
  /** Whether somebody else saw that all the stream is about is gone, and a watch had its time to say so. */
  readonly vanished?: (() => boolean) | undefined;
}

/** Bookmarks come about once a minute (apiserver, cacher.go), so a watch that says nothing for longer is dead. */
const SILENCE_MS = 100_000;
/** A streaming list that pauses this long before its end bookmark comes from a server that does not know them. */
const LIST_SILENCE_MS = 15_000;
/** A Lease is renewed every few seconds, so it shows within this time what a stream has seen already. */
const SAME_REWIND_MS = 60_000;
/** The moments that say most come first, and while they are looked at nothing new is told. */
const LONGEST_RETRACE_MS = 15_000;
/** Watch caches have lost events before; a list of metadata four times a day finds out. */
const AUDIT_EVERY_MS = 6 * 3_600_000;

/**
 * Watches `stream` until `signal` is aborted or the API server stops serving the resource: list, watch, resume,
 * and compare after a gap. Pulling is back-pressure: while the consumer is busy, the socket is not read.
 * `known` is kept up to date and may be handed to a later call for the same stream; `from` says where to begin.
 */
export async function* watchStream(
  stream: Stream,
  known: KnownObjects,
  io: StreamIo,
  signal: AbortSignal,
  from: Active = FIRST,
): AsyncGenerator<Step, void> {
  const tell = (news: StreamNews): void => {
    if (news.is === 'rewound') attempt.rewoundAt = io.clock.monotonic();
    io.tell(news);
  };
  const interpreter = createInterpreter(stream, known, tell);
  const attempt: Attempt = {
    stream,
    interpreter,
    io,
    tell,
    ...interruptible(io, signal),
    state: from,
    auditAt: nextAudit(io.clock),
    retraceUntil: undefined,
    rewoundAt: Number.NEGATIVE_INFINITY,
  };
  while (attempt.state.at !== 'gone' && !signal.aborted) {
    if (attempt.rewound?.aborted === true) rewind(attempt, signal);
    enterScope(attempt);
    const { state } = attempt;
    if (known.size > 0 && io.vanished?.() === true) {
      const { epoch } = state.at === 'waiting' ? state.next : state;
      yield { changes: interpreter.vanished(), epoch, resumeAt: undefined };
    }
    if (state.at === 'waiting') {
      await io.clock.sleep(state.ms, attempt.signal);
      attempt.state = advance(state, { is: 'rested' });
    } else {
      yield* ask(attempt, state);
    }
  }
}

interface Attempt {
  readonly stream: Stream;
  readonly interpreter: Interpreter;
  readonly io: StreamIo;
  /** As that of `io`, for what the stream found out by itself. */
  readonly tell: StreamIo['tell'];
  /** Ends what is under way: the stream is to stop, or the server's versions went back. */
  signal: AbortSignal;
  rewound: AbortSignal | undefined;
  /** When, on the monotonic clock, this stream found out by itself that they did. */
  rewoundAt: number;
  /** Moves with every batch that was read, so that a failure asks for nothing again that was told before it. */
  state: WatchState;
  /** When, on the monotonic clock, what is known is to be compared with the server again. */
  auditAt: number;
  /** Until when, on the monotonic clock, the past may be looked at; undefined: it was not yet. */
  retraceUntil: number | undefined;
}

/** One request and all that comes of it; whatever ends it becomes the next state. */
async function* ask(attempt: Attempt, state: Active): AsyncGenerator<Step, void> {
  try {
    switch (state.at) {
      case 'probing':
        await probe(attempt, state);
        return;
      case 'watching':
        yield* readWatch(attempt, state);
        return;
      case 'listing':
        yield* state.form === 'watchList' ? readWatchList(attempt, state) : readPage(attempt, state);
        return;
      case 'retracing':
        yield* retrace(attempt, state);
        return;
      case 'auditing':
      case 'remembering':
      case 'recalling':
      case 'entering':
        yield* readPage(attempt, state);
    }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (!attempt.signal.aborted) yield* fail(attempt, error);
  }
}

async function probe(attempt: Attempt, state: Probing): Promise<void> {
  const { stream, io, signal } = attempt;
  const page = readListPage(await io.kube.bytes({ ...headRequest(stream), signal }), stream.resource);
  if (page.is === 'malformed') throw new KubeError('malformed', page.sentence);
  attempt.state = advance(state, { is: 'head', resourceVersion: page.resourceVersion });
  if (attempt.state.at === 'listing') {
    attempt.tell({ is: 'rewound', position: state.resourceVersion, head: page.resourceVersion });
  }
  if (io.clock.monotonic() >= attempt.auditAt) {
    attempt.auditAt = nextAudit(io.clock);
    attempt.state = advance(attempt.state, { is: 'auditDue' });
  }
}

/** Before it goes on watching, a stream lists what is in namespaces that have come into its scope. */
function enterScope(attempt: Attempt): void {
  if (attempt.state.at !== 'watching') return;
  const entries = attempt.stream.scope?.entering() ?? [];
  if (entries.length > 0) attempt.state = advance(attempt.state, { is: 'entering', entries });
}

/** Lists everything anew, unless it is what this stream found out by itself a moment ago. */
function rewind(attempt: Attempt, stop: AbortSignal): void {
  const { io, state } = attempt;
  Object.assign(attempt, interruptible(io, stop));
  if (io.clock.monotonic() - attempt.rewoundAt < SAME_REWIND_MS) return;
  attempt.state = advance(state, { is: 'rewound' });
  io.tell({ is: 'rewound', position: undefined, head: undefined });
}

function interruptible(io: StreamIo, stop: AbortSignal): Pick<Attempt, 'signal' | 'rewound'> {
  const rewound = io.rewound?.();
  return { rewound, signal: rewound === undefined ? stop : AbortSignal.any([stop, rewound]) };
}

/** Spread, so that the streams of many sources do not list together. */
function nextAudit(clock: Clock): number {
  return clock.monotonic() + AUDIT_EVERY_MS * (0.75 + clock.random() / 2);
}

/** One watch, until it ends or namespaces come into the scope, whose objects are to be listed first. */
async function* readWatch(attempt: Attempt, state: Watching): AsyncGenerator<Step, void> {
  const changed = attempt.stream.scope?.changed();
  const signal = changed === undefined ? attempt.signal : AbortSignal.any([attempt.signal, changed]);
  try {
    yield* readWatchUntil(attempt, state, signal);
  } catch (error) {
    const madeRoom = error instanceof KubeError && error.code === 'aborted' && changed?.aborted === true;
    if (!madeRoom) throw error;
  }
}

async function* readWatchUntil(attempt: Attempt, state: Watching, signal: AbortSignal): AsyncGenerator<Step, void> {
  const { stream, interpreter, io } = attempt;
  const started = io.clock.monotonic();
  let lines = 0;
  const request = watchRequest(stream, state, io.clock.random());
  const connection = await io.kube.stream({ ...request, signal, idleMs: SILENCE_MS });
  try {
    io.tell({ is: 'established', resourceVersion: state.resourceVersion });
    const splitter = createLineSplitter();
    for await (const pieces of connection.chunks) {
      const complete = pieces.flatMap(splitter.push);
      if (complete.length === 0) continue;
      lines += complete.length;
      yield* take(attempt, interpreter.lines(attempt.state, complete));
    }
  } finally {
    connection.close();
  }
  io.tell({ is: 'closed' });
  const lastedMs = io.clock.monotonic() - started;
  attempt.state = advance(attempt.state, { is: 'ended', lastedMs, lines, jitter: io.clock.random() });
}

async function* readWatchList(attempt: Attempt, state: Listing): AsyncGenerator<Step, void> {
  const { stream, interpreter, io, signal } = attempt;
  io.tell({ is: 'listing', why: state.why });
  interpreter.beginList();
  const connection = await io.kube.stream({ ...watchListRequest(stream, state), signal, idleMs: LIST_SILENCE_MS });
  try {
    const splitter = createLineSplitter();
    for await (const pieces of connection.chunks) {
      const complete = pieces.flatMap(splitter.push);
      if (complete.length > 0) yield* take(attempt, interpreter.lines(attempt.state, complete));
      if (attempt.state.at !== 'listing' || attempt.state.epoch !== state.epoch) return;
    }
  } finally {
    connection.close();
  }
  attempt.state = advance(attempt.state, { is: 'ended', lastedMs: 0, lines: 0, jitter: io.clock.random() });
}

/** A page of the past, unless that has taken too long already. */
async function* retrace(attempt: Attempt, state: Retracing): AsyncGenerator<Step, void> {
  const now = attempt.io.clock.monotonic();
  attempt.retraceUntil ??= now + LONGEST_RETRACE_MS;
  if (now < attempt.retraceUntil) yield* readPage(attempt, state);
  else attempt.state = advance(state, { is: 'late' });
}

async function* readPage(attempt: Attempt, state: Paged): AsyncGenerator<Step, void> {
  const { stream, interpreter, io, signal } = attempt;
  if (state.continueToken === undefined) {
    if (state.at === 'listing') io.tell({ is: 'listing', why: state.why });
    if (state.at === 'listing' || state.at === 'auditing') interpreter.beginList();
  }
  const request = nextPage(stream, state);
  const body = await io.kube.bytes({ ...request, signal });
  yield* take(attempt, interpreter.page(state, readListPage(body, stream.resource)));
}

function nextPage(stream: Stream, state: Paged): ReturnType<typeof pageRequest> {
  if (state.at === 'listing') return pageRequest(stream, state);
  return state.at === 'entering' ? entryPageRequest(stream, state) : pastPageRequest(stream, state);
}

/** Tells what was understood, then fails if something was not: nothing that came before a failure is lost. */
function* take(attempt: Attempt, read: Interpretation): Generator<Step, void> {
  attempt.state = read.state;
  yield* step(read.state, read.changes);
  if (read.failure !== undefined) throw read.failure;
}

function* step(state: WatchState, changes: readonly Change[]): Generator<Step, void> {
  if (state.at === 'waiting' || state.at === 'gone') return;
  const resumeAt = state.at === 'watching' ? state.resourceVersion : undefined;
  if (changes.length > 0 || resumeAt !== undefined) yield { changes, epoch: state.epoch, resumeAt };
}

function* fail(attempt: Attempt, error: KubeError): Generator<Step, void> {
  const { interpreter, io, state } = attempt;
  const { code, retryAfterMs } = error;
  const next = advance(state, { is: 'failed', code, retryAfterMs, jitter: io.clock.random() });
  attempt.state = next;
  if (next.at === 'gone') io.tell({ is: 'gone', error });
  else io.tell({ is: 'interrupted', error, waitMs: next.at === 'waiting' ? next.ms : 0 });
  if (state.at === 'recalling') yield* step(next, interpreter.withoutBodies(state));
}
