import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Clock } from '../process/clock.ts';
import { createPermissionChecks } from '../sources/apiserver/check-permissions.ts';
import {
  type Account,
  missingRights,
  nextQuestions,
  type Question,
  serviceAccount,
  type Watched,
} from '../sources/apiserver/permissions.ts';

/** Whether an account may watch what a source lists. */
export type Rights =
  | { readonly is: 'enough'; readonly user: string }
  /** As the source's condition SufficientPermissions would say it. */
  | { readonly is: 'missing'; readonly user: string; readonly sentence: string }
  /** The API server did not say. */
  | { readonly is: 'unknown'; readonly user: string; readonly why: string };

const AUTHORIZATION = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const ANSWER_WITHIN_MS = 10_000;

/** The rights of the source's ServiceAccount; to ask takes the right to create SubjectAccessReviews. */
export async function accountRights(
  namespace: string,
  name: string,
  watched: Watched,
  io: { readonly kube: Pick<KubeClient, 'json'>; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Rights> {
  const account = serviceAccount(namespace, name);
  const checks = createPermissionChecks(io.kube, io.clock);
  return await verdict(account.user, async () => await checks.missing(account, watched, signal));
}

/** The rights of whoever asks, which takes no right. */
export async function ownRights(
  watched: Watched,
  kube: Pick<KubeClient, 'json'>,
  signal: AbortSignal,
): Promise<Rights> {
  const user = await userName(kube, signal);
  return await verdict(user, async () => {
    const known = new Map<string, boolean>();
    const answers = (question: Question): boolean | undefined => known.get(JSON.stringify(question));
    for (;;) {
      const questions = nextQuestions(watched, answers);
      if (questions.length === 0) return missingRights({ user, groups: [] } satisfies Account, watched, answers);
      const asked = questions.map(async (question) => {
        known.set(JSON.stringify(question), await mayI(question, kube, signal));
      });
      await Promise.all(asked);
    }
  });
}

async function verdict(user: string, missing: () => Promise<string | undefined>): Promise<Rights> {
  try {
    const sentence = await missing();
    return sentence === undefined ? { is: 'enough', user } : { is: 'missing', user, sentence };
  } catch (error) {
    if (error instanceof KubeError && error.code === 'forbidden') return { is: 'unknown', user, why: error.message };
    throw error;
  }
}

async function mayI(
  { namespace, verb, group, resource }: Question,
  kube: Pick<KubeClient, 'json'>,
  signal: AbortSignal,
): Promise<boolean> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace, verb, group, resource } },
  };
  const request = { method: 'POST', path: AUTHORIZATION, body, signal, timeoutMs: ANSWER_WITHIN_MS } as const;
  const { status } = await kube.json<{ readonly status?: { readonly allowed?: boolean } }>(request);
  return status?.allowed === true;
}

/** What the API server calls us; older ones, and some authorizers, do not say. */
async function userName(kube: Pick<KubeClient, 'json'>, signal: AbortSignal): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const request = { method: 'POST', path: AUTHENTICATION, body, signal, timeoutMs: ANSWER_WITHIN_MS } as const;
  try {
    const { status } = await kube.json<{ readonly status?: { readonly userInfo?: { readonly username?: string } } }>(
      request,
    );
    return status?.userInfo?.username ?? 'you';
  } catch (error) {
    if (error instanceof KubeError && (error.code === 'forbidden' || error.code === 'notFound')) return 'you';
    throw error;
  }
}
