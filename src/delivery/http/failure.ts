import type { FailureReason, Outcome } from '../outcome.ts';

const REASONS: ReadonlyMap<string, FailureReason> = new Map([
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['ETIMEDOUT', 'timeout'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
]);

/** What an error of the connection means for the request that it carried. */
export function failure(error: Error): Outcome {
  const code = errorCode(error);
  // Most messages name the code.
  const detail = error.message.includes(code) ? error.message : `${code} ${error.message}`.trim();
  return { is: 'failed', reason: REASONS.get(code) ?? otherReason(code), detail };
}

/** The connection ended in good order, but without an answer. */
export function noAnswer(): Outcome {
  return { is: 'failed', reason: 'reset', detail: 'the connection was closed without an answer' };
}

/** Node.js names what is wrong with a certificate or a handshake by codes that all read like these. */
function otherReason(code: string): FailureReason {
  return /CERT|CRL|TLS|SSL|SIGN|ISSUER|INVALID_CA|PURPOSE|PATH_LENGTH|HOSTNAME|EPROTO/.test(code) ? 'tls' : 'protocol';
}

/** A connection attempt to several addresses fails with an error that holds one error for each. */
function errorCode(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
  return error.code ?? first?.code ?? '';
}
