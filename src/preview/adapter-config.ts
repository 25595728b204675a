import { type ReadConfig, readAdapterConfig } from '../adapter/config.ts';
import { sourceConfigText } from '../sources/apiserver/source-config-text.ts';
import { type ApiServerSource, skipsPermissionsCheck, type Spec } from '../sources/apiserver/spec.ts';
import type { Target } from '../sources/apiserver/watched.ts';
import { selectsSome } from './gather-target.ts';

/** Nothing is sent, so it need not exist; RFC 2606 makes sure that it does not. */
const NO_SINK = 'http://sink.invalid/';

/** The configuration of the source's adapter, read from the environment that its controller would give it. */
export function adapterConfig(source: ApiServerSource, spec: Spec, target: Target): ReadConfig {
  const { uid, name, namespace } = source.metadata;
  return readAdapterConfig({
    NAME: name,
    NAMESPACE: namespace,
    K_SINK: NO_SINK,
    K_SOURCE_CONFIG: sourceConfigText(spec, {
      uid,
      resources: target.resources,
      namespaces: selectsSome(spec) ? 'followed' : target.names,
      deadLetterSink: undefined,
      failFast: skipsPermissionsCheck(source),
    }),
    ...(spec.ceOverrides !== undefined && { K_CE_OVERRIDES: JSON.stringify(spec.ceOverrides) }),
  });
}
