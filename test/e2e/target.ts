import { derivedName, type DerivedImage } from '../node/derived-name.ts';

/** The cluster that the end-to-end tests run on: that of the environment, or the one that the global set-up started. */
export interface Target {
  readonly kubeconfig: string;
  /** The product's image, under a name that the cluster's nodes find. */
  readonly image: string;
  /** The path or name of kubectl. */
  readonly kubectl: string;
  /** Whether the global set-up started it, on this machine. */
  readonly isOwn: boolean;
}

const KUBECONFIG = 'WATCHBRIDGE_E2E_KUBECONFIG';
const IMAGE = 'WATCHBRIDGE_E2E_IMAGE';
const KUBECTL = 'WATCHBRIDGE_E2E_KUBECTL';
/** By which the global set-up tells the test files that the cluster is its own. */
const OWN = 'WATCHBRIDGE_E2E_OWN';

/** What the environment says; undefined when it names no cluster. Throws when it says half of it. */
export function readTarget(env: NodeJS.ProcessEnv): Target | undefined {
  const kubeconfig = env[KUBECONFIG];
  const image = env[IMAGE];
  if (kubeconfig === undefined && image === undefined) return undefined;
  if (kubeconfig === undefined || image === undefined) {
    throw new Error(`${KUBECONFIG} and ${IMAGE} go together: set both, or neither for a cluster of the tests' own.`);
  }
  return { kubeconfig, image, kubectl: env[KUBECTL] ?? 'kubectl', isOwn: env[OWN] === 'true' };
}

/** For the global set-up: tells the test files, which are processes of their own. */
export function publishTarget(env: NodeJS.ProcessEnv, { kubeconfig, image, kubectl, isOwn }: Target): void {
  env[KUBECONFIG] = kubeconfig;
  env[IMAGE] = image;
  env[KUBECTL] = kubectl;
  env[OWN] = String(isOwn);
}

/** For the test files. */
export function target(): Target {
  const found = readTarget(process.env);
  if (found !== undefined) return found;
  throw new Error('No cluster was started: use "node --test --test-global-setup=test/e2e/global-setup.ts".');
}

/** The image of a program or an example, which is made out of the product's. */
export function imageOf(which: DerivedImage): string {
  return derivedName(target().image, which);
}
