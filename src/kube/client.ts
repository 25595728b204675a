import type { Readable } from 'node:stream';
import { systemClock } from '../process/clock.ts';
import type { ClusterAccess } from './access.ts';
import { refusal, requireJson } from './answer.ts';
import { KubeError } from './errors.ts';
import { createExchange } from './exchange.ts';
import { type KubeRequest, nameOf } from './request.ts';
import { type KubeStream, openStream } from './stream.ts';
import { failureFromTransport } from './transport-failure.ts';

export type { KubeRequest } from './request.ts';
export type { KubeStream } from './stream.ts';

/** The API server as the rest of the program sees it. Every failure is a KubeError. */
export interface KubeClient {
  /** The URL of the API server, as client-go's `rest.Config.Host` has it. */
  readonly server: string;
  /** The answer, parsed. `T` is what the caller expects: nothing checks it. */
  json<T>(request: KubeRequest): Promise<T>;
  /** The answer as it came: said to be JSON, and not parsed. */
  bytes(request: KubeRequest): Promise<Buffer>;
  /** The answer while it comes. `idleMs` is how long its reader waits for a chunk before it is `silent`. */
  stream(request: KubeRequest & { readonly idleMs: number }): Promise<KubeStream>;
  /** Ends all requests and streams at once, as `aborted`. */
  close(): Promise<void>;
}

/** @param options.userAgent what the API server's audit log and flow control know us by */
export function createKubeClient(access: ClusterAccess, options: { readonly userAgent: string }): KubeClient {
  const exchange = createExchange(access, options.userAgent);

  function failureOf(error: unknown, request: KubeRequest, deadline: AbortSignal): KubeError {
    const name = nameOf(request);
    if (request.signal.aborted) return new KubeError('aborted', `${name} was aborted.`, { cause: error });
    if (deadline.aborted) return new KubeError('timedOut', `${name} was not answered in time.`, { cause: error });
    return error instanceof KubeError ? error : failureFromTransport(error, access.server);
  }

  async function bytes(request: KubeRequest): Promise<Buffer> {
    const deadline = deadlineOf(request);
    try {
      const answer = await exchange.send(request, 'requests', deadline);
      const { statusCode } = answer;
      if (statusCode < 200 || statusCode > 299) throw await refusal(answer, nameOf(request), systemClock.now());
      requireJson(answer, nameOf(request));
      return await whole(answer.body);
    } catch (error) {
      throw failureOf(error, request, deadline);
    }
  }

  async function stream(request: KubeRequest & { readonly idleMs: number }): Promise<KubeStream> {
    const explain = (error: unknown) => failureOf(error, request, request.signal);
    try {
      const answer = await exchange.send(request, 'watches', request.signal);
      if (answer.statusCode !== 200) throw await refusal(answer, nameOf(request), systemClock.now());
      requireJson(answer, nameOf(request));
      return openStream(answer.body, request.idleMs, explain);
    } catch (error) {
      throw explain(error);
    }
  }

  return {
    server: access.server,
    json: async <T>(request: KubeRequest) => parse(await bytes(request), request) as T,
    bytes,
    stream,
    close: () => exchange.close(),
  };
}

async function whole(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function deadlineOf({ signal, timeoutMs }: KubeRequest): AbortSignal {
  return timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

function parse(body: Buffer, request: KubeRequest): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new KubeError('malformed', `The answer to ${nameOf(request)} is not JSON, although it says so.`, { cause });
  }
}
