import { fileURLToPath } from 'node:url';
import { adapterSubject, originLine } from './adapter.ts';
import { RoundFailed } from './children.ts';
import { print, runCommand } from './command.ts';
import { machineLine } from './machine.ts';
import { NAMESPACE } from './objects.ts';
import { type Options, parseOptions, type Pipeline, USAGE } from './options.ts';
import { headerRow, medianRow, ratioHeaderRow, ratioRow, resultRow } from './report.ts';
import { type Load, measure, type Result, type Subject } from './round.ts';
import { TWENTY_FILTERS } from './twenty-filters.ts';

/**
 * `npm run bench`: events per second, CPU per event and memory of the adapter, fed as fast as it reads, and of what it
 * is compared with. Exits with 1 when events were lost or a pipeline died. It needs Linux (/proc).
 */
const SUBJECTS: Record<Pipeline, Subject> = {
  adapter: adapterSubject('adapter'),
  naive: { name: 'naive', args: [fileURLToPath(new URL('naive.ts', import.meta.url))], environment: { NAMESPACE } },
  Position: adapterSubject('adapter with Position', { checkpoint: 'Position' }),
  Full: adapterSubject('adapter with Full', { checkpoint: 'Full' }),
  '20 filters': adapterSubject('adapter with 20 filters', { filters: TWENTY_FILTERS }),
};

function printLoad(load: Load, rounds: number): void {
  const events = `${load.events} events about ${load.objects} objects of ${load.objectBytes} bytes`;
  print(`\n${events}, after ${load.warmUp} to warm up; sink answers after ${load.sinkDelay} ms; ${rounds} rounds\n`);
  print(headerRow());
}

/** One measurement with its row of the table, or the reason why there is none. */
async function run(name: Pipeline, load: Load, round: number, directory: string): Promise<Result | undefined> {
  try {
    const result = await measure(SUBJECTS[name], load, directory);
    print(resultRow(`${name} ${round}`, result));
    return result;
  } catch (error) {
    if (!(error instanceof RoundFailed)) throw error;
    print(`${name} ${round} failed: ${error.message}\n${error.lastLines.trimEnd()}`);
    process.exitCode = 1;
    return undefined;
  }
}

/** All rounds of one load, the pipelines in turn, and what they give together; the pairs are for the last block. */
async function compare(load: Load, { pipelines, rounds }: Options, directory: string): Promise<[Result, Result][]> {
  printLoad(load, rounds);
  const results = pipelines.map((name) => ({ name, rounds: new Array<Result | undefined>() }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, rounds: done } of results) done.push(await run(name, load, round, directory));
  }
  for (const { name, rounds: done } of results) {
    const succeeded = done.filter((result) => result !== undefined);
    if (succeeded.length > 0) print(medianRow(`${name} median`, succeeded));
  }
  const [first, second] = results;
  return (first?.rounds ?? []).flatMap((ours, round): [Result, Result][] => {
    const theirs = second?.rounds[round];
    return ours === undefined || theirs === undefined ? [] : [[ours, theirs]];
  });
}

async function bench(options: Options, directory: string): Promise<void> {
  print(machineLine());
  if (options.pipelines.some((name) => name !== 'naive')) print(originLine());
  const ratios: string[] = [];
  for (const load of options.loads) {
    const pairs = await compare(load, options, directory);
    if (pairs.length > 0) ratios.push(ratioRow(`${options.pipelines.join(' : ')}, ${load.objectBytes} bytes`, pairs));
  }
  if (ratios.length > 0) for (const line of ['', ratioHeaderRow(), ...ratios]) print(line);
}

await runCommand({ usage: USAGE, parse: parseOptions, run: bench });
