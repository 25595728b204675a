import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readAdapterConfig } from '../../../src/adapter/config.ts';
import { createSourceChecks } from '../../../src/preview/source-problems.ts';
import { plan } from '../../../src/sources/apiserver/plan.ts';
import type { ApiServerSource, StoredSpec } from '../../../src/sources/apiserver/spec.ts';
import { ODD_VALUES, PLACES, withOdd } from '../../manifests/odd-sources.ts';
import { factsWith, served, sourceWith } from './sources.ts';

const checks = createSourceChecks();

interface EnvVar {
  readonly name: string;
  readonly value?: string;
}

/** The environment of the adapter that is planned for a spec; undefined: none is. */
function planned(spec: StoredSpec): Record<string, string | undefined> | undefined {
  const source: ApiServerSource = { ...sourceWith(), spec };
  const found = (spec.resources ?? []).map(({ kind, resource }) => served(resource ?? `${kind.toLowerCase()}s`));
  const deadLetterSink = { is: 'resolved', sink: { uri: 'http://dead.shop.svc' } } as const;
  const facts = factsWith({ source, found, ...(spec.delivery?.deadLetterSink && { deadLetterSink }) });
  const deployment = plan(facts).apply.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) return undefined;
  const { template } = deployment['spec' as keyof typeof deployment] as unknown as {
    template: { spec: { containers: [{ env: readonly EnvVar[] }] } };
  };
  const env = template.spec.containers[0].env.map(({ name, value }) => [name, value ?? 'shop'] as const);
  return Object.fromEntries(env);
}

test('whatever source the API server takes, the plan throws nothing, and the adapter takes the environment that it plans', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...PLACES), fc.constantFrom(...ODD_VALUES), ({ source, path }, odd) => {
      const written = withOdd(source, path, odd) as Record<string, unknown>;
      if (checks.refusals(written).length > 0) return;
      const { spec } = checks.stored(written) as { spec: StoredSpec };
      const env = planned(spec);
      if (env === undefined) return;
      taken++;
      const read = readAdapterConfig(env);
      assert.ok('config' in read, JSON.stringify(read));
    }),
    { numRuns: 1_000 },
  );
  assert.ok(taken > 20, `only ${taken} were taken`);
});
