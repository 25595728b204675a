import type { CloudEvent } from '../../events/cloud-event.ts';
import { utcTimestamp } from '../../events/timestamp.ts';
import { goJson } from '../../json/go-json.ts';

/** What all heartbeats of a process have. */
export interface Heart {
  readonly source: string;
  readonly type: string;
  readonly label: string;
  /** Empty: there is none. */
  readonly msg: string;
  /** Names in lower case. */
  readonly overrides: Readonly<Record<string, string>>;
}

/**
 * Upstream's event (cmd/heartbeats/main.go), also in the order of what its data holds.
 *
 * @param sequence from 1
 * @param now milliseconds since the epoch
 */
export function heartbeat(heart: Heart, sequence: number, id: string, now: number): CloudEvent {
  const { source, type, label, msg, overrides } = heart;
  const time = utcTimestamp(new Date(now).toISOString());
  return {
    id,
    source,
    type,
    ...(time !== undefined && { time }),
    datacontenttype: 'application/json',
    extensions: { the: 42, heart: 'yes', beats: true, ...overrides },
    data: Buffer.from(goJson({ id: sequence, label, ...(msg !== '' && { msg }) })),
  };
}
