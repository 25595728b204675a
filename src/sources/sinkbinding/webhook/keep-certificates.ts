import type { KubeClient } from '../../../kube/client.ts';
import { createByName } from '../../../kube/create-by-name.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Clock } from '../../../process/clock.ts';
import { type KeyPair, makeAuthority, namesOf, readPair, signServer } from './certificates.ts';
import { type Held, nextStep } from './rotation.ts';

/** Where the certificates are kept. */
export interface SecretAddress {
  readonly namespace: string;
  readonly name: string;
}

export interface Kept {
  /** PEM, of all authorities that are trusted. */
  readonly authorities: string;
  /** When to look again. */
  readonly afterMs: number;
}

/** As kubelet mounts it; the server reads the two of `tls`. */
interface Secret {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Certificates {
  readonly authorities: readonly KeyPair[];
  readonly server: KeyPair | undefined;
}

const TIMEOUT_MS = 10_000;
const PEM = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----\n?/g;

/**
 * Makes and renews the certificates of the webhook in a Secret.
 *
 * @param names that the server is called by
 * @throws KubeError `conflict` where somebody else wrote meanwhile
 */
export async function keepCertificates(
  { kube, clock }: { readonly kube: KubeClient; readonly clock: Clock },
  at: SecretAddress,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Kept> {
  const secret = await readSecret(kube, at, signal);
  const before = certificatesIn(secret?.data ?? {});
  let now = before;
  for (;;) {
    const step = nextStep(held(now), names, clock.now());
    if (step.is === 'wait') {
      if (now !== before) await writeSecret(kube, at, secret, now, signal);
      return { authorities: now.authorities.map(({ cert }) => cert).join(''), afterMs: step.ms };
    }
    now = await taken(now, step, names, clock.now());
  }
}

async function taken(
  { authorities, server }: Certificates,
  step: Exclude<ReturnType<typeof nextStep>, { is: 'wait' }>,
  names: readonly string[],
  now: number,
): Promise<Certificates> {
  switch (step.is) {
    case 'makeAuthority':
      return { authorities: [...authorities, await makeAuthority(now)], server };
    case 'dropAuthority':
      return { authorities: authorities.filter((_, i) => i !== step.authority), server };
    case 'signServer': {
      const authority = authorities[step.authority];
      if (authority === undefined) throw new Error('A server certificate is to be signed by an authority that is not.');
      return { authorities, server: await signServer(authority, names, now) };
    }
  }
}

function held({ authorities, server }: Certificates): Held {
  const read = authorities.map(({ cert, key }) => readPair(cert, key));
  const certificate = server && readPair(server.cert, server.key);
  const authority = read.findIndex((it) => it !== undefined && certificate?.verify(it.publicKey) === true);
  return {
    // One that cannot be read has expired.
    authorities: read.map((it) => validityOf(it)),
    server:
      certificate === undefined || authority < 0
        ? undefined
        : { ...validityOf(certificate), names: namesOf(certificate), authority },
  };
}

function validityOf(certificate: ReturnType<typeof readPair>): {
  readonly notBefore: number;
  readonly notAfter: number;
} {
  if (certificate === undefined) return { notBefore: 0, notAfter: 0 };
  return { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() };
}

function certificatesIn(data: Readonly<Record<string, string>>): Certificates {
  const pems = (field: string): readonly string[] =>
    Buffer.from(data[field] ?? '', 'base64')
      .toString()
      .match(PEM) ?? [];
  const keys = pems('ca.key');
  const [cert] = pems('tls.crt');
  const [key] = pems('tls.key');
  return {
    authorities: pems('ca.crt').map((it, i) => ({ cert: it, key: keys[i] ?? '' })),
    server: cert === undefined || key === undefined ? undefined : { cert, key },
  };
}

function pathOf({ namespace, name }: SecretAddress): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
}

async function readSecret(kube: KubeClient, at: SecretAddress, signal: AbortSignal): Promise<Secret | undefined> {
  try {
    return await kube.json<Secret>({ path: pathOf(at), signal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof KubeError && error.code === 'notFound') return undefined;
    throw error;
  }
}

async function writeSecret(
  kube: KubeClient,
  at: SecretAddress,
  secret: Secret | undefined,
  { authorities, server }: Certificates,
  signal: AbortSignal,
): Promise<void> {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const data = {
    'ca.crt': encoded(authorities.map(({ cert }) => cert).join('')),
    'ca.key': encoded(authorities.map(({ key }) => key).join('')),
    'tls.crt': encoded(server?.cert ?? ''),
    'tls.key': encoded(server?.key ?? ''),
  };
  const options = { signal, timeoutMs: TIMEOUT_MS };
  const path = pathOf(at);
  const resourceVersion = secret?.metadata?.resourceVersion;
  if (resourceVersion === undefined) {
    const labels = { 'app.kubernetes.io/name': 'watchbridge' };
    const fresh = { apiVersion: 'v1', kind: 'Secret', metadata: { ...at, labels }, type: 'Opaque', data };
    await createByName(kube, path, fresh, 'watchbridge', options);
    return;
  }
  const contentType = 'application/merge-patch+json';
  await kube.json({ ...options, method: 'PATCH', path, contentType, body: { metadata: { resourceVersion }, data } });
}
