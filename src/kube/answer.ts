import { failureFromStatus, KubeError } from './errors.ts';
import type { HttpAnswer } from './http.ts';
import { printable } from './printable.ts';

/** More than any Status object needs; a proxy's error page can be of any length. */
const REFUSAL_BYTES = 64 * 1024;
export const REFUSAL_MS = 5_000;

/** Reads why the server refused. @param request what was asked, for the message. @param now ms since the epoch */
export async function refusal(answer: HttpAnswer, request: string, now: number): Promise<KubeError> {
  const text = await textOf(answer);
  return failureFromStatus(answer.statusCode, parsed(text), first(answer.headers['retry-after']), { request, now });
}

/** @throws KubeError `malformed` unless the body says to be JSON, as it is: we ask for no other encoding. */
export function requireJson(answer: HttpAnswer, request: string): void {
  const type = first(answer.headers['content-type']) ?? 'no content type';
  const encoding = first(answer.headers['content-encoding']) ?? 'identity';
  if (/^application\/json\b/i.test(type) && encoding === 'identity') return;
  answer.body.on('error', () => {}).destroy();
  const found = encoding === 'identity' ? type : `${type} in ${encoding}`;
  throw new KubeError(
    'malformed',
    `${request} was answered with ${printable(found)} instead of application/json. Is the URL that of an API server, and what is between?`,
    { status: answer.statusCode },
  );
}

/** Reads a body that nobody wants, so that its connection can be used again; a long one costs the connection. */
export async function discard(answer: HttpAnswer): Promise<void> {
  await textOf(answer).catch(() => '');
}

/** As much of it as comes in time: a status says what matters, and nothing else ends the wait for the rest. */
async function textOf({ body }: HttpAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    body.destroy();
  }, REFUSAL_MS);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= REFUSAL_BYTES) break;
    }
  } catch (error) {
    if (!isLate) throw error;
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
