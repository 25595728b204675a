import { KubeError, type KubeFailureCode } from './errors.ts';
import { printable } from './printable.ts';

/**
 * The failure behind an error of Node, of http.ts and http-stream.ts or of undici: no answer came, or not all of it. The sentence names the server and
 * what happened, and ends with the error's own words.
 */
export function failureFromTransport(error: unknown, server: string): KubeError {
  const root = rootOf(error);
  const { code, what } = explain(codeOf(root));
  return new KubeError(code, `${server} ${what} (${printable(wordsOf(root))}).`, { cause: error });
}

interface Explanation {
  readonly code: KubeFailureCode;
  readonly what: string;
}

const CLOSED: Explanation = { code: 'unreachable', what: 'closed the connection before its answer was complete' };
const NO_ROUTE: Explanation = { code: 'unreachable', what: 'cannot be reached from here' };
const NO_NAME: Explanation = { code: 'unreachable', what: 'has a name that cannot be resolved' };
const NO_CONNECTION: Explanation = { code: 'unreachable', what: 'did not take the connection in time' };
const NO_ANSWER: Explanation = { code: 'timedOut', what: 'took the request, but did not answer in time' };
const NO_TRUST: Explanation = {
  code: 'unreachable',
  what: 'could not prove who it is; check the certificate authority, the host name and both clocks',
};
const NO_TLS: Explanation = {
  code: 'unreachable',
  what: 'did not agree on TLS; check that the URL has the right scheme and port',
};
const NO_HTTP: Explanation = {
  code: 'malformed',
  what: 'did not answer with HTTP/1.1; check that the URL has the right scheme and port',
};
const CLIENT_CLOSED: Explanation = { code: 'aborted', what: 'was not asked, because this client is closed' };
const OTHER: Explanation = { code: 'unreachable', what: 'could not be asked' };

const EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map([
  ['ECONNREFUSED', { code: 'unreachable', what: 'refused the connection' }],
  ['ECONNRESET', CLOSED],
  ['EPIPE', CLOSED],
  ['UND_ERR_SOCKET', CLOSED],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', CLOSED],
  // The HTTP parser met the end of the connection in the middle of a chunked body.
  ['HPE_INVALID_EOF_STATE', CLOSED],
  ['EHOSTUNREACH', NO_ROUTE],
  ['ENETUNREACH', NO_ROUTE],
  ['ENOTFOUND', NO_NAME],
  ['EAI_AGAIN', NO_NAME],
  ['ETIMEDOUT', NO_CONNECTION],
  ['UND_ERR_CONNECT_TIMEOUT', NO_CONNECTION],
  ['UND_ERR_HEADERS_TIMEOUT', NO_ANSWER],
  ['UND_ERR_BODY_TIMEOUT', NO_ANSWER],
  ['UND_ERR_HEADERS_OVERFLOW', NO_HTTP],
  ['ANSWER_TIMEOUT', NO_ANSWER],
  ['NOT_HTTP', NO_HTTP],
  ['CLIENT_CLOSED', CLIENT_CLOSED],
  ['UND_ERR_DESTROYED', CLIENT_CLOSED],
  ['ERR_TLS_CERT_ALTNAME_INVALID', NO_TRUST],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', NO_TRUST],
  ['SELF_SIGNED_CERT_IN_CHAIN', NO_TRUST],
  ['UNABLE_TO_GET_ISSUER_CERT', NO_TRUST],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', NO_TRUST],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', NO_TRUST],
  ['EPROTO', NO_TLS],
]);

function explain(code: string): Explanation {
  const known = EXPLANATIONS.get(code);
  if (known !== undefined) return known;
  if (code.startsWith('CERT_')) return NO_TRUST;
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return NO_TLS;
  return code.startsWith('HPE_') ? NO_HTTP : OTHER;
}

/** When every address of a name fails, Node gives all the errors; the first is the one for the preferred address. */
function rootOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words === '' ? codeOf(error) : words;
}
