import type { Outcome } from '../../src/delivery/outcome.ts';

export const TAKEN: Outcome = { is: 'answered', status: 202, retryAfter: undefined, body: undefined };
export const RESET: Outcome = { is: 'failed', reason: 'reset', detail: 'ECONNRESET' };
export const TIMEOUT: Outcome = { is: 'failed', reason: 'timeout', detail: 'no answer' };

export function status(code: number, retryAfter?: string): Outcome {
  return { is: 'answered', status: code, retryAfter, body: Buffer.from(`status ${code}`) };
}
