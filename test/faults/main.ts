import { parseArgs } from 'node:util';
import { startOwnCluster } from '../support/own-cluster.ts';
import { ADAPTER_SCENARIOS } from './adapter-scenarios.ts';
import { CHECKPOINT_SCENARIOS } from './checkpoint-scenarios.ts';
import { lineOf, type Result, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { SERVER_SCENARIOS } from './server-scenarios.ts';
import { SINK_SCENARIOS } from './sink-scenarios.ts';
import { soak } from './soak.ts';
import { STREAM_SCENARIOS } from './stream-scenarios.ts';

const HELP = `node test/faults/main.ts [--quick] [--only NAME,NAME] [--list] [--seed N] [--minutes N] [--verbose]

Breaks things on purpose and counts what is lost. One line a scenario; the exit
code is 1 when one of them cost more than it may.

  --quick      the most telling scenarios, with short times
  --only       these scenarios, and no others
  --list       the scenarios, and what happens in them
  --seed N     of everything random (default: from the clock)
  --minutes N  one random fault after the other for so long, in place of the
               scenarios; at the end nothing may be lost and nothing leaked
  --verbose    tell more while it runs
`;

const SCENARIOS: readonly Scenario[] = [
  ...SINK_SCENARIOS,
  ...ADAPTER_SCENARIOS,
  ...STREAM_SCENARIOS,
  ...CHECKPOINT_SCENARIOS,
  ...SERVER_SCENARIOS,
];
/** So many scenarios run beside each other; more would measure the machine. */
const AT_ONCE = 3;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(HELP);
    return 0;
  }
  const chosen =
    values.minutes === undefined ? choose(values.only?.split(','), values.quick) : [soak(Number(values.minutes))];
  if (values.list) {
    for (const { name, rows, what } of chosen) say(`${name.padEnd(26)} ${rows.join(' ').padEnd(12)} ${what}`);
    return 0;
  }
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  say(`seed ${seed}`);
  const tell = values.verbose ? say : () => undefined;
  await using cluster = await startOwnCluster({ tell });
  const results: Result[] = [];
  const run = async (scenario: Scenario): Promise<void> => {
    const result = await runScenario(scenario, cluster, { seed, quick: values.quick, tell });
    results.push(result);
    say(lineOf(result));
    for (const problem of result.problems) say(`     ${problem}`);
  };
  const beside = chosen.filter((it) => it.alone !== true).values();
  const lane = async (): Promise<void> => {
    for (const scenario of beside) await run(scenario);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  for (const scenario of chosen.filter((it) => it.alone === true)) await run(scenario);
  const failed = results.filter(({ problems }) => problems.length > 0);
  say(`${results.length - failed.length} of ${results.length} scenarios cost no more than they may`);
  return failed.length === 0 ? 0 : 1;
}

function choose(only: readonly string[] | undefined, quick: boolean): readonly Scenario[] {
  if (only === undefined) return quick ? SCENARIOS.filter((it) => it.quick) : SCENARIOS;
  const unknown = only.filter((name) => !SCENARIOS.some((it) => it.name === name));
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}; see --list.`);
  return SCENARIOS.filter((it) => only.includes(it.name));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(await main());
