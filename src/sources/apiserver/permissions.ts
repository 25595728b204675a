import type { Resource } from '../../kube/resource.ts';

/** What an account is asked about, as a SubjectAccessReview says it. */
export interface Question {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Empty: in the whole cluster. */
  readonly namespace: string;
}

/** Whether the account may; undefined where nobody has asked yet. */
export type Answers = (question: Question) => boolean | undefined;

/** What the adapter will watch, and where. */
export interface Watched {
  readonly resources: readonly Pick<Resource, 'group' | 'plural' | 'namespaced'>[];
  /** Names, sorted; `all`: one watch over the whole cluster, for which rights in each namespace are not enough. */
  readonly namespaces: readonly string[] | 'all';
}

/** The name and the groups that the API server knows a ServiceAccount by. */
export interface Account {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Upstream's verbs. The adapter uses `get` to find out whether a deleted object only left a selector. */
const VERBS = ['get', 'list', 'watch'];
const CLUSTER = '';
/** A hundred kinds in a thousand namespaces are more than a condition has room for. */
const MOST_TOLD = 20;

export function serviceAccount(namespace: string, name: string): Account {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/**
 * What has to be asked next; nothing when the answers are complete. Of several namespaces the cluster comes first:
 * whoever may watch everywhere costs three questions for each resource, however many namespaces there are.
 */
export function nextQuestions(watched: Watched, answers: Answers): Question[] {
  return watched.resources.flatMap((resource) => {
    const places = placesOf(resource, watched.namespaces);
    const first = places.length > 1 ? [CLUSTER] : places;
    const asked = questions(resource, first, VERBS).filter((question) => answers(question) === undefined);
    if (asked.length > 0 || places.length < 2) return asked;
    return questions(
      resource,
      places,
      VERBS.filter((verb) => !everywhere(resource, verb, answers)),
    ).filter((question) => answers(question) === undefined);
  });
}

/**
 * What the account may not do, in the words of upstream's condition: `User system:serviceaccount:shop:default cannot
 * get, list, watch resource "pods" in API group "" in Namespace "shop"`. A right that is needed in the whole cluster is
 * missing in Namespace "". The first 20 are told, and how many more there are. Undefined where nothing is missing.
 */
export function missingRights({ user }: Account, watched: Watched, answers: Answers): string | undefined {
  const missing = watched.resources.flatMap((resource) =>
    placesOf(resource, watched.namespaces).flatMap((namespace) => {
      const { group, plural } = resource;
      const verbs = VERBS.filter(
        (verb) =>
          answers({ verb, group, resource: plural, namespace }) !== true && !everywhere(resource, verb, answers),
      );
      if (verbs.length === 0) return [];
      return [`${verbs.join(', ')} resource "${plural}" in API group "${group}" in Namespace "${namespace}"`];
    }),
  );
  if (missing.length === 0) return undefined;
  const told = missing.slice(0, MOST_TOLD);
  const rest = missing.length - told.length;
  return `User ${user} cannot ${told.join(', ')}${rest === 0 ? '' : `, and ${rest} more`}`;
}

type Place = Pick<Resource, 'group' | 'plural' | 'namespaced'>;

/** Where the adapter's requests for a resource will be made. */
function placesOf({ namespaced }: Place, namespaces: Watched['namespaces']): readonly string[] {
  return namespaced && namespaces !== 'all' ? namespaces : [CLUSTER];
}

function questions({ group, plural }: Place, namespaces: readonly string[], verbs: readonly string[]): Question[] {
  return namespaces.flatMap((namespace) => verbs.map((verb) => ({ verb, group, resource: plural, namespace })));
}

function everywhere({ group, plural }: Place, verb: string, answers: Answers): boolean {
  return answers({ verb, group, resource: plural, namespace: CLUSTER }) === true;
}
