import { X509Certificate } from 'node:crypto';

/** The PEM certificates in a text, each by itself, and what is wrong with them. */
export interface Certificates {
  readonly certificates: readonly string[];
  /** Without a subject: whoever asks knows what the text is called. */
  readonly problems: readonly string[];
}

export function readCertificates(text: string): Certificates {
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) {
    return {
      certificates,
      problems: ['holds no PEM certificate; it must hold one or more, each from BEGIN CERTIFICATE to END CERTIFICATE'],
    };
  }
  const problems = certificates.flatMap((certificate, index) =>
    isReadable(certificate)
      ? []
      : [
          `has a certificate that cannot be read, number ${index + 1} of ${certificates.length}; write it again from its source`,
        ],
  );
  return { certificates, problems };
}

function isReadable(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).subject !== undefined;
  } catch {
    return false;
  }
}
