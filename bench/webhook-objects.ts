import type { Body } from '../test/support/admin.ts';

/** An object that is to be created, and what is to be stored of it. */
export interface Case {
  readonly name: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly plural: string;
  readonly namespace: string;
  readonly object: Workload;
  readonly wanted: Workload;
  /** Whether the API server asks the webhook about it. */
  readonly isAsked: boolean;
}

/** As much of a workload as a binding could change. */
export interface Workload extends Body {
  readonly metadata: { readonly name: string; readonly annotations?: Body; readonly [field: string]: unknown };
  readonly spec: Body;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

export const BINDINGS_EACH = 5;
/** Namespaces without a binding. */
const FREE_NAMESPACES = 10;

const DEPLOYMENT = { group: 'apps', version: 'v1', kind: 'Deployment' };
const JOB = { group: 'batch', version: 'v1', kind: 'Job' };
const POD = { group: '', version: 'v1', kind: 'Pod' };

export const boundNamespace = (number: number): string => `bound-${number}`;
const freeNamespace = (number: number): string => `free-${number}`;

export function namespacesOf(bound: number): readonly string[] {
  return [
    ...Array.from({ length: bound }, (_, i) => boundNamespace(i)),
    ...Array.from({ length: FREE_NAMESPACES }, (_, i) => freeNamespace(i)),
  ];
}

/** The bindings of one namespace: by labels and by name, to a Service and to a URL. */
export function bindingsOf(): readonly Body[] {
  const service = { ref: { apiVersion: 'v1', kind: 'Service', name: 'orders' } };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
  const job = { apiVersion: 'batch/v1', kind: 'Job' };
  const labelled = (labels: Body) => ({ selector: { matchLabels: labels } });
  return [
    bindingOf('front', { ...deployment, ...labelled({ tier: 'front' }) }, service),
    bindingOf('back', { ...deployment, ...labelled({ tier: 'back' }) }, { uri: 'http://back.example.com/events' }),
    bindingOf('beats', { ...job, ...labelled({ app: 'heartbeat' }) }, service),
    bindingOf('nights', { ...job, ...labelled({ app: 'night' }) }, { uri: 'http://night.example.com/' }),
    bindingOf('web', { ...deployment, name: 'web' }, service),
  ];
}

function bindingOf(name: string, subject: Body, sink: Body): Body {
  const ceOverrides = { extensions: { team: 'shop' } };
  const kind = { apiVersion: 'sources.knative.dev/v1', kind: 'SinkBinding' };
  return { ...kind, metadata: { name }, spec: { subject, sink, ceOverrides } };
}

/** Of ten objects six are to be bound, two are bound already, and two are nobody's. */
const COURSE = ['front', 'beats', 'bound', 'front', 'beats', 'other', 'front', 'beats', 'bound', 'free'] as const;

/** The object of a number. Those of a round of ten are in one namespace, but for what is in none of the bound ones. */
export function caseOf(number: number, bound: number): Case {
  const round = Math.floor(number / COURSE.length);
  const namespace = boundNamespace(round % bound);
  const name = `object-${number}`;
  const told = variablesFor(namespace);
  const front = workload({ name, labels: { tier: 'front' } });
  const mark = (by: string) => ({ 'watchbridge.dev/bound-by': `Deployment.apps/${by}` });
  const boundFront = workload({ name, labels: { tier: 'front' }, more: told, annotations: mark('front') });
  switch (COURSE[number % COURSE.length] ?? 'free') {
    case 'front':
      return { ...deployments('by labels', namespace), object: front, wanted: boundFront, isAsked: true };
    case 'beats': {
      const job = { name, labels: { app: 'heartbeat' }, isJob: true };
      const [object, wanted] = [workload(job), workload({ ...job, more: told })];
      return { name: 'Job', kind: JOB, plural: 'jobs', namespace, object, wanted, isAsked: true };
    }
    case 'bound':
      return { ...deployments('bound already', namespace), object: boundFront, wanted: boundFront, isAsked: true };
    case 'other': {
      const object = workload({ name, labels: { tier: 'none' } });
      return { ...deployments('of other labels', namespace), object, wanted: object, isAsked: true };
    }
    case 'free': {
      if (round % 2 === 0) {
        const free = freeNamespace(round % FREE_NAMESPACES);
        return { ...deployments('of other namespaces', free), object: front, wanted: front, isAsked: false };
      }
      const object = podOf(front);
      return { name: 'Pod', kind: POD, plural: 'pods', namespace, object, wanted: object, isAsked: false };
    }
  }
}

function deployments(name: string, namespace: string): Pick<Case, 'name' | 'kind' | 'plural' | 'namespace'> {
  return { name: `Deployment ${name}`, kind: DEPLOYMENT, plural: 'deployments', namespace };
}

function variablesFor(namespace: string): readonly Variable[] {
  return [
    { name: 'K_SINK', value: `http://orders.${namespace}.svc.cluster.local` },
    { name: 'K_CE_OVERRIDES', value: '{"extensions":{"team":"shop"}}' },
  ];
}

/** A Deployment or a Job of three containers, of some 4 KB. */
function workload(how: {
  readonly name: string;
  readonly labels: Body;
  readonly annotations?: Body;
  readonly more?: readonly Variable[];
  readonly isJob?: boolean;
}): Workload {
  const { name, labels, annotations = {}, more = [], isJob = false } = how;
  const variables = Array.from({ length: 8 }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i} of ${name}` }));
  const container = (of: string): Body => ({
    name: of,
    image: `registry.example.com/shop/${of}:1.2.3`,
    env: [...variables, ...more],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  });
  const template = {
    metadata: { labels: { ...labels, pod: name } },
    spec: {
      ...(isJob && { restartPolicy: 'Never' }),
      initContainers: [container('prepare')],
      containers: [container('serve'), container('help')],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  };
  const metadata = { name, labels, annotations: { 'example.com/applied': 'x'.repeat(1_500), ...annotations } };
  return isJob
    ? { metadata, spec: { template } }
    : { metadata, spec: { replicas: 1, selector: { matchLabels: { pod: name } }, template } };
}

function podOf({ metadata, spec }: Workload): Workload {
  const { template } = spec as { readonly template: { readonly spec: Body } };
  return { metadata, spec: template.spec };
}

/** What a binding may change of an object: annotations, variables and volumes. */
export function bindableOf({ metadata, spec }: Workload): unknown {
  const pod = ((spec['template'] as { readonly spec: Body } | undefined)?.spec ?? spec) as {
    readonly initContainers: readonly Body[];
    readonly containers: readonly Body[];
    readonly volumes: readonly Body[];
  };
  const parts = [...pod.initContainers, ...pod.containers].map(({ name, env, volumeMounts }) => [
    name,
    env,
    volumeMounts,
  ]);
  return [parts, pod.volumes, metadata.annotations];
}
