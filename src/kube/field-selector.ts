const MOST_SHOWN = 64;
/** One term: a path, an operator and a value in which a backslash escapes a comma, an equals sign and itself. */
const TERM = /^[A-Za-z0-9_.[\]"'/-]+(?:==|!=|=)(?:[^\\,=]|\\[\\,=])*$/;

/**
 * What is wrong with a field selector in the API server's query syntax (`metadata.name=web,status.phase!=Running`),
 * or undefined. The rules are Kubernetes' own (apimachinery, pkg/fields/selector.go). Whether a kind can be selected
 * by a field only its server knows, and answers 400 where it cannot.
 */
export function fieldSelectorProblem(selector: string): string | undefined {
  const wrong = termsOf(selector).find((term) => term !== '' && !TERM.test(term));
  return wrong === undefined ? undefined : `${shown(wrong)} is no comparison of a field`;
}

/** Cut at the commas that are not escaped. */
function termsOf(selector: string): string[] {
  return selector.match(/(?:[^\\,]|\\[\s\S]?)+/g) ?? [];
}

function shown(text: string): string {
  return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text);
}
