import type { IncomingMessage, RequestListener } from 'node:http';
import type { Clock } from '../../../process/clock.ts';
import type { Log } from '../../../process/log.ts';
import type { ReviewOutcome, WebhookMetrics } from './metrics.ts';
import { answerTo, readReview } from './review.ts';
import type { Reviewer } from './reviewer.ts';

/** An object has 1.5 MiB at most (etcd), and an update brings two. */
const LONGEST_BODY = 4 * 1024 * 1024;
/** The API server has gone on by then. */
const TIMEOUT_MS = 2_000;
const SAME_DEADLINE_MS = 100;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly outcome: ReviewOutcome;
}

/** Answers the API server's reviews at `/sinkbindings`. What goes wrong costs the object its sink and nothing else. */
export function reviewHandler(
  reviewer: Pick<Reviewer, 'review'>,
  { clock, log, metrics }: { readonly clock: Clock; readonly log: Log; readonly metrics: WebhookMetrics },
): RequestListener {
  const deadline = createDeadlines(clock);
  return (request, response) => {
    const began = clock.monotonic();
    const finish = ({ status, body, outcome }: Answer): void => {
      metrics.reviewed(outcome, (clock.monotonic() - began) / 1_000);
      const type = status === 200 ? 'application/json' : 'text/plain; charset=utf-8';
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
    };
    answer(request, reviewer, deadline).then(finish, (error: unknown) => {
      log.error(
        { detail: error instanceof Error ? error.message : String(error) },
        'review failed; the object is stored as it is',
      );
      finish({ status: 500, body: 'The review failed.\n', outcome: 'failed' });
    });
  };
}

/** One for all reviews of a moment: a signal and a timer for each cost as much as what they guard. */
function createDeadlines(clock: Clock): () => AbortSignal {
  let last: { readonly madeAt: number; readonly signal: AbortSignal } | undefined;
  return () => {
    const now = clock.monotonic();
    if (last === undefined || now - last.madeAt >= SAME_DEADLINE_MS)
      last = { madeAt: now, signal: AbortSignal.timeout(TIMEOUT_MS) };
    return last.signal;
  };
}

async function answer(
  request: IncomingMessage,
  { review }: Pick<Reviewer, 'review'>,
  deadline: () => AbortSignal,
): Promise<Answer> {
  const refused = (status: number, body: string): Answer => ({ status, body: `${body}\n`, outcome: 'unreadable' });
  if ((request.url ?? '').replace(/\?.*$/, '') !== '/sinkbindings') return refused(404, 'Only /sinkbindings is here.');
  if (request.method !== 'POST') return refused(405, 'Only POST is understood.');
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    return refused(415, 'The body must be JSON.');
  const text = await bodyOf(request);
  if (text === undefined) return refused(413, `The body must have ${LONGEST_BODY} bytes at most.`);
  const read = readReview(text);
  if (read === undefined) return refused(400, 'The body must be an AdmissionReview of an object.');
  const reviewed = await review(read, deadline());
  const patch = reviewed.is === 'patched' ? reviewed.patch : [];
  return { status: 200, body: JSON.stringify(answerTo(read.uid, patch)), outcome: reviewed.is };
}

/** Undefined: it is too long. Rejects where the client breaks off. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= LONGEST_BODY) chunks.push(chunk);
    else resolve(undefined);
  });
  request.on('end', () => resolve(Buffer.concat(chunks).toString()));
  request.on('error', reject);
  return await promise;
}
