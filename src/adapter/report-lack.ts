import type { CloudEvent } from '../events/cloud-event.ts';
import type { Lack } from '../events/shaping/payload.ts';
import type { Log } from '../process/log.ts';
import type { AdapterMetrics } from './metrics.ts';

/** Tells of every event that carries less than was asked for. */
export function reportLack({
  log,
  metrics,
}: {
  log: Log;
  metrics: AdapterMetrics;
}): (lack: Lack, event: CloudEvent) => void {
  return (lack, { id, subject }) => {
    metrics.lacking(lack);
    switch (lack) {
      case 'tooLarge':
        log.info({ id, subject }, 'data is larger than maxBytes; the event names the object instead');
        return;
      case 'malformed':
        log.error({ id, subject }, 'object cannot be shaped; the event names it instead');
        return;
      case 'extension':
        log.debug({ id, subject }, 'label or annotation cannot be an extension; the event goes without it');
    }
  };
}
