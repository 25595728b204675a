import type { Findings, Prospect } from './preview-report.ts';
import type { Rights } from './rights.ts';
import type { Sample } from './samples.ts';
import { table } from './table.ts';

/** How a heading is set off: in bold on a terminal. */
export type Heading = (text: string) => string;

/**
 * What is known beforehand, for people.
 * @param grants as YAML; empty where nothing is to be granted
 */
export function prospectText(prospect: Prospect, grants: string, heading: Heading): string {
  const { source, server, streams, rights, warnings } = prospect;
  const rows = streams.map(({ kind, resource, scope, selectors }) => [kind, resource, scope, selectors || 'all']);
  return joined([
    `ApiServerSource ${source}, as its adapter would watch ${server}. Nothing is sent and nothing is written.`,
    ...warnings,
    section(heading('Streams'), table(['KIND', 'RESOURCE', 'SCOPE', 'OBJECTS'], rows)),
    section(heading('Rights to get, list and watch'), [
      rightsText('you', rights.you),
      rightsText('the source', rights.serviceAccount),
    ]),
    ...(grants === '' ? [] : [`${heading('What would grant them, for kubectl apply')}\n${grants.trimEnd()}`]),
  ]);
}

/** What was seen, for people. */
export function findingsText(findings: Findings, heading: Heading): string {
  const { seconds, established, total, problems, changes, all, dropped, lacks, secrets, samples } = findings;
  const start = all.eventsAtStart === 0 ? '' : `, ${all.eventsAtStart} of them about what existed at the start`;
  return joined([
    `Watched for ${seconds} s; ${established} of ${total} streams were established.`,
    ...problems,
    section(heading('Events'), [
      ...table(
        ['RESOURCE', 'TYPE', 'EVENTS', 'PER SECOND', 'BYTES', 'MEDIAN', 'P99', 'LARGEST'],
        [
          ...findings.events.map((it) => [it.resource, it.type, it.events, it.perSecond, ...sizes(it)]),
          ['all', '', all.events, all.perSecond, ...sizes(all)],
        ],
      ),
      `${changes} changes were found and ${all.events} events would be sent${start}.`,
    ]),
    section(
      heading('Not told'),
      dropped.length === 0
        ? ['nothing']
        : table(
            ['REASON', 'OBJECTS', 'MEANING'],
            dropped.map((it) => [it.reason, it.objects, it.meaning]),
          ),
    ),
    ...(lacks.length === 0
      ? []
      : [
          section(
            heading('Lacking data, and expressions that came to nothing'),
            table(
              ['WHAT', 'TIMES'],
              lacks.map((it) => [it.what, it.times]),
            ),
          ),
        ]),
    ...(secrets === 'not watched' ? [] : [section(heading('Secrets'), [SECRETS[secrets]])]),
    ...samples.map((sample, i) => section(heading(`Sample ${i + 1}`), sampleLines(sample))),
  ]);
}

const SECRETS = {
  redacted: 'their values are replaced by digests before anything leaves the adapter',
  'clear text': 'their values are sent as they are (payload.secrets is ClearText)',
};

function sizes({ bytes, medianBytes, p99Bytes, largestBytes }: Findings['all']): readonly number[] {
  return [bytes, medianBytes, p99Bytes, largestBytes];
}

function rightsText(who: string, rights: Rights): string {
  switch (rights.is) {
    case 'enough':
      return `${who} (${rights.user}): enough`;
    case 'missing':
      return `${who}: ${rights.sentence}`;
    case 'unknown':
      return `${who} (${rights.user}): not known, as you may not ask. ${rights.why}`;
  }
}

function sampleLines({ attributes, data, bytes }: Sample): string[] {
  return [...Object.entries(attributes).map(([name, value]) => `${name}: ${value}`), `data (${bytes} bytes): ${data}`];
}

function section(heading: string, lines: readonly string[]): string {
  return [heading, ...lines.map((line) => `  ${line}`)].join('\n');
}

function joined(sections: readonly string[]): string {
  return `${sections.join('\n\n')}\n`;
}
