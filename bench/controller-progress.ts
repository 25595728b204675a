import { Agent, request } from 'undici';
import { RoundFailed } from './children.ts';

/** Where an API server is, and how to be its administrator. */
interface Server {
  readonly server: string;
  readonly caPem: string;
  readonly adminToken: string;
}

/** The few fields that are looked at. */
interface Watched {
  readonly metadata: { readonly namespace?: string; readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Wanted {
  /** How many objects. */
  readonly wanted: number;
  readonly carries: 'objects' | 'metadata';
  readonly passes: (object: Watched) => boolean;
}

const LONGEST_MS = 300_000;
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/**
 * Resolves when a watch has shown as many objects that pass as are wanted. A watch costs the API server, which shares
 * the machine, less than asking again and again.
 *
 * @param path of the collection, with its query
 */
export async function untilSeen(
  { server, caPem, adminToken }: Server,
  path: string,
  { wanted, carries, passes }: Wanted,
): Promise<void> {
  const agent = new Agent({ connect: { ca: caPem }, bodyTimeout: 0 });
  const accept = carries === 'metadata' ? METADATA : 'application/json';
  const seen = new Set<string>();
  const late = AbortSignal.timeout(LONGEST_MS);
  try {
    // A watch ends when the definition of its kind changes, as it does a moment after it was installed.
    while (seen.size < wanted) {
      const { body } = await request(`${server}${path}${path.includes('?') ? '&' : '?'}watch=true`, {
        dispatcher: agent,
        headers: { authorization: `Bearer ${adminToken}`, accept },
        signal: late,
      });
      for await (const { object } of events(body)) {
        if (passes(object)) seen.add(`${object.metadata.namespace}/${object.metadata.name}`);
        if (seen.size >= wanted) break;
      }
    }
  } catch (error) {
    if (!late.aborted) throw error;
    throw new RoundFailed(`After ${LONGEST_MS / 1_000} s ${path} shows ${seen.size} of ${wanted} objects.`, '');
  } finally {
    await agent.destroy();
  }
}

/** Whether the controller has said all that it can say where no Pod runs. */
export function isDecided({ status }: Watched): boolean {
  const has = (wanted: string, is: RegExp) =>
    status?.conditions?.some(({ type, status: text }) => type === wanted && is.test(text)) === true;
  return has('SinkProvided', /^True$/) && has('SufficientPermissions', /^True$/) && has('Deployed', /^/);
}

async function* events(body: AsyncIterable<Buffer>): AsyncGenerator<{ readonly object: Watched }> {
  let torn = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (torn + decoder.decode(chunk, { stream: true })).split('\n');
    torn = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as { readonly object: Watched };
  }
}
