import type { CloudEvent } from '../cloud-event.ts';
import { type AttributeDialect, attributeFilter } from './attribute-filter.ts';
import { cesqlFilter } from './cesql-filter.ts';
import type { Filter, FilterPath, FilterProblem, Trouble } from './filter.ts';

/** Whether an event passes, and what went wrong with CESQL expressions on the way, whatever came of it. */
interface Verdict {
  readonly passes: boolean;
  readonly troubles: readonly Trouble[];
}

/** Filters ready for any number of events. */
export interface CompiledFilters {
  readonly is: 'compiled';
  readonly passes: (event: CloudEvent) => boolean;
  readonly judge: (event: CloudEvent) => Verdict;
}

export type CompileFilters = CompiledFilters | { readonly is: 'wrong'; readonly problems: readonly FilterProblem[] };

const DIALECTS = ['all', 'any', 'not', 'exact', 'prefix', 'suffix', 'cesql'] as const;
type Dialect = (typeof DIALECTS)[number];

const ATTRIBUTE_NAME = /^[a-z][a-z0-9]*$/;
/** Deeper than filters that anyone writes, and far below what the stack holds. */
const MOST_LEVELS = 32;

/**
 * Compiles the `filters` of a source: the dialects of the CloudEvents Subscriptions API, section 3.2.4.1, with `cesql`
 * for its `sql`, as upstream (pkg/eventfilter/subscriptionsapi). A list passes events that match all its elements. An
 * element without content (`{"all":[]}`, `{"exact":{}}`, `{"cesql":""}`) filters nothing, wherever it stands: `not` of
 * it filters nothing either, and `any` does without it.
 *
 * An event is to be judged as upstream judges it, before `ceOverrides` are applied.
 */
export function compileFilters(config: unknown): CompileFilters {
  const problems: FilterProblem[] = [];
  const filters = readList(config, [], problems, 1);
  if (problems.length > 0) return { is: 'wrong', problems };
  const matches = joined('all', filters) ?? (() => true);
  const judge = (event: CloudEvent): Verdict => {
    const troubles: Trouble[] = [];
    return { passes: matches(event, troubles), troubles };
  };
  return { is: 'compiled', passes: (event) => judge(event).passes, judge };
}

function readList(value: unknown, path: FilterPath, problems: FilterProblem[], level: number): Filter[] {
  if (!Array.isArray(value)) {
    problems.push({ path, message: 'expected a list of filters' });
    return [];
  }
  const filters = value.map((element: unknown, index) => readFilter(element, [...path, index], problems, level));
  return filters.filter((filter) => filter !== undefined);
}

/** The filter that an element describes; undefined where it filters nothing, or has a problem. */
function readFilter(value: unknown, path: FilterPath, problems: FilterProblem[], level: number): Filter | undefined {
  if (level > MOST_LEVELS) {
    problems.push({ path, message: `expected at most ${MOST_LEVELS} levels of filters` });
    return undefined;
  }
  const entries = isObject(value) ? Object.entries(value) : [];
  const [dialect, content] = entries[0] ?? [];
  if (entries.length !== 1 || !isDialect(dialect)) {
    problems.push({ path, message: `expected a filter in exactly one of the dialects ${DIALECTS.join(', ')}` });
    return undefined;
  }
  const inside = [...path, dialect];
  switch (dialect) {
    case 'all':
    case 'any':
      return joined(dialect, readList(content, inside, problems, level + 1));
    case 'not':
      return negated(readFilter(content, inside, problems, level + 1));
    case 'exact':
    case 'prefix':
    case 'suffix':
      return readAttributes(dialect, content, inside, problems);
    case 'cesql':
      return readCesql(content, inside, problems);
  }
}

function readAttributes(
  dialect: AttributeDialect,
  value: unknown,
  path: FilterPath,
  problems: FilterProblem[],
): Filter | undefined {
  if (!isObject(value)) {
    problems.push({ path, message: 'expected names of attributes with text to compare them with' });
    return undefined;
  }
  const wanted: [name: string, text: string][] = [];
  for (const [name, text] of Object.entries(value)) {
    const message = !ATTRIBUTE_NAME.test(name)
      ? 'expected an attribute name of lower-case letters and digits, a letter first'
      : typeof text !== 'string' || text === ''
        ? 'expected text that is not empty'
        : undefined;
    if (message !== undefined) problems.push({ path: [...path, name], message });
    else wanted.push([name, String(text)]);
  }
  return wanted.length === 0 ? undefined : attributeFilter(dialect, wanted);
}

function readCesql(value: unknown, path: FilterPath, problems: FilterProblem[]): Filter | undefined {
  if (value === '') return undefined;
  const read =
    typeof value === 'string'
      ? cesqlFilter(value, path)
      : { is: 'wrong' as const, message: 'expected a CESQL expression' };
  if (read.is === 'compiled') return read.filter;
  problems.push({ path, message: read.message });
  return undefined;
}

function joined(by: 'all' | 'any', filters: readonly Filter[]): Filter | undefined {
  const [first] = filters;
  if (filters.length < 2) return first;
  return by === 'all'
    ? (event, troubles) => filters.every((filter) => filter(event, troubles))
    : (event, troubles) => filters.some((filter) => filter(event, troubles));
}

function negated(filter: Filter | undefined): Filter | undefined {
  return filter && ((event, troubles) => !filter(event, troubles));
}

function isDialect(name: string | undefined): name is Dialect {
  return DIALECTS.some((dialect) => dialect === name);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
