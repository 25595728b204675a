import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { generate as Generate } from './self-signed.ts';

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export const AUTHORITY_DAYS = 365;
export const SERVER_DAYS = 30;
/** Clocks of API servers may be behind. */
export const SKEW_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** A new authority, whose name no other one has. @param now milliseconds since the epoch */
export async function makeAuthority(now: number): Promise<KeyPair> {
  const name = `watchbridge-webhook ${new Date(now).toISOString()}`;
  return await make(name, {
    ...lifetime(now, AUTHORITY_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** A server certificate for some DNS names and IP addresses. @param now milliseconds since the epoch */
export async function signServer(authority: KeyPair, names: readonly string[], now: number): Promise<KeyPair> {
  return await make('watchbridge-webhook', {
    ...lifetime(now, SERVER_DAYS),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isAddress(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
}

/** A pair that belongs together, or undefined. */
export function readPair(cert: string, key: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(cert);
    return certificate.checkPrivateKey(createPrivateKey(key)) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** The names that a certificate is for. */
export function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName.split(', ').map((it) => it.replace(/^(DNS|IP Address):/, ''));
}

async function make(commonName: string, options: NonNullable<Parameters<typeof Generate>[1]>): Promise<KeyPair> {
  const { generate } = await import('./self-signed.ts');
  const attributes = [{ name: 'commonName', value: commonName }];
  const made = await generate(attributes, { keyType: 'ec', curve: 'P-256', algorithm: 'sha256', ...options });
  // Several are put one after the other.
  return { cert: `${made.cert.trim()}\n`, key: `${made.private.trim()}\n` };
}

function lifetime(now: number, days: number): { readonly notBeforeDate: Date; readonly notAfterDate: Date } {
  return { notBeforeDate: new Date(now - SKEW_MS), notAfterDate: new Date(now + days * DAY_MS) };
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
