import { decodeMessage, type HttpMessage } from '../events/decode.ts';
import type { Problem, ReceivedEvent } from '../events/received-event.ts';
import { printable } from '../kube/printable.ts';

/** A request as far as the answer depends on it; `target` is the path with its query. */
export interface DisplayRequest extends HttpMessage {
  readonly method: string;
  readonly target: string;
}

/** What to answer, and what to print before. `refusal` says to the operator why nothing is printed. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly events: readonly ReceivedEvent[];
  readonly refusal?: string;
}

/** Where probes ask; with a query it is a path like any other, as with upstream. */
export const HEALTH_PATH = '/healthz';

const PLAIN_TEXT = { 'content-type': 'text/plain' };
/** Problems that a refusal spells out; the sender is told all of them. */
const NAMED_PROBLEMS = 10;

/**
 * The answers of Knative's event_display, path by path and code by code, but for three: OPTIONS is 200 with the
 * allowed method, batches are taken, and attributes that upstream fails on with 500 (which makes senders try again) are 400.
 */
export function replyTo(request: DisplayRequest): Reply {
  if (request.target === HEALTH_PATH) return reply(204);
  switch (request.method) {
    case 'OPTIONS':
      return { ...reply(200), headers: { allow: 'POST' } };
    case 'GET':
    case 'DELETE':
      return { ...refuse(405, 'events come by POST'), headers: { allow: 'POST' } };
    default:
      return replyToMessage(request);
  }
}

function replyToMessage(message: HttpMessage): Reply {
  const decoded = decodeMessage(message);
  switch (decoded.is) {
    case 'event':
      return { ...reply(200), events: [decoded.received] };
    case 'batch':
      return { ...reply(200), events: decoded.received };
    case 'not an event':
      return refuse(415, printable(decoded.sentence));
    case 'malformed':
      return refuse(500, printable(decoded.sentence));
    case 'invalid':
      return { ...refuse(400, refusalOf(decoded.problems)), headers: PLAIN_TEXT, text: problemLines(decoded.problems) };
  }
}

/** One line a problem, `id: MUST be a non-empty string`, as upstream answers. */
function problemLines(problems: readonly Problem[]): string {
  return problems.map((problem) => `${sentenceOf(problem)}\n`).join('');
}

function refusalOf(problems: readonly Problem[]): string {
  const named = problems.slice(0, NAMED_PROBLEMS).map(sentenceOf);
  const more = problems.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function sentenceOf({ attribute, sentence }: Problem): string {
  return printable(`${attribute}: ${sentence}`);
}

/** An answer without a body, and the reason for the operator. */
export function refuse(status: number, refusal: string): Reply {
  return { ...reply(status), refusal };
}

function reply(status: number): Reply {
  return { status, headers: {}, text: '', events: [] };
}
