import { encodeEvent } from '../src/events/encode.ts';
import { type Mode, type Origin, toCloudEvent } from '../src/events/from-change.ts';
import { createPayload, type PayloadRules } from '../src/events/shaping/payload.ts';
import { readWatchLine } from '../src/watch/watch-line.ts';
import { lineTemplate } from './objects.ts';

/** Bytes of one event of a Pod, on the way in and on the way out. */
interface Transfer {
  readonly what: string;
  /** The line of the watch. */
  readonly read: number;
  /** Head lines and body of the request; those of HTTP itself are left out. */
  readonly sent: number;
}

/**
 * What an event of a Pod of `objectBytes` takes from the API server and to the sink, by what is asked for. Metadata are
 * as kube-apiserver sends them as PartialObjectMetadata: `managedFields` included, of which no request is rid.
 */
export function transfers(objectBytes: number, origin: Origin, rules: PayloadRules): Transfer[] {
  const whole = lineTemplate('MODIFIED', objectBytes).bytes;
  const partial = metadataOf(whole);
  return [
    transfer('whole objects', whole, origin, rules, 'Resource'),
    transfer('managedFields: Drop', whole, origin, { ...rules, dropManagedFields: true }, 'Resource'),
    transfer('fields: [status.phase]', whole, origin, { ...rules, fields: [['status', 'phase']] }, 'Resource'),
    transfer('mode: Reference', partial, origin, rules, 'Reference'),
  ];
}

function transfer(what: string, line: Buffer, origin: Origin, rules: PayloadRules, mode: Mode): Transfer {
  const read = readWatchLine(line.subarray(0, -1));
  if (read.is !== 'object') throw new Error(`This is no line of a watch: ${line.toString()}`);
  const change = { type: 'update', object: read.head, body: read.bytes, before: undefined, foundBy: 'watch' } as const;
  const as = { ...origin, mode };
  const { event } = createPayload(rules, as).data(toCloudEvent(change, as, { epoch: 0, now: 0 }), change);
  const { head, body } = encodeEvent(event, 'binary');
  return { what, read: line.length, sent: head.length + body.length };
}

function metadataOf(line: Buffer): Buffer {
  const { type, object } = JSON.parse(line.toString()) as { type: string; object: { metadata: object } };
  const { metadata } = object;
  const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  return Buffer.from(`${JSON.stringify({ type, object: partial })}\n`);
}
