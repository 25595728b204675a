import { isDnsSubdomain } from './names.ts';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const WORD = '[^ \\t\\r\\n,()=!<>]';
const SPACE = '[ \\t\\r\\n]';
/** One requirement, and the comma or the end after it: `!a`, `a`, `a in (b,c)`, `a=b`, `a>1`. */
const REQUIREMENT = new RegExp(
  `${SPACE}*(?:!${SPACE}*(?<absent>${WORD}+)|(?<key>${WORD}+)(?:` +
    `${SPACE}+(?:in|notin)${SPACE}*\\((?<values>[^()]*)\\)|` +
    `${SPACE}*(?:==?|!=)${SPACE}*(?<value>${WORD}*)|` +
    `${SPACE}*[<>]${SPACE}*(?<number>${WORD}+))?)${SPACE}*(?<end>,|$)`,
  'y',
);
const MOST_SHOWN = 64;

/**
 * What is wrong with a label selector in the API server's query syntax (`a=b,c in (d,e),!f`), or undefined. The rules
 * are Kubernetes' own (apimachinery, pkg/labels/selector.go): the server would answer 400 to each list and watch.
 */
export function labelSelectorProblem(selector: string): string | undefined {
  if (/^[ \t\r\n]*$/.test(selector)) return undefined;
  for (let at = 0; ;) {
    REQUIREMENT.lastIndex = at;
    const groups = REQUIREMENT.exec(selector)?.groups;
    if (groups === undefined) return `${shown(selector.slice(at))} is no requirement`;
    const problem = requirementProblem(groups);
    if (problem !== undefined || groups['end'] === '') return problem;
    at = REQUIREMENT.lastIndex;
  }
}

function requirementProblem({ absent, key, values, value, number }: Record<string, string | undefined>) {
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
