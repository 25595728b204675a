import * as z from 'zod';
import { fieldSelectorProblem } from '../kube/field-selector.ts';
import { labelSelectorProblem } from '../kube/label-selector.ts';
import { isDnsLabel, isDnsSubdomain } from '../kube/names.ts';
import type { CompiledFilters } from '../events/filters/compile-filters.ts';
import { conditionFields, conditionProblems, type ConditionsConfig } from './conditions-config.ts';
import { type DeliveryConfig, deliveryConfig } from './delivery-config.ts';
import { filtersConfig } from './filters-config.ts';
import { type PayloadConfig, payloadConfig } from './payload-config.ts';
import { jsonProblem, shownValue } from '../process/shown.ts';

/**
 * `K_SOURCE_CONFIG`: the one contract between controller and receive adapter. Upstream's fields keep their names and
 * spelling (pkg/adapter/apiserver/config.go), so that either side can be upstream's; ours are further fields, absent
 * by default.
 */
export interface SourceConfig {
  readonly namespaces: readonly string[];
  readonly allNamespaces: boolean;
  /**
   * Ours. A label selector in the API server's query syntax: the namespaces with such labels are watched, whatever
   * `namespaces` and `allNamespaces` say.
   */
  readonly namespaceSelector?: string | undefined;
  /** Ours. Namespaces that are never watched, whatever else names or selects them. */
  readonly excludeNamespaces?: readonly string[] | undefined;
  readonly resources: readonly ResourceConfig[];
  readonly owner?: { readonly apiVersion: string; readonly kind: string } | undefined;
  readonly mode: 'Reference' | 'Resource';
  /** CloudEvents Subscriptions API filters; absent: every event is sent. */
  readonly filters?: CompiledFilters | undefined;
  /** Upstream's wish to end the whole process when one watch ends. It is read, and not needed here. */
  readonly failFast?: boolean | undefined;
  /** Ours. Whether objects that exist at the first start are told as adds. Default: `None`, as upstream. */
  readonly initialEvents?: 'None' | 'All' | undefined;
  /** Ours. The uid of the ApiServerSource; makes ids differ between two sources of one name, one after the other. */
  readonly sourceUid?: string | undefined;
  readonly delivery?: DeliveryConfig | undefined;
  /**
   * Ours. What outlives the process, in a Lease and ConfigMaps beside the source. `None` (default): nothing, as
   * upstream. `Position`: where each stream resumes. `Full`: also which objects exist, so that no delete is missed.
   */
  readonly checkpoint?: CheckpointTier | undefined;
  /** Ours. Whether a gap in the history is also told to the sink, as an event of its own type. Default: false. */
  readonly gapEvents?: boolean | undefined;
  /** Ours. What events carry of objects. */
  readonly payload?: PayloadConfig | undefined;
}

export type CheckpointTier = 'None' | 'Position' | 'Full';

export interface ResourceConfig extends ConditionsConfig {
  /** Ours: `Resource` may be `*`, each resource of the group version that can be watched. */
  readonly gvr: { readonly Group: string; readonly Version: string; readonly Resource: string };
  /** In the API server's query syntax. */
  readonly selector?: string | undefined;
  /** Ours. In the API server's query syntax: `metadata.name=web,status.phase!=Running`. */
  readonly fieldSelector?: string | undefined;
}

/** What stands for every resource of a group version. */
export const EVERY_RESOURCE = '*';

const namespace = z.string().refine(isDnsLabel, { error: 'expected the name of a namespace' });

const labelSelector = z.string().superRefine((text, context) => {
  const problem = labelSelectorProblem(text);
  if (problem !== undefined) context.addIssue(`expected a label selector, such as app=web,tier in (a,b); ${problem}`);
});

const resourceFields = z.object({
  gvr: z.object({
    Group: z.string().refine((text) => text === '' || isDnsSubdomain(text), {
      error: 'expected an API group in lower case, such as apps; "" for the core group',
    }),
    Version: z.string().refine(isDnsLabel, { error: 'expected an API version, such as v1' }),
    Resource: z.string().refine((text) => text === EVERY_RESOURCE || isDnsLabel(text), {
      error: 'expected the plural name in lower case, such as pods; "*" for every resource of the version',
    }),
  }),
  selector: labelSelector.optional(),
  ...conditionFields,
  fieldSelector: z
    .string()
    .superRefine((text, context) => {
      const problem = fieldSelectorProblem(text);
      if (problem !== undefined)
        context.addIssue(`expected a field selector, such as metadata.name=web,status.phase!=Running; ${problem}`);
    })
    .optional(),
});

