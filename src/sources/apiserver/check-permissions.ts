import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../process/clock.ts';
import {
  type Account,
  type Answers,
  missingRights,
  nextQuestions,
  type Question,
  type Watched,
} from './permissions.ts';

/** Asks the API server what accounts may, and remembers what it said. */
export interface PermissionChecks {
  /**
   * What is missing for an account to watch all this, as a sentence; undefined where nothing is.
   * @throws KubeError when the API server could not say
   */
  missing(account: Account, watched: Watched, signal: AbortSignal): Promise<string | undefined>;
  /** Whether an account may do one thing. @throws KubeError */
  allowed(account: Account, question: Question, signal: AbortSignal): Promise<boolean>;
  /**
   * To be called when a role or a binding changed: what that can have changed is asked anew.
   * @param namespace of a Role or RoleBinding; undefined: of none, and so of all
   */
  forget(namespace: string | undefined): void;
}

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const AT_ONCE = 8;
const ANSWER_WITHIN_MS = 10_000;
/**
 * An API server can ask others than RBAC (a webhook, node rules), and nobody tells us when those change their minds.
 * Besides, it hears of a new Role no sooner than we do: a refusal may be by what was before, so it counts for as long as
 * it takes to reconcile all sources after one change.
 */
const ALLOWED_MS = 10 * 60_000;
const REFUSED_MS = 500;

export function createPermissionChecks(kube: Pick<KubeClient, 'json'>, clock: Clock): PermissionChecks {
  let known = new Map<string, { readonly allowed: boolean; readonly since: number }>();
  /** What is being asked: sources of one account that come together share the answer. */
  let asking = new Map<string, Promise<boolean>>();

  const answersOf = ({ user }: Account): Answers => {
    const now = clock.monotonic();
    const remembered = known;
    return (question) => {
      const answer = remembered.get(keyOf(user, question));
      if (answer === undefined) return undefined;
      return now - answer.since > (answer.allowed ? ALLOWED_MS : REFUSED_MS) ? undefined : answer.allowed;
    };
  };

  const ask = async (account: Account, question: Question, signal: AbortSignal): Promise<boolean> => {
    const key = keyOf(account.user, question);
    const here = asking;
    const asked = here.get(key) ?? review(account, question, signal);
    here.set(key, asked);
    try {
      return await asked;
    } finally {
      here.delete(key);
    }
  };

  const review = async (account: Account, question: Question, signal: AbortSignal): Promise<boolean> => {
    const { verb, group, resource, namespace } = question;
    const remembered = known;
    const { status } = await kube.json<{ readonly status?: { readonly allowed?: boolean } }>({
      method: 'POST',
      path: REVIEWS,
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { ...account, resourceAttributes: { namespace, verb, group, resource } },
      },
      signal,
      timeoutMs: ANSWER_WITHIN_MS,
    });
    // Into the memory that was there when we asked: what was true before a change must not outlive it.
    const allowed = status?.allowed === true;
    remembered.set(keyOf(account.user, question), { allowed, since: clock.monotonic() });
    return allowed;
  };

  const askAll = async (
    account: Account,
    questions: readonly Question[],
    hear: (question: Question, isAllowed: boolean) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const waiting = questions[Symbol.iterator]();
    const one = async (): Promise<void> => {
      for (const question of waiting) hear(question, await ask(account, question, signal));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  };

  return {
    missing: async (account, watched, signal) => {
      const remembered = answersOf(account);
      // What is asked here counts until the end of it, however long that takes.
      const heard = new Map<string, boolean>();
      const answers: Answers = (question) => heard.get(keyOf('', question)) ?? remembered(question);
      for (;;) {
        const questions = nextQuestions(watched, answers);
        if (questions.length === 0) return missingRights(account, watched, answers);
        await askAll(account, questions, (question, is) => heard.set(keyOf('', question), is), signal);
      }
    },
    allowed: async (account, question, signal) =>
      answersOf(account)(question) ?? (await ask(account, question, signal)),
    forget: (namespace) => {
      const others = namespace === undefined ? [] : [...known].filter(([key]) => !key.endsWith(` ${namespace}`));
      known = new Map(others);
      asking = new Map();
    },
  };
}

function keyOf(user: string, { verb, group, resource, namespace }: Question): string {
  return [user, verb, group, resource, namespace].join(' ');
}
