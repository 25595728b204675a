const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^=!\s]+)\s*(=|==|!=)\s*([^=!\s]*)$/;

/**
 * What is wrong with a label selector in the API server's query syntax (`a=b,c in (d,e),!f`), or undefined. The rules
 * are Kubernetes' own (apimachinery, pkg/labels/selector.go): the server would answer 400 to each list and watch.
 */
export function labelSelectorProblem(selector: string): string | undefined {
  for (const requirement of splitRequirements(selector)) {
    const problem = requirementProblem(requirement.trim());
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Cuts at commas that are not inside parentheses. */
function splitRequirements(selector: string): string[] {
  return selector.split(/,(?![^()]*\))/);
}

function requirementProblem(requirement: string): string | undefined {
  const set = SET.exec(requirement);
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return keyProblem(set[1] ?? '') ?? firstProblem(values);
  }
  const equality = EQUALITY.exec(requirement);
  if (equality !== null) return keyProblem(equality[1] ?? '') ?? valueProblem(equality[3] ?? '');
  const existence = requirement.startsWith('!') ? requirement.slice(1).trim() : requirement;
  return keyProblem(existence);
}

function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  const good = NAME.test(name) && (prefix === undefined || (prefix.length <= 253 && PREFIX.test(prefix)));
  return good ? undefined : `${JSON.stringify(key)} is no label key`;
}

function firstProblem(values: readonly string[]): string | undefined {
  for (const value of values) {
    const problem = valueProblem(value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function valueProblem(value: string): string | undefined {
  return value === '' || NAME.test(value) ? undefined : `${JSON.stringify(value)} is no label value`;
}
