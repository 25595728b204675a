import type { Piece } from './event-text.ts';
import { cut, type Style, type Terminal } from './terminal.ts';

const COLOURS: ReadonlyMap<string, Style> = new Map([
  ['add', 'green'],
  ['update', 'yellow'],
  ['delete', 'red'],
]);

/** Prints a part of event-display's output, which came at `time`. */
export function showPiece(piece: Piece, time: Date, terminal: Terminal): void {
  const { columns, paint, print } = terminal;
  switch (piece.is) {
    case 'event': {
      const verb = piece.type.slice(piece.type.lastIndexOf('.') + 1);
      const words = [
        paint('dim', clockTime(time)),
        paint(['bold', COLOURS.get(verb) ?? 'cyan'], piece.subject === '' ? verb : verb.padEnd(6)),
        ...(piece.subject === '' ? [] : [paint('bold', piece.subject)]),
      ];
      print('');
      print(words.join('  '));
      return;
    }
    case 'attributes': {
      const [, name, value] = /^( {2}\w+:)(.*)$/.exec(piece.text) ?? [];
      print(name === undefined ? piece.text : `${paint('dim', name)}${value}`);
      return;
    }
    case 'data':
      print(cut(piece.text, columns));
      return;
    case 'fold':
      print(paint('dim', piece.text));
      return;
    case 'end':
      return;
  }
}

/** The local time: `11:20:31.042`. */
function clockTime(time: Date): string {
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}
