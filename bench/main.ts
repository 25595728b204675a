import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RoundFailed } from './children.ts';
import { NAMESPACE } from './objects.ts';
import { type Options, parseOptions, type Pipeline, USAGE } from './options.ts';
import { headerRow, medianRow, ratioHeaderRow, ratioRow, resultRow } from './report.ts';
import { type Load, measure, type Result, type Subject } from './round.ts';

/**
 * `npm run bench`: events per second, CPU per event and memory of the adapter, fed as fast as it reads, and of a naive
 * pipeline. Exits with 1 when events were lost or a pipeline died. It needs Linux (/proc).
 */
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const BUNDLE = file('../dist/main.js');
const SOURCES = file('../src/main.ts');

const SUBJECTS: Record<Pipeline, Subject> = {
  adapter: {
    name: 'adapter',
    // The bundle is what runs in a cluster; without one, the sources as they are.
    args: [existsSync(BUNDLE) ? BUNDLE : SOURCES, 'adapter'],
    environment: {
      NAME: 'bench',
      NAMESPACE,
      K_SOURCE_CONFIG: JSON.stringify({
        namespaces: [NAMESPACE],
        allNamespaces: false,
        resources: [{ gvr: { Group: '', Version: 'v1', Resource: 'pods' } }],
        mode: 'Resource',
      }),
      WATCHBRIDGE_PROBES_PORT: '0',
      WATCHBRIDGE_METRICS_PORT: '0',
    },
  },
  naive: { name: 'naive', args: [file('naive.ts')], environment: { NAMESPACE } },
};

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Where the adapter comes from, with a warning when the bundle is not made of the sources as they are. */
function adapterOrigin(): string {
  if (!existsSync(BUNDLE)) return `${SOURCES} (there is no bundle)`;
  const built = statSync(BUNDLE).mtimeMs;
  const sources = readdirSync(dirname(SOURCES), { recursive: true, withFileTypes: true });
  const newer = sources.find((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built);
  return newer === undefined ? BUNDLE : `${BUNDLE}, OLDER than ${join(newer.parentPath, newer.name)}: build it again`;
}

function printMachine({ pipelines }: Options): void {
  const cores = `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`;
  print(`machine   ${cores}, Linux ${release()}, Node.js ${process.version}, load ${loadavg()[0]?.toFixed(2)}`);
  if (pipelines.includes('adapter')) print(`adapter   ${adapterOrigin()}`);
}

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
  const results: Record<Pipeline, (Result | undefined)[]> = { adapter: [], naive: [] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of pipelines) results[name].push(await run(name, load, round, directory));
  }
  for (const name of pipelines) {
    const succeeded = results[name].filter((result) => result !== undefined);
    if (succeeded.length > 0) print(medianRow(`${name} median`, succeeded));
  }
  return results.adapter.flatMap((ours, round): [Result, Result][] => {
    const theirs = results.naive[round];
    return ours === undefined || theirs === undefined ? [] : [[ours, theirs]];
  });
}

async function bench(options: Options): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'watchbridge-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  printMachine(options);
  const ratios: string[] = [];
  for (const load of options.loads) {
    const pairs = await compare(load, options, directory);
    if (pairs.length > 0) ratios.push(ratioRow(`adapter : naive, ${load.objectBytes} bytes`, pairs));
  }
  if (ratios.length > 0) for (const line of ['', ratioHeaderRow(), ...ratios]) print(line);
}

/** Undefined when the arguments cannot be understood, which was said then. */
function readOptions(): Options | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

// What the bench started ends with it, see children.ts and tether.ts.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const options = readOptions();
if (options === undefined) process.exitCode = 2;
else if (options.help) print(USAGE);
else await bench(options);
