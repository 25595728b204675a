import type { CloudEvent } from '../events/cloud-event.ts';

/**
 * An event's data is mostly a slice of the piece that was read from the socket, and keeps all of it alive. An event
 * that has to wait alone is given bytes of its own.
 */
export function owned(event: CloudEvent): CloudEvent {
  const { data } = event;
  if (data === undefined || data.buffer.byteLength <= data.byteLength * 2) return event;
  return { ...event, data: new Uint8Array(data) };
}

/**
 * Gives bytes of their own to events that are little of the pieces that they were read in: few of many that pass a
 * filter would keep all of them alive. Where events are most of a piece, a copy of each would only take more.
 *
 * @param outgoing in the order in which they were read; its events are replaced
 */
export function ownWhereSparse(outgoing: { event: CloudEvent }[]): void {
  for (let start = 0, end = 0; start < outgoing.length; start = end) {
    const piece = outgoing[start]?.event.data?.buffer;
    let used = 0;
    for (; end < outgoing.length && outgoing[end]?.event.data?.buffer === piece; end++)
      used += outgoing[end]?.event.data?.byteLength ?? 0;
    if (piece === undefined || used * 4 >= piece.byteLength * 3) continue;
    for (const it of outgoing.slice(start, end)) it.event = owned(it.event);
  }
}
