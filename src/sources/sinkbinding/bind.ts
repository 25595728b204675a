import { isDeepStrictEqual } from 'node:util';
import { goJson, sortedByKey } from '../../json/go-json.ts';
import type { Container, EnvVar, PodTemplate } from './pod-template.ts';
import type { CloudEventOverrides } from './spec.ts';

/** What Pods are told of their sink. */
export interface Injection {
  /** The URL: K_SINK. */
  readonly sink: string;
  /** PEM certificates: K_CA_CERTS, where there are any. */
  readonly caCerts?: string;
  /** JSON, see {@link overridesText}: K_CE_OVERRIDES. */
  readonly ceOverrides: string;
}

const SINK = 'K_SINK';
const CA_CERTS = 'K_CA_CERTS';
const CE_OVERRIDES = 'K_CE_OVERRIDES';
const OURS: ReadonlySet<string> = new Set([SINK, CA_CERTS, CE_OVERRIDES]);

/**
 * A template whose containers, those that come first among them, are told the sink: by the variables of
 * knative.dev/eventing (sinkbinding_lifecycle.go, Do), in its order and after all others. A container that knows it
 * already, with its variables wherever they are, is left as it is, so that nothing is rolled out for an order.
 *
 * @returns the same template where there is nothing to change
 */
export function bind(template: PodTemplate, injection: Injection): PodTemplate {
  const wanted = variablesOf(injection);
  return withContainers(template, (container) => {
    const { env = [] } = container;
    if (isDeepStrictEqual(env.filter(isOurs).map(canonical), wanted)) return container;
    return { ...container, env: [...env.filter((it) => !isOurs(it)), ...wanted] };
  });
}

/**
 * A template without what a binding puts into it, also what upstream's bindings do: the variables, and the volumes of
 * tokens and certificates. As there, a variable of one of our names goes, whoever wrote it.
 *
 * @returns the same template where there is nothing to change
 */
export function unbind(template: PodTemplate): PodTemplate {
  const bare = withContainers(template, (container) => {
    const { env = [], volumeMounts = [], ...rest } = container;
    const variables = env.filter((it) => !isOurs(it));
    const mounts = volumeMounts.filter((it) => !isUpstreamsVolume(it));
    if (variables.length === env.length && mounts.length === volumeMounts.length) return container;
    return {
      ...rest,
      ...(variables.length > 0 && { env: variables }),
      ...(mounts.length > 0 && { volumeMounts: mounts }),
    };
  });
  const { volumes = [], ...pod } = bare.spec ?? {};
  const kept = volumes.filter((it) => !isUpstreamsVolume(it));
  if (kept.length === volumes.length) return bare;
  return { ...bare, spec: { ...pod, ...(kept.length > 0 && { volumes: kept }) } };
}

/** What the first container of a template that knows a sink is told; undefined where none is. */
export function injectionIn({ spec }: PodTemplate): Injection | undefined {
  const env = spec?.containers?.find((it) => it.env?.some(({ name }) => name === SINK))?.env ?? [];
  const valueOf = (wanted: string) => env.find(({ name }) => name === wanted)?.value;
  const sink = valueOf(SINK);
  const caCerts = valueOf(CA_CERTS);
  if (!sink) return undefined;
  return { sink, ...(caCerts && { caCerts }), ceOverrides: valueOf(CE_OVERRIDES) ?? '' };
}

/** The text of K_CE_OVERRIDES as Go's json.Marshal has it: empty without overrides, `{"extensions":{"a":"b"}}` with. */
export function overridesText(overrides: CloudEventOverrides | undefined): string {
  if (overrides === undefined) return '';
  const { extensions = {} } = overrides;
  return goJson(Object.keys(extensions).length === 0 ? {} : { extensions: sortedByKey(extensions) });
}

function variablesOf({ sink, caCerts, ceOverrides }: Injection): readonly EnvVar[] {
  return [
    { name: SINK, value: sink },
    ...(caCerts ? [{ name: CA_CERTS, value: caCerts }] : []),
    canonical({ name: CE_OVERRIDES, value: ceOverrides }),
  ];
}

/** As the API server stores it. */
function canonical({ value, ...rest }: EnvVar): EnvVar {
  return value === undefined || value === '' ? rest : { ...rest, value };
}

function isOurs({ name }: EnvVar): boolean {
  return OURS.has(name);
}

function isUpstreamsVolume({ name }: { readonly name: string }): boolean {
  return name === 'oidc-token' || name.startsWith('kne-bundle-');
}

function withContainers(template: PodTemplate, change: (container: Container) => Container): PodTemplate {
  const { spec = {} } = template;
  const containers = spec.containers?.map(change);
  const initContainers = spec.initContainers?.map(change);
  const isChanged =
    containers?.some((it, i) => it !== spec.containers?.[i]) ||
    initContainers?.some((it, i) => it !== spec.initContainers?.[i]);
  if (!isChanged) return template;
  return {
    ...template,
    spec: { ...spec, ...(containers && { containers }), ...(initContainers && { initContainers }) },
  };
}
