import { createMetrics } from '../../src/adapter/metrics.ts';
import { type PayloadConfig, payloadRules } from '../../src/adapter/payload-config.ts';
import type { PipelineIo } from '../../src/adapter/pipeline.ts';
import { reportLack } from '../../src/adapter/report-lack.ts';
import type { Outgoing } from '../../src/delivery/lanes.ts';
import { createPayload } from '../../src/events/shaping/payload.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { recordedLog } from './recorded-log.ts';

/** What streams share, with lanes that deliver at once and a clock that stands still. */
export interface DeliveringIo extends PipelineIo {
  readonly clock: FakeClock;
  readonly sent: readonly Outgoing[];
}

export function deliveringIo(payload?: PayloadConfig): DeliveringIo {
  const sent: Outgoing[] = [];
  const { log } = recordedLog();
  const metrics = createMetrics(() => ({ inFlight: 0, queued: 0, queuedBytes: 0 }));
  return {
    sent,
    lanes: {
      send: (outgoing) => {
        sent.push(outgoing);
        outgoing.settled('delivered');
      },
      room: () => undefined,
      wake: () => undefined,
      idle: async () => undefined,
      gauges: () => ({ inFlight: 0, queued: 0, queuedBytes: 0 }),
    },
    debounce: undefined,
    recent: undefined,
    clock: fakeClock(),
    metrics,
    report: { tell: () => undefined, settled: () => undefined },
    whereabouts: { unselected: async () => new Set() },
    filters: undefined,
    isOwn: () => false,
    payload: (it) => createPayload(payloadRules(payload, 'shop/web', undefined), it),
    lacking: reportLack({ log, metrics }),
  };
}
