import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A process that the bench started. Leaving its scope ends it: SIGTERM first, SIGKILL after 5 s. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Rejects with `RoundFailed` when the process ends before it was told to; it never resolves. */
  readonly died: Promise<never>;
  /** The end of what it printed, about 4 KB. */
  lastLines(): string;
  send(message: object): void;
  /** The next message of that kind. Rejects like `died`. */
  receive<M extends { readonly kind: string }>(kind: M['kind']): Promise<M>;
}

/** A round without a result. `lastLines` is the end of what the process printed that is to blame. */
export class RoundFailed extends Error {
  override readonly name = 'RoundFailed';
  readonly lastLines: string;

  constructor(message: string, lastLines: string) {
    super(message);
    this.lastLines = lastLines;
  }
}

const TETHER = new URL('tether.js', import.meta.url).href;
const KEPT_OUTPUT = 4000;

/** One of the bench's own helpers, with its options as the only argument. */
export function startHelper(file: string, options: object): Child {
  return startChild(file, [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(options)], {});
}

/** Starts `node ...args`. `name` is what messages call it; `environment` is added to that of the bench. */
export function startChild(name: string, args: readonly string[], environment: Record<string, string>): Child {
  const child = spawn(process.execPath, ['--import', TETHER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...environment },
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  let printed = '';
  const keep = (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-KEPT_OUTPUT));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);

  const closed = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string | null);
  const died = closed.then((code) =>
    Promise.reject(new RoundFailed(`${name} ended during the run with ${code}.`, printed)),
  );
  died.catch(() => undefined);

  return {
    pid: child.pid ?? -1,
    died,
    lastLines: () => printed,
    send: (message) => child.send(message),
    receive: <M extends { readonly kind: string }>(kind: M['kind']) =>
      Promise.race([died, nextMessage<M>(child, kind)]),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      if ((await Promise.race([closed, delay(5000, 'late', { ref: false })])) === 'late') kill();
      await closed;
      process.off('exit', kill);
    },
  };
}

function nextMessage<M extends { readonly kind: string }>(child: ChildProcess, kind: M['kind']): Promise<M> {
  return new Promise((resolve) => {
    child.on('message', function listen(message) {
      if ((message as M).kind !== kind) return;
      child.off('message', listen);
      resolve(message as M);
    });
  });
}
