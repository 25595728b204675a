import type { ServerResponse } from 'node:http';
import { scriptedServer, type ScriptedServer } from '../kube/scripted-server.ts';
import { type History, truthAfter } from './history.ts';
import { endOfList, errorLine, lineOf, pageOf } from './objects.ts';
import { questionOf } from './scripted-stream.ts';

/** What goes wrong with one answer of a server that otherwise tells the truth. */
export interface Mishap {
  /** How many further events of the history have happened by then. */
  readonly happened: number;
  /** The answer ends before this byte; beyond its length, after its end. */
  readonly cut: number;
  readonly how: 'closed' | 'reset' | 'expired';
}

/**
 * Serves `history` as an API server would: lists in pages of one object, streaming lists, watches and the past.
 * Of its streams, each meets one of the `mishaps`; when they are used up, all of the history has happened and streams
 * stay open. `version` is what has happened at the beginning.
 */
export function honestServer(history: History, version: number, mishaps: readonly Mishap[]): Promise<ScriptedServer> {
  const ahead = [...mishaps];
  let present = version;

  const stream = (response: ServerResponse, linesSince: (asked: number) => string[], mayExpire: boolean): void => {
    const asked = present;
    const mishap = ahead.shift();
    present = mishap === undefined ? history.length : Math.min(history.length, present + mishap.happened);
    const texts =
      mishap?.how === 'expired' && mayExpire ? [errorLine({ code: 410, reason: 'Expired' })] : linesSince(asked);
    const bytes = Buffer.from(texts.map((line) => `${line}\n`).join(''));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (mishap === undefined) response.write(bytes);
    else if (mishap.how === 'reset') response.write(bytes.subarray(0, mishap.cut), () => response.destroy());
    else response.end(mishap.how === 'expired' ? bytes : bytes.subarray(0, mishap.cut));
  };

  return scriptedServer((request, response) => {
    const [question, , argument = ''] = /^(\D+?) ?(\d.*)?$/.exec(questionOf(request)) ?? [];
    switch (question?.split(' ')[0]) {
      case 'watch':
        stream(response, () => history.slice(Number(argument), present).map(lineOf), true);
        break;
      case 'streaming':
        stream(response, (asked) => streamingList(history, asked, present), false);
        break;
      case 'page':
        page(response, history, argument);
        break;
      default:
        page(response, history, `${argument === '' ? present : argument}.0`);
    }
  });
}

/** What existed when the list was `asked` for, and then what happened while it ran. */
function streamingList(history: History, asked: number, present: number): string[] {
  const initial = Array.from(truthAfter(history.slice(0, asked)), (it) => lineOf(`ADDED ${it.join(' ')}`));
  return [...initial, ...history.slice(asked, present).map(lineOf), endOfList(String(present))];
}

/** `where` is `<version>.<number of objects before this page>`, and the continue token of the page before. */
function page(response: ServerResponse, history: History, where: string): void {
  const [version = 0, offset = 0] = where.split('.').map(Number);
  const objects = Array.from(truthAfter(history.slice(0, version)), (it) => it.join(' '));
  const token = offset + 1 < objects.length ? `${version}.${offset + 1}` : undefined;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(pageOf(String(version), objects.slice(offset, offset + 1), token));
}
