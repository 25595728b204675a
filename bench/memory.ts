import type { Checkpoint } from './adapter.ts';
import { originLine } from './adapter.ts';
import { measureAtRest, type Rest } from './at-rest.ts';
import { print, runCommand } from './command.ts';
import { loadNow, machineLine } from './machine.ts';
import { type MemoryOptions, parseMemoryOptions, USAGE } from './memory-options.ts';
import { measureOutage } from './outage.ts';

/**
 * `npm run bench:memory`: what the adapter takes in a Pod. Exits with 1 when it took more than it may while its sink was
 * down. It needs Linux (/proc).
 */

/** What it may take while the sink is down: its budget for queued events (src/adapter/term.ts), and 100 MB. */
const MOST_IN_OUTAGE = (16 * 1024 * 1024) / 1e6 + 100;

const NAME_WIDTH = 42;
const NUMBER_WIDTH = 12;

function row(name: string, cells: readonly (number | string)[]): string {
  const texts = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell));
  return name.padEnd(NAME_WIDTH) + texts.map((text) => text.padStart(NUMBER_WIDTH)).join('');
}

async function printRest(directory: string, { parts, objects, restSeconds }: MemoryOptions): Promise<void> {
  if (!parts.includes('idle')) return;
  const measure = (known: number, checkpoint: Checkpoint): Promise<Rest> =>
    measureAtRest(directory, { objects: known, checkpoint, restSeconds });
  print(`\nat rest for ${restSeconds} s\n`);
  print(row('', ['settled MB', 'peak MB', 'over idle']));
  const idle = await measure(0, 'None');
  print(row('one watch, no object', [idle.settled, idle.peak]));
  if (!parts.includes('objects')) return;
  for (const checkpoint of ['None', 'Full'] as const) {
    const known = await measure(objects, checkpoint);
    const over = known.settled - idle.settled;
    print(row(`${objects} objects known, checkpoint ${checkpoint}`, [known.settled, known.peak, over]));
  }
}

async function printOutage(directory: string, { outage }: MemoryOptions): Promise<void> {
  print(`\nsink down for ${outage.seconds} s, ${outage.rate} changes/s\n`);
  const { median, peakDown, peak, changes, caughtUpSeconds, repeated } = await measureOutage(directory, outage);
  const verdict = peak < MOST_IN_OUTAGE ? 'below' : 'MORE THAN';
  print(row('', ['median MB', 'peak MB']));
  print(row('while the sink was down', [median, peakDown]));
  print(row('until it had all changes', ['', peak]));
  print(`\nThe peak is ${verdict} the ${MOST_IN_OUTAGE.toFixed(1)} MB that it may take.`);
  print(`${changes} changes were told ${caughtUpSeconds.toFixed(1)} s after the sink was back, ${repeated} twice.`);
  if (peak >= MOST_IN_OUTAGE) process.exitCode = 1;
}

await runCommand({
  usage: USAGE,
  parse: parseMemoryOptions,
  run: async (options, directory) => {
    print(machineLine());
    print(originLine());
    await printRest(directory, options);
    if (options.parts.includes('outage')) await printOutage(directory, options);
    print(`load at the end ${loadNow()}`);
  },
});
