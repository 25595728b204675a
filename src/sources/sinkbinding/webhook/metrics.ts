import { Counter, Histogram, type Registry } from 'prom-client';
import type { Reviewed } from './reviewer.ts';

export type ReviewOutcome = Reviewed['is'] | 'unreadable' | 'failed';

export interface WebhookMetrics {
  reviewed(outcome: ReviewOutcome, seconds: number): void;
}

const OUTCOMES: readonly ReviewOutcome[] = ['patched', 'unchanged', 'unbound', 'unresolved', 'unreadable', 'failed'];
/** 20 ms is what it promises; 2 s is when the API server goes on without. */
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2];

export function createWebhookMetrics(registry: Registry): WebhookMetrics {
  const reviews = new Counter({
    name: 'watchbridge_webhook_reviews_total',
    help: 'Objects that the API server asked about, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'watchbridge_webhook_review_seconds',
    help: 'Time that an answer took.',
    buckets: SECONDS,
    registers: [registry],
  });
  for (const outcome of OUTCOMES) reviews.inc({ outcome }, 0);
  return {
    reviewed: (outcome, took) => {
      reviews.inc({ outcome });
      seconds.observe(took);
    },
  };
}
