import type { Lanes } from '../delivery/lanes.ts';
import type { Log } from '../process/log.ts';
import { decodeGapNotes, encodeGapNotes, GAPS_ANNOTATION, type GapNote } from './gap-notes.ts';

/** Sends gap events, and keeps those that are not settled in the source's Lease. */
export interface GapAnnouncer {
  announce(note: GapNote): void;
  /** The annotation, where it is to be written, and what to call once it is. */
  due(): { readonly annotations: Readonly<Record<string, string>>; readonly written: () => void };
}

/** @param stored the annotation as the last holder of the Lease left it: what it could not announce is announced now */
export function createGapAnnouncer(
  { lanes, log }: { readonly lanes: Pick<Lanes, 'send'>; readonly log: Log },
  stored: string | undefined,
): GapAnnouncer {
  const unsettled = new Map<string, GapNote>();
  let written = stored ?? '[]';
  /** A write that has no answer yet, or none that came: who knows what the Lease says. */
  let isUnknown = false;
  let told = 0;

  const announce = (note: GapNote): void => {
    const { lane, event } = note;
    unsettled.set(event.id, note);
    lanes.send({ lane, event, settled: () => unsettled.delete(event.id) });
  };

  const left = decodeGapNotes(stored);
  if (left === undefined) log.error({ annotation: GAPS_ANNOTATION }, 'stored gap events cannot be read; they are lost');
  else for (const note of left) announce(note);

  return {
    announce,
    due: () => {
      const { text, left: unkept } = encodeGapNotes(unsettled.values());
      if (unkept > told) log.error({ unkept }, 'more gap events wait than are kept; a crash now would lose the oldest');
      told = unkept;
      const isDue = text !== written || isUnknown;
      if (isDue) isUnknown = true;
      return {
        annotations: isDue ? { [GAPS_ANNOTATION]: text } : {},
        written: () => {
          written = text;
          isUnknown = false;
        },
      };
    },
  };
}