const resource = resourceFields.superRefine((entry, context) => {
  for (const { field, message } of conditionProblems(entry))
    context.addIssue({ code: 'custom', path: [field], message });
});

const sourceConfig = z.object({
  // Upstream writes null where it found no namespace.
  namespaces: z
    .array(namespace)
    .nullable()
    .default([])
    .transform((names) => [...new Set(names)]),
  allNamespaces: z.boolean().default(false),
  namespaceSelector: labelSelector.optional(),
  excludeNamespaces: z.array(namespace).optional(),
  resources: z.array(resource).min(1, { error: 'expected at least one resource' }),
  owner: z.object({ apiVersion: z.string().default(''), kind: z.string().default('') }).optional(),
  mode: z.enum(['Reference', 'Resource'], { error: 'expected Reference or Resource' }),
  filters: filtersConfig.optional(),
  failFast: z.boolean().optional(),
  initialEvents: z.enum(['None', 'All'], { error: 'expected None or All' }).optional(),
  sourceUid: z.string().min(1).optional(),
  delivery: deliveryConfig.optional(),
  checkpoint: z.enum(['None', 'Position', 'Full'], { error: 'expected None, Position or Full' }).optional(),
  gapEvents: z.boolean({ error: 'expected true or false' }).optional(),
  payload: payloadConfig.optional(),
});

/** Longer and deeper than any configuration that a person or a controller writes. */
const MOST_CHARACTERS = 1024 * 1024;
const MOST_LEVELS = 64;

export type ReadSourceConfig =
  | { readonly config: SourceConfig; readonly unknownFields: readonly string[] }
  | { readonly problems: readonly string[] };

/** Reads the JSON text of `K_SOURCE_CONFIG`; either all of it is good, or every problem is told. */
export function readSourceConfig(text: string): ReadSourceConfig {
  if (text.length > MOST_CHARACTERS) {
    return { problems: [`K_SOURCE_CONFIG has ${text.length} characters; at most ${MOST_CHARACTERS} are read.`] };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [`K_SOURCE_CONFIG is not JSON: ${jsonProblem(text, error)}.`] };
  }
  if (isTooDeep(value)) {
    return {
      problems: [`K_SOURCE_CONFIG has more than ${MOST_LEVELS} levels of objects and lists; so many are not read.`],
    };
  }
  const read = sourceConfig.safeParse(value);
  if (!read.success) return { problems: read.error.issues.map((issue) => sentence(issue, value)) };
  return { config: read.data, unknownFields: unknownFields(value, read.data) };
}

function sentence(issue: z.core.$ZodIssue, value: unknown): string {
  const where = ['K_SOURCE_CONFIG', ...issue.path].reduce<string>(
    (path, step) =>
      typeof step === 'number' ? `${path}[${step}]` : path === '' ? String(step) : `${path}.${String(step)}`,
    '',
  );
  return `${where}: ${issue.message}; found ${shownValue(at(value, issue.path))}.`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step) ? inner[step as never] : undefined,
    value,
  );
}

/** The fields of `given` that were not taken over, wherever they stand: `resources[0].selectors`. */
function unknownFields(given: unknown, taken: unknown, path = ''): string[] {
  if (Array.isArray(given)) {
    if (!Array.isArray(taken)) return [];
    return given.flatMap((element, index) => unknownFields(element, taken[index], `${path}[${index}]`));
  }
  if (!isObject(given) || !isObject(taken)) return [];
  return Object.keys(given).flatMap((key) => {
    const field = path === '' ? key : `${path}.${key}`;
    return Object.hasOwn(taken, key) ? unknownFields(given[key], taken[key], field) : [field];
  });
}

function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((it) => (typeof it === 'object' && it !== null ? Object.values(it) : []));
  }
  return false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
