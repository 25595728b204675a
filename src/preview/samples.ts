import { tellsClearSecrets } from '../adapter/payload-config.ts';
import type { SourceConfig } from '../adapter/source-config.ts';
import type { AttributeValue, CloudEvent } from '../events/cloud-event.ts';
import { printable } from '../kube/printable.ts';

/** An event as a person may see it. */
export interface Sample {
  /** CloudEvents attributes and extensions by name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The first bytes of the data, or why they are not shown. */
  readonly data: string;
  readonly bytes: number;
}

/** Of the data; {@link printable} keeps no more. */
const MOST_BYTES = 240;
const HIDDEN = '(not shown: a Secret in clear text)';
/** What CloudEvents about Secrets are about, whatever overrides say. */
const OF_SECRETS = /^\/apis\/v1\/namespaces\/[^/]*\/secrets\//;

/** Shows an event of a source. With `secrets: ClearText` the sink gets the values of Secrets; a terminal does not. */
export function sampleOf(event: CloudEvent, source: SourceConfig): Sample {
  const { extensions, data = new Uint8Array(0), ...attributes } = event;
  const isClear = tellsClearSecrets(source) && OF_SECRETS.test(event.subject ?? '');
  const taken = new Set([
    ...Object.keys(source.payload?.labelExtensions ?? {}),
    ...Object.keys(source.payload?.annotationExtensions ?? {}),
  ]);
  const named: Record<string, AttributeValue | undefined> = { specversion: '1.0', ...attributes, ...extensions };
  const shown = Object.entries(named).map(([name, value]): [string, string] => [
    name,
    isClear && taken.has(name) ? HIDDEN : printable(String(value)),
  ]);
  const more = data.length > MOST_BYTES ? '…' : '';
  const text = printable(
    Buffer.from(data.subarray(0, MOST_BYTES))
      .toString()
      .replace(/\uFFFD+$/, ''),
  );
  return { attributes: Object.fromEntries(shown), data: isClear ? HIDDEN : `${text}${more}`, bytes: data.length };
}
