import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../examples/sources-demo/main.ts', import.meta.url));

/** As much of the definition that seed 002 applies as its demo needs. */
export const MYSQL_USERS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'mysqlusers.mysql.nakamasato.com' },
  spec: {
    group: 'mysql.nakamasato.com',
    scope: 'Namespaced',
    names: { plural: 'mysqlusers', singular: 'mysqluser', kind: 'MySQLUser', listKind: 'MySQLUserList' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** Runs the demo until the end of the test; what it prints, without time, level and name. */
export function startSourcesDemo(t: TestContext, kubeconfig: string): readonly string[] {
  const lines: string[] = [];
  const demo = spawn(process.execPath, [MAIN], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: demo.stdout }).on('line', (line) => {
    const [, , name, ...columns] = line.split('\t');
    // Warnings of the cache are JSON.
    if (name === 'source-examples') lines.push(columns.join('\t'));
  });
  t.after(async () => {
    const closed = once(demo, 'close');
    demo.kill('SIGTERM');
    assert.deepEqual(await closed, [0, null]);
  });
  return lines;
}
