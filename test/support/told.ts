import type { Received } from './recording-sink.ts';

/** What one event said about one object. */
export interface Told {
  readonly type: 'add' | 'update' | 'delete';
  /** `namespace/name`; nothing before the slash for a cluster-scoped kind. */
  readonly object: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** `source` and `id`: what CloudEvents calls the identity of an event. */
  readonly identity: string;
  /** Whether the sink answered 2xx. */
  readonly accepted: boolean;
}

/** Reads events in binary or batched content mode. Throws at what is no event of an API server source. */
export function toldBy(received: readonly Received[]): Told[] {
  return received.flatMap(({ headers, body, status }) => {
    const accepted = status !== undefined && status >= 200 && status < 300;
    if (headers['content-type']?.startsWith('application/cloudevents-batch+json') !== true)
      return [toldIn((name) => headers[`ce-${name}`], accepted)];
    const events = JSON.parse(body.toString()) as readonly Record<string, unknown>[];
    return events.map((event) => toldIn((name) => event[name], accepted));
  });
}

function toldIn(read: (name: string) => unknown, accepted: boolean): Told {
  const attribute = (name: string): string => {
    const value = read(name);
    if (typeof value !== 'string') throw new Error(`An event came without ${name}.`);
    return value;
  };
  const type = attribute('type').replace(/^dev\.knative\.apiserver\.(resource|ref)\./, '');
  if (type !== 'add' && type !== 'update' && type !== 'delete') throw new Error(`An event of the type ${type} came.`);
  return {
    type,
    object: `${attribute('namespace')}/${attribute('name')}`,
    uid: attribute('uid'),
    resourceVersion: attribute('resourceversion'),
    identity: `${attribute('source')} ${attribute('id')}`,
    accepted,
  };
}
