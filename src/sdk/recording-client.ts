import type { EventClient, SendResult } from './client.ts';
import { eventFrom, type EventToSend } from './event.ts';

/** A client for tests of an adapter: it keeps events instead of sending them. */
export interface RecordingClient extends EventClient {
  /** What was sent so far, as the sink would have got it; JSON is parsed, other data is text. */
  readonly sent: readonly SentEvent[];
  /** What becomes of each event from here on. At first: delivered. */
  answer(result: SendResult): void;
}

/** An event as a test reads it. */
export interface SentEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly datacontenttype?: string;
  readonly extensions: Readonly<Record<string, string | number | boolean>>;
  readonly data: unknown;
}

/** Events are checked as the real client does; one without an id has the number it was sent as. */
export function createRecordingClient(): RecordingClient {
  const sent: SentEvent[] = [];
  let result: SendResult = { is: 'delivered' };
  return {
    sent,
    answer: (next) => {
      result = next;
    },
    send: async (given: EventToSend) => {
      const { data, ...event } = eventFrom(given, { id: String(sent.length), time: '2026-01-01T00:00:00Z' });
      sent.push({ ...event, data: readable(data) });
      return result;
    },
  };
}

function readable(data: Uint8Array | undefined): unknown {
  if (data === undefined) return undefined;
  const text = Buffer.from(data).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
