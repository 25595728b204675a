import type { CheckedAttributes } from './check-attributes.ts';
import type { ReceivedEvent, SpecVersion } from './received-event.ts';

/** The payload of an event, and whether it came as base64. */
export interface ReceivedData {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
}

/** The event that attributes without problems and data make. */
export function assembleEvent(
  specversion: SpecVersion,
  { core, extensions }: CheckedAttributes,
  data: ReceivedData | undefined,
): ReceivedEvent {
  const subject = core.get('subject');
  const time = core.get('time');
  const datacontenttype = core.get('datacontenttype');
  const dataschema = core.get('dataschema') ?? core.get('schemaurl');
  const datacontentencoding = core.get('datacontentencoding');
  const event = {
    id: core.get('id') ?? '',
    source: core.get('source') ?? '',
    type: core.get('type') ?? '',
    ...(subject !== undefined && { subject }),
    ...(time !== undefined && { time }),
    ...(datacontenttype !== undefined && { datacontenttype }),
    ...(dataschema !== undefined && { dataschema }),
    extensions,
    ...(data !== undefined && { data: data.bytes }),
  };
  const received = { specversion, event, dataIsBinary: data?.isBinary ?? false };
  return datacontentencoding === undefined ? received : { ...received, datacontentencoding };
}
