import { labelSelectorProblem } from '../kube/label-selector.ts';

/** metav1.LabelSelector, as stored: nothing has checked it. Absent and empty select everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelRequirement[];
}

interface LabelRequirement {
  readonly key: string;
  /** `In`, `NotIn`, `Exists` or `DoesNotExist`. */
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Whether it selects everything. */
export function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/**
 * A selector without problems in the API server's query syntax, in the form that Go's `Selector.String()` gives it
 * (apimachinery, pkg/labels/selector.go): by key, `a=b,c in (d,e),!f`. Empty: the empty text.
 */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map((it) => ({ key: it.key, text: requirementText(it) })),
  ];
  return requirements
    .toSorted((a, b) => compare(a.key, b.key))
    .map(({ text }) => text)
    .join(',');
}

/** What is wrong with a selector, each as a clause: `matchLabels: "a b" is no label key`. */
export function selectorProblems({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string[] {
  const labels = Object.entries(matchLabels).map(([key, value]) => labelProblem(key, value));
  const expressions = matchExpressions.map((it) => requirementProblem(it));
  return [
    ...labels.flatMap((problem) => (problem === undefined ? [] : [`matchLabels: ${problem}`])),
    ...expressions.flatMap((problem, i) => (problem === undefined ? [] : [`matchExpressions[${i}]: ${problem}`])),
  ];
}

function requirementText({ key, operator, values = [] }: LabelRequirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.toSorted(compare).join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.toSorted(compare).join(',')})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

function requirementProblem({ key, operator, values = [] }: LabelRequirement): string | undefined {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) return `${operator} needs values`;
      return values.map((value) => labelProblem(key, value)).find((problem) => problem !== undefined);
    case 'Exists':
    case 'DoesNotExist':
      return values.length > 0 ? `${operator} takes no values` : labelProblem(key, '');
    default:
      return `${JSON.stringify(operator)} is no operator; use In, NotIn, Exists or DoesNotExist`;
  }
}

/** The syntax has no quotes, so that whatever could end a key or a value early is refused first. */
function labelProblem(key: string, value: string): string | undefined {
  if (!/^[\w./-]+$/.test(key)) return `${JSON.stringify(key)} is no label key`;
  if (!/^[\w.-]*$/.test(value)) return `${JSON.stringify(value)} is no label value`;
  return labelSelectorProblem(`${key}=${value}`);
}

/** By code unit, as Go compares; keys and values are ASCII. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
