import * as z from 'zod';

/** The annotation of a source's Lease in which its adapter tells the controller how it is doing. */
export const REPORT_ANNOTATION = 'watchbridge.dev/report';

/**
 * How an adapter is doing. `delivery` is `away` while the sink takes nothing, and `failing` where events were dropped
 * or wait for too long; `checkpoint` is `off` where none is kept.
 */
export type SourceReport = z.infer<typeof sourceReport>;

const shortText = z.string().transform((text) => shortened(text));
const count = z.int().min(0);
const time = z.iso.datetime({ offset: true });

const sourceReport = z
  .object({
    streams: z
      .object({
        total: count,
        established: count,
        /** Sentences, of at most three streams that are not established. */
        problems: z.array(shortText).transform((sentences) => sentences.slice(0, MOST_PROBLEMS)),
      })
      .readonly(),
    delivery: z.object({ state: z.enum(['ok', 'away', 'failing']), message: shortText.optional() }).readonly(),
    checkpoint: z.object({ state: z.enum(['ok', 'failing', 'off']), message: shortText.optional() }).readonly(),
    /** When an event was delivered last, to some seconds. */
    lastEventTime: time.optional(),
    /** The age of the oldest change that is not settled; 0 where all are. */
    lagSeconds: z.number().min(0).optional(),
    /** How many gaps there were in the life of the Lease. */
    gaps: count,
    lastGap: z
      .object({
        time,
        /** ListReason of the watch. */
        reason: shortText,
        /** `nothing`, `states` or `deletes`: see StreamNews of the watch. */
        lost: shortText,
      })
      .readonly()
      .optional(),
    /** Values of Secrets are sent as they are. */
    clearSecrets: z.literal(true).optional(),
  })
  .readonly();

export type ReadReport =
  | { readonly is: 'report'; readonly report: SourceReport }
  | { readonly is: 'absent' }
  | { readonly is: 'unusable'; readonly sentence: string };

/** Garbage collection and quota keep the annotations of all objects in memory, so a report stays under 4 KiB. */
const MOST_PROBLEMS = 3;
const MOST_CHARACTERS = 400;

/** As compact JSON. Of problems the first three are told; longer texts are cut. */
export function encodeReport(report: SourceReport): string {
  return JSON.stringify(sourceReport.parse(report));
}

/** Reads the annotation. Fields that a newer adapter adds are left out. */
export function parseReport(text: string | undefined): ReadReport {
  if (text === undefined) return { is: 'absent' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unusable('it is not JSON');
  }
  const read = sourceReport.safeParse(value);
  if (read.success) return { is: 'report', report: read.data };
  const [issue] = read.error.issues;
  return unusable(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'}`);
}

function shortened(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}

function unusable(why: string): ReadReport {
  return { is: 'unusable', sentence: `The report of the adapter cannot be used: ${why}.` };
}
