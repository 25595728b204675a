import assert from 'node:assert/strict';
import { type Firing, firingOf } from '../../../src/sources/ping/firing.ts';
import type { PingSource, PingSpec } from '../../../src/sources/ping/spec.ts';

/** A source whose sink is known, as the API server has it. */
export function pingSource(
  uid: string,
  spec: PingSpec = {},
  sinkUri = 'http://orders.shop.svc.cluster.local',
): PingSource {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'PingSource',
    metadata: { name: `ping-${uid}`, namespace: 'shop', uid, generation: 1, creationTimestamp: '2025-12-31T23:00:00Z' },
    spec: { sink: { uri: sinkUri }, ...spec },
    status: {
      observedGeneration: 1,
      sinkUri,
      conditions: [{ type: 'SinkProvided', status: 'True', lastTransitionTime: '2025-12-31T23:00:01Z' }],
    },
  };
}

export function firing(uid: string, spec: PingSpec = {}): Firing {
  const it = firingOf(pingSource(uid, spec));
  assert.ok(it !== undefined);
  return it;
}
