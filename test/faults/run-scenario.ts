import { setTimeout as delay } from 'node:timers/promises';
import type { OwnCluster } from '../support/own-cluster.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { judge, mayLoseBetween, measure, type Numbers } from './judge.ts';
import { openScene, type Scene } from './scene.ts';
import { type Scenario, USUAL_MIB } from './scenario.ts';

/** What one scenario came to. */
export interface Result {
  readonly scenario: Scenario;
  /** Undefined where it broke off before there was anything to measure. */
  readonly numbers: Numbers | undefined;
  readonly largestMiB: number;
  /** From the end of the fault until everything was told, in seconds. */
  readonly catchUpS: number;
  readonly tookS: number;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

const DEFAULT_CATCH_UP_S = 75;
/** Repetitions that come late would not be seen without some patience. */
const QUIET_MS = 2_000;
const POLL_MS = 100;

export async function runScenario(
  scenario: Scenario,
  cluster: OwnCluster,
  options: { readonly seed: number; readonly quick: boolean; readonly tell: (line: string) => void },
): Promise<Result> {
  const begun = performance.now();
  const tell = (line: string): void => options.tell(`${scenario.name}: ${line}`);
  const { content } = scenario;
  const scene = await openScene(cluster, scenario.name, {
    random: seededRandom(options.seed),
    quick: options.quick,
    tell,
    ...(content !== undefined && { content }),
  });
  try {
    await scenario.play(scene);
    const catchUpS = await catchUp(scenario, scene);
    return { ...(await sum(scenario, scene, catchUpS)), tookS: since(begun) };
  } catch (error) {
    const problems = [`It broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
    const { notes } = scene;
    return { scenario, numbers: undefined, largestMiB: 0, catchUpS: 0, tookS: since(begun), problems, notes };
  } finally {
    await scene.end();
  }
}

/** Waits until everything is told that has to be. */
async function catchUp(scenario: Scenario, scene: Scene): Promise<number> {
  const { sink } = scene;
  const begun = performance.now();
  const limitMs = (scenario.catchUpS ?? DEFAULT_CATCH_UP_S) * 1_000;
  let seen = -1;
  while (performance.now() - begun < limitMs) {
    if (seen !== sink.accepted) {
      seen = sink.accepted;
      const { lost, lostLastStates, lostDeletes } = measure(scene.truth, scene.told, 0);
      const { allowed } = scenario;
      const notTold =
        Math.max(0, lostLastStates - (allowed.lostLastStates ?? 0)) +
        Math.max(0, lostDeletes - (allowed.lostDeletes ?? 0));
      const missing = mayLoseBetween(allowed, sink.gaps.length) ? notTold : lost;
      if (missing === 0) break;
    }
    await delay(POLL_MS);
  }
  return Math.max(0, sink.lastAcceptedAt - begun) / 1_000;
}

async function sum(scenario: Scenario, scene: Scene, catchUpS: number): Promise<Omit<Result, 'tookS'>> {
  await delay(QUIET_MS);
  const { sink, replicas, notes } = scene;
  const numbers = measure(scene.truth, scene.told, sink.gaps.length);
  const largestMiB = Math.max(...replicas.map((replica) => replica.largestMiB));
  const mostMiB = scenario.mostMiB ?? USUAL_MIB;
  const problems = [...judge(numbers, scenario.allowed), ...scene.problems];
  if (largestMiB > mostMiB)
    problems.push(`The adapter took ${Math.round(largestMiB)} MiB; at most ${mostMiB} allowed.`);
  return { scenario, numbers, largestMiB, catchUpS, problems, notes };
}

function since(begun: number): number {
  return (performance.now() - begun) / 1_000;
}

/** The result on one line. */
export function lineOf({ scenario, numbers, largestMiB, catchUpS, tookS, problems, notes }: Result): string {
  const verdict = problems.length === 0 ? 'pass' : 'FAIL';
  const counts =
    numbers === undefined
      ? []
      : [
          `changes ${numbers.changes}`,
          `lost ${numbers.lost} (last states ${numbers.lostLastStates}, deletes ${numbers.lostDeletes})`,
          `duplicates ${numbers.sameId} by id, ${numbers.otherId} by another`,
          `disorder ${numbers.disorder}`,
          ...(numbers.invented + numbers.clashes > 0
            ? [`invented ${numbers.invented}, id clashes ${numbers.clashes}`]
            : []),
          `gaps ${numbers.gaps}`,
          `rss ${Math.round(largestMiB)} MiB`,
          `caught up ${catchUpS.toFixed(1)} s`,
        ];
  return [`${verdict} ${scenario.name.padEnd(26)} ${tookS.toFixed(0).padStart(3)} s`, ...counts, ...notes].join('; ');
}
