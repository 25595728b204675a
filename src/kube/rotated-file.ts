import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../process/clock.ts';
import { KubeError } from './errors.ts';

/** A file that somebody else replaces from time to time. */
export interface RotatedFile {
  /**
   * What the file says, at most 60 s old (client-go reads tokens as often). While it cannot be read or makes no sense,
   * the last good text; @throws KubeError `credentials` if there was none.
   */
  read(): Promise<string>;
  /** The next `read` opens the file, whatever its age. */
  forget(): void;
}

const MAX_AGE_MS = 60_000;

/** @param parse what the file's content means, or undefined if it makes no sense */
export function createRotatedFile(
  path: string,
  parse: (content: string) => string | undefined,
  clock: Pick<Clock, 'monotonic'>,
): RotatedFile {
  let good: string | undefined;
  let readAt = -Infinity;

  return {
    async read() {
      if (good !== undefined && clock.monotonic() - readAt < MAX_AGE_MS) return good;
      const askedAt = clock.monotonic();
      try {
        const text = parse(await readFile(path, 'utf8'));
        if (text === undefined) throw new Error('its content makes no sense');
        good = text;
        readAt = askedAt;
      } catch (cause) {
        if (good === undefined) throw unreadable(path, cause);
      }
      return good;
    },
    forget() {
      readAt = -Infinity;
    },
  };
}

/** A bearer token, without the newline that editors and `echo` add; it must fit into a header. */
export function parseToken(content: string): string | undefined {
  const token = content.trim();
  return /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

/** A certificate authority bundle: one certificate or more, and none of them cut or garbled. */
export function parseCertificates(content: string): string | undefined {
  const begins = content.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const certificates = content.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return begins > 0 && certificates.length === begins && certificates.every(isCertificate) ? content : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

function unreadable(path: string, cause: unknown): KubeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KubeError('credentials', `The file ${path} cannot be used: ${why}.`, { cause });
}
