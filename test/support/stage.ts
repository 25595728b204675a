import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { compare, type Findings, summary } from './checker.ts';
import { type Cluster, sharedCluster, testNamespace } from './cluster.ts';
import { eventually } from './eventually.ts';
import { recordingSink, type RecordingSink } from './recording-sink.ts';
import { allow, serviceAccount } from './service-account.ts';
import { toldBy } from './told.ts';
import { createWriter, type Truth, type Writer } from './writer.ts';

/** What most tests of the adapter begin with. */
export interface Stage {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Of an account that may watch ConfigMaps in the namespace, and nothing else. */
  readonly kubeconfig: string;
  readonly sink: RecordingSink;
  /** Of ConfigMaps in the namespace. */
  readonly writer: Writer;
}

/** A stage in a namespace of its own in the control plane that all tests share. */
export async function stage(t: TestContext, prefix: string): Promise<Stage> {
  const cluster = sharedCluster();
  const namespace = await testNamespace(t, prefix);
  // The controller manager puts this ConfigMap there, which is none of the test's.
  await eventually('the root certificate', () =>
    cluster.admin.get(`${configMaps(namespace)}/kube-root-ca.crt`).catch(() => false),
  );
  return await stageIn(t, cluster, namespace);
}

/** A stage in an existing namespace of any control plane. */
export async function stageIn(t: TestContext, cluster: Cluster, namespace: string): Promise<Stage> {
  const kubeconfig = await serviceAccount(cluster, namespace);
  await allow(cluster, namespace, { apiGroups: [''], resources: ['configmaps'] });
  const writer = createWriter(cluster.admin, configMaps(namespace));
  return { cluster, namespace, kubeconfig, sink: await recordingSink(t), writer };
}

/** The path of the ConfigMaps of a namespace. */
export function configMaps(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

/** Waits until the sink was told every change, and checks that it was told in order and once. */
export async function assertAllTold(t: TestContext, truth: Truth, sink: RecordingSink): Promise<void> {
  await settled(truth, sink, (findings) => findings.lostChanges.length === 0);
  for (const [what, found] of Object.entries(judge(t, truth, sink))) assert.deepEqual(found, [], what);
}

/**
 * Waits until the sink knows every object's last state and every delete, and checks that it was told in order and
 * once. States in between may be lost, as they are in a gap of the history. Returns what was found.
 */
export async function assertConverged(t: TestContext, truth: Truth, sink: RecordingSink): Promise<Findings> {
  await settled(truth, sink, ({ lostLastStates, lostDeletes }) => lostLastStates.length + lostDeletes.length === 0);
  const findings = judge(t, truth, sink);
  const { lostChanges: _inBetween, ...rest } = findings;
  for (const [what, found] of Object.entries(rest)) assert.deepEqual(found, [], what);
  return findings;
}

async function settled(truth: Truth, sink: RecordingSink, done: (findings: Findings) => boolean): Promise<void> {
  let seen = -1;
  let compared = -1;
  await eventually(
    () => `all changes to be told; ${describe(truth, sink)}`,
    () => {
      // Comparing costs more than looking whether anything came, so it waits for a moment in which nothing did.
      const accepted = sink.accepted().length;
      const quiet = accepted === seen;
      seen = accepted;
      if (!quiet || accepted === compared) return false;
      compared = accepted;
      return done(compare(truth, toldBy(sink.received)));
    },
  );
}

function judge(t: TestContext, truth: Truth, sink: RecordingSink): Findings {
  t.diagnostic(describe(truth, sink));
  return compare(truth, toldBy(sink.received));
}

function describe(truth: Truth, sink: RecordingSink): string {
  const told = toldBy(sink.received);
  return summary(truth, told, compare(truth, told));
}
