import type { KubeObject } from '../../kube/object.ts';

/** What a binding touches of a core/v1 PodTemplateSpec; everything else is carried along. */
export interface PodTemplate {
  readonly spec?: PodSpec;
}

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Named[];
}

export interface Container extends Named {
  readonly env?: readonly EnvVar[];
  readonly volumeMounts?: readonly Named[];
}

export interface EnvVar extends Named {
  /** The API server leaves an empty one out. */
  readonly value?: string;
  readonly valueFrom?: object;
}

interface Named {
  readonly name: string;
}

/** A group and a kind: `batch` and `CronJob`. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** Where an object of a kind has its Pod template. Whatever has one at `spec.template` can be bound; CronJobs beside. */
export function templatePath({ group, kind }: GroupKind): readonly string[] {
  return group === 'batch' && kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template'];
}

/** The Pod template of an object; undefined where there is none, or none that Pods could be made from. */
export function podTemplateOf(object: KubeObject, kind: GroupKind): PodTemplate | undefined {
  let value: unknown = object;
  for (const field of templatePath(kind)) value = isRecord(value) ? value[field] : undefined;
  return isPodTemplate(value) ? value : undefined;
}

/** A template with nothing but what a binding looks at, to be held in memory. */
export function boundPart({ spec = {} }: PodTemplate): PodTemplate {
  const part = ({ name, env, volumeMounts }: Container): Container => ({
    name,
    ...(env && { env }),
    ...(volumeMounts && { volumeMounts }),
  });
  const { containers, initContainers, volumes } = spec;
  return {
    spec: {
      ...(containers && { containers: containers.map(part) }),
      ...(initContainers && { initContainers: initContainers.map(part) }),
      ...(volumes && { volumes }),
    },
  };
}

function isPodTemplate(value: unknown): value is PodTemplate {
  if (!isRecord(value) || !isRecord(value['spec'])) return false;
  const { containers, initContainers, volumes } = value['spec'];
  const all: unknown[] = [containers ?? [], initContainers ?? []];
  return (
    Array.isArray(containers) &&
    isNamedList(volumes ?? []) &&
    all.every(
      (list) =>
        isNamedList(list) && list.every((it) => isNamedList(it['env'] ?? []) && isNamedList(it['volumeMounts'] ?? [])),
    )
  );
}

function isNamedList(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every((it) => isRecord(it) && typeof it['name'] === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
