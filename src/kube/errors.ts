import { printable } from './printable.ts';
import { parseRetryAfter } from './retry-after.ts';

/**
 * What went wrong between us and the API server.
 *
 * - `unreachable`: no connection, or it broke in the middle (name, route, TLS, reset, a body cut short).
 * - `timedOut`: connected, but no complete answer in time; also the server's own 504.
 * - `silent`: a stream without a byte for longer than it may be.
 * - `unauthorized`, `forbidden`, `notFound`, `conflict`, `alreadyExists`, `throttled`: as HTTP has them.
 * - `expired`: the resourceVersion or continue token is too old (410).
 * - `tooLargeResourceVersion`: the server has not seen that resourceVersion yet, or never will.
 * - `invalid`: the server refuses the request itself (other 4xx).
 * - `serverError`: other 5xx.
 * - `malformed`: an answer that no API server gives; usually a proxy in between.
 * - `credentials`: ours cannot be found or read.
 * - `aborted`: we ended it.
 */
export type KubeFailureCode =
  | 'unreachable'
  | 'timedOut'
  | 'silent'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'expired'
  | 'tooLargeResourceVersion'
  | 'conflict'
  | 'alreadyExists'
  | 'invalid'
  | 'throttled'
  | 'serverError'
  | 'malformed'
  | 'credentials'
  | 'aborted';

/**
 * What may help. `retry`: the same request, after a backoff. `wait`: the same request, seldom, because somebody has to
 * act first (grant a right, install a kind, renew a login). `giveUp`: never the same request again.
 */
export type KubeAdvice = 'retry' | 'wait' | 'giveUp';

const ADVICE: Readonly<Record<KubeFailureCode, KubeAdvice>> = {
  unreachable: 'retry',
  timedOut: 'retry',
  silent: 'retry',
  unauthorized: 'wait',
  forbidden: 'wait',
  notFound: 'wait',
  expired: 'giveUp',
  tooLargeResourceVersion: 'retry',
  conflict: 'giveUp',
  alreadyExists: 'giveUp',
  invalid: 'giveUp',
  throttled: 'retry',
  serverError: 'retry',
  malformed: 'retry',
  credentials: 'wait',
  aborted: 'giveUp',
};

interface KubeErrorDetails {
  readonly cause?: unknown;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The only error that this folder throws on purpose. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeFailureCode;
  readonly advice: KubeAdvice;
  /** The HTTP status, or `Status.code` of an ERROR event inside a watch. */
  readonly status: number | undefined;
  /** `Status.reason`, as the server gave it: `Forbidden`, `Expired`. */
  readonly reason: string | undefined;
  /** How long the server asks us to stay away, 1,000 to 60,000 ms. */
  readonly retryAfterMs: number | undefined;

  constructor(code: KubeFailureCode, message: string, details: KubeErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.advice = ADVICE[code];
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/**
 * The failure behind an answer that is not 2xx, or behind an ERROR event inside a watch (then the status is
 * `Status.code`; anything that is not an HTTP status counts as 500).
 *
 * @param body the `Status` object, or the text that came instead of one
 * @param retryAfter the Retry-After header, seconds or an HTTP date; a date counts only with `context.now`
 * @param context what was asked (`GET /api/v1/pods`), for the message, and the time in milliseconds since the epoch
 */
export function failureFromStatus(
  httpStatus: number,
  body: unknown,
  retryAfter?: string,
  context: { readonly request?: string; readonly now?: number } = {},
): KubeError {
  const status = httpStatus >= 100 && httpStatus <= 599 ? Math.trunc(httpStatus) : 500;
  const { reason, message, details } = statusFields(body);
  const answer = [`${context.request ?? 'The request'} was answered ${status}`, reason].filter(Boolean).join(' ');
  return new KubeError(codeOf(status, reason, details), message === '' ? answer : `${answer}: ${printable(message)}`, {
    status,
    reason,
    retryAfterMs: clampedRetryAfter(retryAfter ?? String(details['retryAfterSeconds']), context.now),
    ...(isRecord(body) && { cause: body }),
  });
}

/** The reasons that say more than the HTTP status does (metav1.StatusReason in apimachinery's types.go). */
const BY_REASON: ReadonlyMap<string | undefined, KubeFailureCode> = new Map([
  ['AlreadyExists', 'alreadyExists'],
  ['Expired', 'expired'],
  ['Timeout', 'timedOut'],
]);

const BY_STATUS: ReadonlyMap<number, KubeFailureCode> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'notFound'],
  [408, 'timedOut'],
  [409, 'conflict'],
  [410, 'expired'],
  [429, 'throttled'],
  [504, 'timedOut'],
]);

function codeOf(status: number, reason: string | undefined, details: Record<string, unknown>): KubeFailureCode {
  if (hasCause(details, 'ResourceVersionTooLarge')) return 'tooLargeResourceVersion';
  return BY_REASON.get(reason) ?? BY_STATUS.get(status) ?? byClass(status);
}

function byClass(status: number): KubeFailureCode {
  if (status >= 500) return 'serverError';
  return status >= 400 ? 'invalid' : 'malformed';
}

function hasCause(details: Record<string, unknown>, reason: string): boolean {
  const { causes } = details;
  return Array.isArray(causes) && causes.some((cause) => isRecord(cause) && cause['reason'] === reason);
}

function statusFields(body: unknown): { reason?: string; message: string; details: Record<string, unknown> } {
  if (typeof body === 'string') return { message: body.trim(), details: {} };
  if (!isRecord(body)) return { message: '', details: {} };
  const { reason, message, details } = body;
  return {
    ...(typeof reason === 'string' && { reason: printable(reason) }),
    message: typeof message === 'string' ? message : '',
    details: isRecord(details) ? details : {},
  };
}

/** Held within 1 to 60 s, so that no server can stop us for a day or make us spin. */
function clampedRetryAfter(text: string, now = NaN): number | undefined {
  const ms = parseRetryAfter(text, now);
  return ms === undefined || Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 1_000), 60_000);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
