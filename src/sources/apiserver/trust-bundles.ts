import { getCACertificates } from 'node:tls';
import { readCertificates } from '../../delivery/certificates.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { SinkAddress } from '../../reconcile/destination.ts';

/** A ConfigMap whose every value is a bundle of PEM certificates (Knative's convention; trust-manager makes such). */
export interface TrustBundle extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const TRUST_BUNDLE_LABEL = 'networking.knative.dev/trust-bundle=true';

/** A variable holds 128 KiB at the most (Linux, MAX_ARG_STRLEN), and a sink may have certificates of its own. */
const MOST_CHARACTERS = 96 * 1024;

/**
 * The authorities that bundles hold, in the order of their names, as one PEM text: each once, and none that Node.js
 * trusts anyway. What cannot be read is left out, and told in sentences.
 */
export function readTrustBundles(bundles: Iterable<TrustBundle>): {
  readonly pem: string;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const known = new Set(getCACertificates('bundled').map(compact));
  const values = Array.from(bundles).flatMap(({ metadata: { namespace, name }, data = {} }) =>
    Object.entries(data).map(([key, text]) => ({ what: `ConfigMap ${namespace}/${name}, ${key}:`, text })),
  );
  const taken = values
    .toSorted((a, b) => (a.what < b.what ? -1 : 1))
    .flatMap(({ what, text }) => {
      const read = readCertificates(text);
      problems.push(...read.problems.map((problem) => `${what} ${problem}.`));
      return read.certificates.filter((certificate) => {
        if (known.has(compact(certificate)) || readCertificates(certificate).problems.length > 0) return false;
        known.add(compact(certificate));
        return true;
      });
    });
  return { pem: taken.join('\n'), problems };
}

/** Why authorities cannot be handed to adapters. */
export function authoritiesProblems(pem: string): string[] {
  if (pem.length <= MOST_CHARACTERS) return [];
  return [
    `The trust bundles (ConfigMaps with the label ${TRUST_BUNDLE_LABEL}) hold ${pem.length} characters of certificates beside the public ones; a variable has room for ${MOST_CHARACTERS}. Take some out.`,
  ];
}

/** An address with the authorities that it may be signed by, where it speaks TLS. */
export function withAuthorities<T extends SinkAddress>(sink: T, pem: string): T {
  if (pem === '' || !/^https:/i.test(sink.uri)) return sink;
  return { ...sink, CACerts: sink.CACerts ? `${sink.CACerts.trimEnd()}\n${pem}` : pem };
}

function compact(certificate: string): string {
  return certificate.replaceAll(/\s/g, '');
}
