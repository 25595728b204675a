import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installWatchbridge } from '../test/manifests/apply.ts';
import { startOwnCluster } from '../test/support/own-cluster.ts';
import { originLine } from './adapter.ts';
import { wholeNumber } from './arguments.ts';
import { type Child, startHelper } from './children.ts';
import { print, runCommand } from './command.ts';
import { loadNow, machineLine } from './machine.ts';
import { cpuMicroseconds, residentMegabytes } from './measure.ts';
import type { Listening } from './messages.ts';
import { cpuMeter, createReplicas, handOver, leads, type Replicas } from './ping-replicas.ts';
import type { AskMinute, Minute } from './ping-sink.ts';
import { makePingSources } from './ping-sources.ts';

/**
 * `npm run bench:ping`: the adapter of PingSources with many that all fire each minute, and two hand-overs to another
 * replica: an orderly one while a minute is being sent, and a crash. Exits with 1 when an event came twice, late or not
 * at all. It needs Linux (/proc).
 */

const USAGE = `node bench/ping.ts [--sources N] [--minutes N] [--crash-at SECOND]

Measures watchbridge ping-adapter with N PingSources that fire each minute, on a real API server.

  --sources N        (default: 10000)
  --minutes N        at least 2 (default: 10)
  --crash-at SECOND  of its minute, when the second adapter is killed (default: 20); a crash while a minute is sent
                     repeats what was sent in its last second, and holds up the rest until its Lease has expired
`;
const MINUTE_MS = 60_000;
/** All events of a minute are to be there by then. */
const PROMISED_MS = 2_000;
/** When a minute is looked at: after what may be late, and before the next one. */
const LOOK_MS = 55_000;
/** In the middle of a minute's second, as the events of a second are spread over it. */
const STOP_MS = 300;

interface Options {
  readonly help: boolean;
  readonly sources: number;
  readonly minutes: number;
  readonly crashMs: number;
}

function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      sources: { type: 'string', default: '10000' },
      minutes: { type: 'string', default: '10' },
      'crash-at': { type: 'string', default: '20' },
    },
  });
  return {
    help: values.help,
    sources: wholeNumber('--sources', values.sources, { least: 1, most: 100_000 }),
    minutes: wholeNumber('--minutes', values.minutes, { least: 2, most: 600 }),
    crashMs: wholeNumber('--crash-at', values['crash-at'], { least: 0, most: 35 }) * 1_000,
  };
}

async function until(time: number): Promise<void> {
  await delay(Math.max(0, time - Date.now()));
}

/** Two hand-overs, a third and two thirds into the course. */
async function handOverTwice(replicas: Replicas, begin: number, { minutes, crashMs }: Options): Promise<void> {
  const [first, second] = replicas.all;
  if (first === undefined || second === undefined) throw new Error('There are to be two replicas.');
  await until(begin + Math.floor((minutes - 1) / 3) * MINUTE_MS + STOP_MS);
  await handOver(first, second, 'SIGTERM');
  const third = await replicas.start();
  await until(begin + Math.floor(((minutes - 1) * 2) / 3) * MINUTE_MS + crashMs);
  await handOver(second, third, 'SIGKILL');
  await replicas.start();
}

async function askMinute(sink: Child, time: number): Promise<Minute> {
  const answered = sink.receive<Minute>('minute');
  sink.send({ kind: 'minute', time } satisfies AskMinute);
  return await answered;
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(10)).join('');
}

/** @returns whether all events came, once and in time */
async function watchMinutes(
  { sources, minutes }: Options,
  begin: number,
  { replicas, sink }: { readonly replicas: Replicas; readonly sink: Child },
): Promise<boolean> {
  const cpu = cpuMeter(replicas);
  print(`\n${row(['minute', 'fired', 'p50 ms', 'p99 ms', 'last ms', 'twice', 'missing', 'CPU ms', 'sink ms'])}`);
  const begun = cpu();
  let before = [begun, cpuMicroseconds(sink.pid)];
  const times = Array.from({ length: minutes }, (_, number) => begin + number * MINUTE_MS);
  for (const [number, time] of times.entries()) {
    await until(time + LOOK_MS);
    const { events, p50, p99, last, twice } = await askMinute(sink, time);
    const now = [cpu(), cpuMicroseconds(sink.pid)];
    const took = now.map((it, i) => ((it - (before[i] ?? NaN)) / 1_000).toFixed(0));
    before = now;
    print(row([number + 1, events, p50, p99, last, twice, sources - events].map(String).concat(took)));
  }
  // Asked again, as a hand-over may repeat what came a minute before.
  const ended: Minute[] = [];
  for (const time of times) ended.push(await askMinute(sink, time));
  return report(ended, sources, cpu() - begun);
}

function report(minutes: readonly Minute[], sources: number, cpu: number): boolean {
  const total = (of: (minute: Minute) => number): number => minutes.reduce((sum, it) => sum + of(it), 0);
  const events = total((it) => it.events);
  const twice = total((it) => it.twice);
  const missing = sources * minutes.length - events;
  const last = Math.max(...minutes.map((it) => it.last));
  print(`\n${events} events, ${twice} twice, ${missing} missing, the last one ${last} ms after its minute`);
  print(`CPU us/event: adapters ${(cpu / events).toFixed(0)}, what they do beside firing included`);
  return twice === 0 && missing === 0 && last <= PROMISED_MS;
}

async function bench(options: Options, directory: string): Promise<void> {
  await using cluster = await startOwnCluster({ tell: print });
  await installWatchbridge(cluster.admin);
  await using sink = startHelper('ping-sink.ts', {});
  const { port } = await sink.receive<Listening>('listening');
  const begun = performance.now();
  await makePingSources(cluster.admin, options.sources, `http://127.0.0.1:${port}/`);
  print(`${options.sources} sources made in ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
  await using replicas = createReplicas(directory, cluster);
  await leads(await replicas.start());
  const standby = await replicas.start();
  print(`a standby that knows them takes ${residentMegabytes(standby.pid).current.toFixed(0)} MB`);
  // What is owed from before has come by then.
  const begin = Math.ceil((Date.now() + 5_000) / MINUTE_MS) * MINUTE_MS;
  const handingOver = handOverTwice(replicas, begin, options);
  const [isKept] = await Promise.all([watchMinutes(options, begin, { replicas, sink }), handingOver]);
  const alive = replicas.all.slice(-2).map(({ pid }) => residentMegabytes(pid));
  const [leader, next] = alive.map(({ current, peak }) => `${current.toFixed(0)} MB (peak ${peak.toFixed(0)} MB)`);
  print(`resident memory: the replica that fires ${leader}, the one that stands by ${next}`);
  if (!isKept) process.exitCode = 1;
}

await runCommand({
  usage: USAGE,
  parse,
  run: async (options, directory) => {
    print(machineLine());
    print(originLine());
    await bench(options, directory);
    print(`load at the end ${loadNow()}`);
  },
});
