import { isDnsSubdomain } from './names.ts';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const WORD = '[^ \\t\\r\\n,()=!<>]';
const SPACE = '[ \\t\\r\\n]';
/** One requirement, and the comma or the end after it: `!a`, `a`, `a in (b,c)`, `a=b`, `a>1`. */
const REQUIREMENT = new RegExp(
  `${SPACE}*(?:!${SPACE}*(?<absent>${WORD}+)|(?<key>${WORD}+)(?:` +
    `${SPACE}+(?<set>in|notin)${SPACE}*\\((?<values>[^()]*)\\)|` +
    `${SPACE}*(?<equality>==?|!=)${SPACE}*(?<value>${WORD}*)|` +
    `${SPACE}*(?<order>[<>])${SPACE}*(?<number>${WORD}+))?)${SPACE}*(?<end>,|$)`,
  'y',
);
const MOST_SHOWN = 64;

/**
 * What is wrong with a label selector in the API server's query syntax (`a=b,c in (d,e),!f`), or undefined. The rules
 * are Kubernetes' own (apimachinery, pkg/labels/selector.go): the server would answer 400 to each list and watch.
 */
export function labelSelectorProblem(selector: string): string | undefined {
  const read = requirements(selector);
  return typeof read === 'string' ? read : read.map(requirementProblem).find((problem) => problem !== undefined);
}

type Labels = Readonly<Record<string, string>>;

/**
 * Says which labels a selector matches, as the API server does (Requirement.Matches in the same file). Where it is no
 * selector, none.
 */
export function labelMatcher(selector: string): (labels: Labels) => boolean {
  const read = requirements(selector);
  if (typeof read === 'string' || read.some((it) => requirementProblem(it) !== undefined)) return () => false;
  const matchers = read.map(requirementMatcher);
  return (labels) => matchers.every((matches) => matches(labels));
}

type Requirement = Readonly<Record<string, string | undefined>>;

/** The requirements of a selector, or where it is none, why. */
function requirements(selector: string): readonly Requirement[] | string {
  const found: Requirement[] = [];
  if (/^[ \t\r\n]*$/.test(selector)) return found;
  for (let at = 0; ;) {
    REQUIREMENT.lastIndex = at;
    const groups = REQUIREMENT.exec(selector)?.groups;
    if (groups === undefined) return `${shown(selector.slice(at))} is no requirement`;
    found.push(groups);
    if (groups['end'] === '') return found;
    at = REQUIREMENT.lastIndex;
  }
}

function requirementMatcher(requirement: Requirement): (labels: Labels) => boolean {
  const { absent, key = '', set, values, equality, value = '', order, number } = requirement;
  if (absent !== undefined) return (labels) => !Object.hasOwn(labels, absent);
  if (order !== undefined && number !== undefined) return orderMatcher(key, order, BigInt(number));
  if (set === undefined && equality === undefined) return (labels) => Object.hasOwn(labels, key);
  const wanted = new Set(set === undefined ? [value] : values?.split(',').map(withoutSpace));
  const has = (labels: Labels): boolean => Object.hasOwn(labels, key) && wanted.has(labels[key] ?? '');
  return set === 'notin' || equality === '!=' ? (labels) => !has(labels) : has;
}

/** A label that is no integer is in no order. */
function orderMatcher(key: string, order: string, than: bigint): (labels: Labels) => boolean {
  return (labels) => {
    const text = Object.hasOwn(labels, key) ? (labels[key] ?? '') : '';
    if (!/^-?\d{1,19}$/.test(text)) return false;
    return order === '>' ? BigInt(text) > than : BigInt(text) < than;
  };
}

function requirementProblem({ absent, key, values, value, number }: Requirement): string | undefined {
  const name = absent ?? key ?? '';
  if (!isKey(name)) return `${shown(name)} is no label key`;
  const bad = [...(values?.split(',').map(withoutSpace) ?? []), value ?? ''].find((it) => !isValue(it));
  if (bad !== undefined) return `${shown(bad)} is no label value`;
  return number === undefined || isInteger(number) ? undefined : `${shown(number)} is no integer`;
}

/** Without the white space around it; what is inside stays. */
function withoutSpace(text: string): string {
  return text
    .split(/[ \t\r\n]+/)
    .filter((word) => word !== '')
    .join(' ');
}

function isKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return NAME.test(key);
  return isDnsSubdomain(key.slice(0, slash)) && NAME.test(key.slice(slash + 1));
}

function isValue(value: string): boolean {
  return value === '' || NAME.test(value);
}

/** Of 64 bits, and a label value. */
function isInteger(text: string): boolean {
  return NAME.test(text) && /^\d+$/.test(text) && BigInt(text) < 2n ** 63n;
}

function shown(text: string): string {
  return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text);
}
