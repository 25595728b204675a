import * as z from 'zod';
import type { CloudEvent } from '../events/cloud-event.ts';

/**
 * The annotation of a source's Lease with the gap events that are not settled. It is written together with the
 * positions: no stored position passes a gap whose event a crash could lose.
 */
export const GAPS_ANNOTATION = 'watchbridge.dev/gaps';

/** An event on its way, and the lane it is sent in. */
export interface GapNote {
  readonly lane: string;
  readonly event: CloudEvent;
}

/** Beside positions of 200 KiB, of the 256 KiB that the API server allows. About 80 gap events. */
const MOST_CHARACTERS = 32 * 1_024;

const gapNotes = z.array(
  z.object({
    lane: z.string(),
    id: z.string(),
    source: z.string(),
    type: z.string(),
    subject: z.string().optional(),
    time: z.string().optional(),
    extensions: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    /** JSON, as text. */
    data: z.string(),
  }),
);

/** The newest notes that fit; `left`: how many do not. */
export function encodeGapNotes(notes: Iterable<GapNote>): { readonly text: string; readonly left: number } {
  const texts: string[] = [];
  let characters = 2;
  const newestFirst = [...notes].toReversed();
  for (const { lane, event } of newestFirst) {
    const { id, source, type, subject, time, extensions } = event;
    const data = Buffer.from(event.data ?? []).toString();
    const text = JSON.stringify({ lane, id, source, type, subject, time, extensions, data });
    characters += text.length + 1;
    if (characters > MOST_CHARACTERS) break;
    texts.push(text);
  }
  return { text: `[${texts.toReversed().join(',')}]`, left: newestFirst.length - texts.length };
}

/** What was written; undefined where it cannot be read. */
export function decodeGapNotes(text: string | undefined): readonly GapNote[] | undefined {
  if (text === undefined) return [];
  try {
    return gapNotes.parse(JSON.parse(text)).map(({ lane, data, subject, time, ...event }) => ({
      lane,
      event: {
        ...event,
        ...(subject !== undefined && { subject }),
        ...(time !== undefined && { time }),
        datacontenttype: 'application/json',
        data: Buffer.from(data),
      },
    }));
  } catch {
    return undefined;
  }
}
