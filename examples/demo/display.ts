import { createEventText, type Piece } from './event-text.ts';

/** What event-display prints, on its way to the terminal. */
export interface Display {
  /** Takes the next line of its standard output. */
  line(text: string): void;
  /** Resolves when an event was shown whose data has each of these messages, in any order. */
  shown(messages: readonly RegExp[]): Promise<void>;
}

interface Awaited {
  readonly missing: Set<RegExp>;
  readonly resolve: () => void;
}

/** @param show hears the lines, piece by piece */
export function createDisplay(show: (piece: Piece) => void): Display {
  const waiting = new Set<Awaited>();
  const piecesOf = createEventText();
  let seen: string[] = [];

  function tellWaiting(): void {
    for (const wait of waiting) {
      for (const message of wait.missing) if (seen.some((it) => message.test(it))) wait.missing.delete(message);
      if (wait.missing.size > 0) continue;
      waiting.delete(wait);
      wait.resolve();
    }
  }

  return {
    line: (text) => {
      const message = /^ +"message": "(.*)",?$/.exec(text)?.[1];
      if (message !== undefined) seen.push(message);
      for (const piece of piecesOf(text)) {
        show(piece);
        if (piece.is !== 'end') continue;
        tellWaiting();
        seen = [];
      }
    },
    shown: (messages) =>
      new Promise((resolve) => {
        waiting.add({ missing: new Set(messages), resolve });
      }),
  };
}
