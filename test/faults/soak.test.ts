import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOwnCluster } from '../support/own-cluster.ts';
import { lineOf, runScenario } from './run-scenario.ts';
import { soak } from './soak.ts';

const MINUTES = 1.5;
/** Its schedule kills the API server twice and the adapter once, and has the sink refuse, fail and reset. */
const SEED = 3;

test(
  'one random fault after the other loses no outcome, and leaves no sockets open and no memory taken',
  { timeout: 600_000 },
  async (t) => {
    const faults: string[] = [];
    await using cluster = await startOwnCluster();
    const result = await runScenario(soak(MINUTES), cluster, {
      seed: SEED,
      quick: true,
      tell: (line) => faults.push(line),
    });
    t.diagnostic(lineOf(result));
    assert.deepEqual(result.problems, [], faults.join('\n'));
  },
);
