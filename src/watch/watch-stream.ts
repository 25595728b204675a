import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Clock } from '../process/clock.ts';
import type { Change } from './change.ts';
import { createInterpreter, type Interpretation, type Interpreter } from './interpret.ts';
import type { KnownObjects } from './known-objects.ts';
import { createLineSplitter } from './lines.ts';
import { readListPage } from './list-page.ts';
import { pageRequest, type Stream, watchListRequest, watchRequest } from './requests.ts';
import type { StreamNews } from './stream-news.ts';
import { type Active, advance, FIRST, type Listing, type Watching, type WatchState } from './watch-state.ts';

/** One stretch of a stream: what changed, and where to resume once all of it is settled. */
export interface Step {
  readonly changes: readonly Change[];
  /** Undefined inside a list: its objects come in no order of versions, so none of them is a place to resume at. */
  readonly resumeAt: string | undefined;
}

/** What a stream needs of the world. */
export interface StreamIo {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly tell: (news: StreamNews) => void;
}

/** Bookmarks come about once a minute (apiserver, cacher.go), so a watch that says nothing for longer is dead. */
const SILENCE_MS = 90_000;
/** A streaming list that pauses this long before its end bookmark comes from a server that does not know them. */
const LIST_SILENCE_MS = 15_000;

/**
 * Watches `stream` until `signal` is aborted or the API server stops serving the resource: list, watch, resume,
 * and compare after a gap. Pulling is back-pressure: while the consumer is busy, the socket is not read.
 * `known` is kept up to date and may be handed to a later call for the same stream.
 */
export async function* watchStream(
  stream: Stream,
  known: KnownObjects,
  io: StreamIo,
  signal: AbortSignal,
  from: Active = FIRST,
): AsyncGenerator<Step, void> {
  const interpreter = createInterpreter(stream, known, io.tell);
  let state: WatchState = from;
  while (state.at !== 'gone' && !signal.aborted) {
    if (state.at === 'waiting') {
      await io.clock.sleep(state.ms, signal);
      state = advance(state, { is: 'rested' });
    } else {
      state = yield* attempt(stream, state, interpreter, io, signal);
    }
  }
}

/** One request and all that comes of it; whatever ends it becomes the next state. */
async function* attempt(
  stream: Stream,
  from: Active,
  interpreter: Interpreter,
  io: StreamIo,
  signal: AbortSignal,
): AsyncGenerator<Step, WatchState> {
  // The state so far survives a failure: what was read before it has been told and must not be asked for again.
  const progress: Progress = { state: from };
  try {
    if (from.at === 'watching') yield* readWatch(stream, from, progress, interpreter, io, signal);
    else if (from.form === 'watchList') yield* readWatchList(stream, from, progress, interpreter, io, signal);
    else yield* readPage(stream, from, progress, interpreter, io, signal);
    return progress.state;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (signal.aborted) return progress.state;
    return fail(progress.state, error, io);
  }
}

interface Progress {
  state: WatchState;
}

async function* readWatch(
  stream: Stream,
  from: Watching,
  progress: Progress,
  interpreter: Interpreter,
  io: StreamIo,
  signal: AbortSignal,
): AsyncGenerator<Step, void> {
  const started = io.clock.monotonic();
  let lines = 0;
  const request = watchRequest(stream, from, io.clock.random());
  const connection = await io.kube.stream({ ...request, signal, idleMs: SILENCE_MS });
  try {
    io.tell({ is: 'established', resourceVersion: from.resourceVersion });
    const splitter = createLineSplitter();
    for await (const chunk of connection.chunks) {
      const complete = splitter.push(chunk);
      if (complete.length === 0) continue;
      lines += complete.length;
      yield* tellStep(interpreter.lines(progress.state, complete), progress);
    }
  } finally {
    connection.close();
  }
  io.tell({ is: 'closed' });
  const lastedMs = io.clock.monotonic() - started;
  progress.state = advance(progress.state, { is: 'ended', lastedMs, lines, jitter: io.clock.random() });
}

async function* readWatchList(
  stream: Stream,
  from: Listing,
  progress: Progress,
  interpreter: Interpreter,
  io: StreamIo,
  signal: AbortSignal,
): AsyncGenerator<Step, void> {
  io.tell({ is: 'listing', why: from.why });
  interpreter.beginList();
  const connection = await io.kube.stream({ ...watchListRequest(stream, from), signal, idleMs: LIST_SILENCE_MS });
  try {
    const splitter = createLineSplitter();
    for await (const chunk of connection.chunks) {
      const complete = splitter.push(chunk);
      if (complete.length > 0) yield* tellStep(interpreter.lines(progress.state, complete), progress);
      if (progress.state.at !== 'listing') return;
    }
  } finally {
    connection.close();
  }
  progress.state = advance(progress.state, { is: 'ended', lastedMs: 0, lines: 0, jitter: io.clock.random() });
}

async function* readPage(
  stream: Stream,
  from: Listing,
  progress: Progress,
  interpreter: Interpreter,
  io: StreamIo,
  signal: AbortSignal,
): AsyncGenerator<Step, void> {
  if (from.continueToken === undefined) {
    io.tell({ is: 'listing', why: from.why });
    interpreter.beginList();
  }
  const body = await io.kube.bytes({ ...pageRequest(stream, from), signal });
  yield* tellStep(interpreter.page(from, readListPage(body, stream.resource)), progress);
}

/** Tells what was understood, then fails if something was not: nothing that came before a failure is lost. */
function* tellStep(read: Interpretation, progress: Progress): Generator<Step, void> {
  progress.state = read.state;
  const resumeAt = read.state.at === 'watching' ? read.state.resourceVersion : undefined;
  if (read.changes.length > 0 || resumeAt !== undefined) yield { changes: read.changes, resumeAt };
  if (read.failure !== undefined) throw read.failure;
}

function fail(state: WatchState, error: KubeError, io: StreamIo): WatchState {
  const next = advance(state, {
    is: 'failed',
    code: error.code,
    retryAfterMs: error.retryAfterMs,
    jitter: io.clock.random(),
  });
  if (next.at === 'gone') io.tell({ is: 'gone', error });
  else io.tell({ is: 'interrupted', error, waitMs: next.at === 'waiting' ? next.ms : 0 });
  return next;
}
