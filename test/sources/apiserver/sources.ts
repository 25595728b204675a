import { readFileSync } from 'node:fs';
import type { Found } from '../../../src/kube/discovery.ts';
import type { Installation } from '../../../src/sources/apiserver/deployment.ts';
import type { Facts } from '../../../src/sources/apiserver/facts.ts';
import type { ApiServerSource, StoredSpec } from '../../../src/sources/apiserver/spec.ts';

/** 2026-01-01T00:00:00Z. */
export const NOW = Date.UTC(2026, 0, 1);

export const SINK = { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } };

export const INSTALLATION: Installation = {
  image: 'watchbridge:1',
  systemNamespace: 'watchbridge-system',
  apiServer: 'https://10.96.0.1:443',
  K_LOGGING_CONFIG: '{"zap-logger-config":"{}"}',
  K_KLOG_VERBOSITY: '0',
  K_OBSERVABILITY_CONFIG: '{"tracing":{"protocol":"none"}}',
  nodeSelector: {},
};

/** The source `web` in `shop`, which watches Pods there. */
export function sourceWith(spec: StoredSpec = {}, annotations: Readonly<Record<string, string>> = {}): ApiServerSource {
  return {
    apiVersion: 'sources.knative.dev/v1',
    kind: 'ApiServerSource',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: '0c119059-7113-11e9-a6c5-42010a8a00ed',
      generation: 1,
      annotations,
    },
    spec: { sink: SINK, resources: [{ apiVersion: 'v1', kind: 'Pod' }], ...spec },
  };
}

/** What discovery says of a kind. */
export function served(
  plural: string,
  options: { group?: string; version?: string; namespaced?: boolean } = {},
): Found {
  const { group = '', version = 'v1', namespaced = true } = options;
  return { is: 'found', resource: { group, version, plural, kind: '', namespaced, verbs: ['get', 'list', 'watch'] } };
}

/** A source that has all it needs, before its Deployment is made. */
export function factsWith(facts: Partial<Facts> = {}): Facts {
  return {
    source: sourceWith(),
    now: NOW,
    installation: INSTALLATION,
    sink: { is: 'resolved', sink: { uri: 'http://orders.shop.svc.cluster.local' } },
    deadLetterSink: undefined,
    authorities: '',
    found: [served('pods')],
    matchingNamespaces: [],
    missingRights: undefined,
    mayFollowNamespaces: true,
    authorsAreAsked: true,
    obstacles: [],
    deployment: undefined,
    granted: [],
    report: { is: 'absent' },
    ...facts,
  };
}

/** What upstream left behind, from test/golden. */
export function golden(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../golden/${file}`, import.meta.url), 'utf8'));
}

/** The source that {@link golden} has the Deployment of. */
export function goldenSource(): ApiServerSource {
  return golden('apiserversource-ready.json') as ApiServerSource;
}
