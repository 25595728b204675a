import { fileURLToPath } from 'node:url';
import { createEventText, type Piece } from './event-text.ts';
import type { Process, StartProcess } from './processes.ts';

/** `watchbridge event-display`, as a process. */
export interface Display {
  readonly process: Process;
  /** Where it takes events: `http://127.0.0.1:41235`. Resolves when it listens. */
  readonly url: Promise<string>;
  /** Resolves when the next event with this end of its type and this subject was shown. */
  shown(verb: string, subject: string): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** @param io.show hears its output, piece by piece; @param io.warn whatever else it says */
export function startDisplay(
  start: StartProcess,
  io: { readonly show: (piece: Piece) => void; readonly warn: (line: string) => void },
): Display {
  const listening = Promise.withResolvers<string>();
  const waiting = new Set<{ readonly type: string; readonly subject: string; readonly resolve: () => void }>();
  const piecesOf = createEventText();
  let current: { readonly type: string; readonly subject: string } | undefined;

  function showLine(line: string): void {
    for (const piece of piecesOf(line)) {
      io.show(piece);
      if (piece.is === 'event') current = piece;
      if (piece.is === 'end') resolveWaiting();
    }
  }

  function resolveWaiting(): void {
    for (const wait of waiting) {
      if (current?.subject !== wait.subject || !current.type.endsWith(wait.type)) continue;
      waiting.delete(wait);
      wait.resolve();
    }
  }

  const process = start({
    args: [MAIN, 'event-display', '--port', '0'],
    onLine: (line, from) => {
      const port = /listens on http:\S+:(\d+)$/.exec(line)?.[1];
      if (from === 'stdout') showLine(line);
      else if (port === undefined) io.warn(line);
      else listening.resolve(`http://127.0.0.1:${port}`);
    },
  });
  return {
    process,
    url: listening.promise,
    shown: (verb, subject) =>
      new Promise((resolve) => {
        waiting.add({ type: `.${verb}`, subject, resolve });
      }),
  };
}
