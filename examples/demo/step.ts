import type { Tell } from '../../test/controlplane/programs/program.ts';
import { Interrupted } from './failures.ts';
import { cutMiddle, type Terminal } from './terminal.ts';

export interface StepTitles<T> {
  readonly running: string;
  /** What there is to say of the result. */
  readonly done: (result: T) => string;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
/** Of a step's line: it fits into 80 columns, with the margin. */
const WIDTH = 78;
/** A terminal writes "^C" where the cursor is, which has to be the line that is about to be erased. */
const MARGIN = 2;

/** Shows that work goes on and what it tells of its progress, then its outcome and how many seconds it took. */
export async function showStep<T>(
  terminal: Terminal,
  titles: StepTitles<T>,
  work: (tell: Tell) => Promise<T>,
): Promise<T> {
  const { paint, print, status } = terminal;
  const begun = performance.now();
  const line = (mark: string, text: string): string => stepLine(terminal, mark, text, performance.now() - begun);
  let news = titles.running;
  let frame = 0;
  const timer = setInterval(() => {
    status(line(paint('cyan', FRAMES[frame++ % FRAMES.length] ?? ''), news));
  }, FRAME_MS);
  const stop = (): void => {
    clearInterval(timer);
    status('');
  };
  try {
    const result = await work((told) => {
      news = told;
      if (!terminal.rich) print(`  ${told}`);
    });
    stop();
    print(line(paint('green', '✓'), titles.done(result)));
    return result;
  } catch (error) {
    stop();
    if (!(error instanceof Interrupted)) print(`${paint('red', '✗')} ${titles.running}`);
    throw error;
  }
}

/** `✓ text                2.8 s` */
function stepLine({ columns, paint }: Terminal, mark: string, text: string, ms: number): string {
  const time = `${(ms / 1000).toFixed(1)} s`;
  const room = Math.max(0, Math.min(WIDTH, columns - MARGIN) - `m   ${time}`.length);
  return `${mark} ${cutMiddle(text, room).padEnd(room)}  ${paint('dim', time)}`;
}
