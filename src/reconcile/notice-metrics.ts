import { Counter, type Registry } from 'prom-client';
import type { NoticeOutcome } from './notices.ts';

const OUTCOMES: readonly NoticeOutcome[] = [
  'created',
  'counted',
  'rateLimited',
  'queueFull',
  'refused',
  'unreachable',
  'stopped',
];

/** Counts what becomes of notices, in `watchbridge_controller_notices_total`. */
export function noticeCounter(registry: Registry): (outcome: NoticeOutcome, times: number) => void {
  const counter = new Counter({
    name: 'watchbridge_controller_notices_total',
    help: 'Kubernetes Events that were to be written, by what became of them.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  // A series that appears with its first increment hides that increment from rate().
  for (const outcome of OUTCOMES) counter.inc({ outcome }, 0);
  return (outcome, times) => counter.inc({ outcome }, times);
}
