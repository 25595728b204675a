import type { AdapterConfig } from '../../src/adapter/config.ts';
import type { SourceConfig } from '../../src/adapter/source-config.ts';

export const PODS = { gvr: { Group: '', Version: 'v1', Resource: 'pods' } };

/** The configuration of the source `web` in `shop`, which watches Pods there. */
export function configWith(source: Partial<SourceConfig> = {}, sink = 'http://127.0.0.1:9'): AdapterConfig {
  return {
    name: 'web',
    namespace: 'shop',
    source: { namespaces: ['shop'], allNamespaces: false, resources: [PODS], mode: 'Resource', ...source },
    sink: new URL(sink),
    sinkTimeoutMs: 30_000,
    sinkCa: [],
    overrides: {},
    logLevel: 'info',
    probesPort: 0,
    metricsPort: 0,
  };
}
