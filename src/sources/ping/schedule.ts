import { type CronField, type FieldBounds, readField } from './cron-field.ts';
import { isTimeZone } from './time-zone.ts';

/** When a PingSource fires: at each second whose local time all fields hold. */
export interface Schedule {
  readonly second: CronField;
  readonly minute: CronField;
  readonly hour: CronField;
  readonly dayOfMonth: CronField;
  /** 1 to 12. */
  readonly month: CronField;
  /** 0 is Sunday. */
  readonly dayOfWeek: CronField;
  /** An IANA name. */
  readonly timeZone: string;
}

/** `field`: which one of the spec is wrong; the sentence says why. */
export type ReadSchedule =
  | { readonly is: 'schedule'; readonly schedule: Schedule }
  | { readonly is: 'problem'; readonly field: 'schedule' | 'timezone'; readonly sentence: string };

const BOUNDS: readonly FieldBounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  {
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
    first: 1,
  },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DESCRIPTORS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const EXAMPLE = 'write five fields such as "*/5 * * * *" (minute, hour, day of month, month, day of week)';

/**
 * Reads `spec.schedule` and `spec.timezone` by the rules of upstream's parser (github.com/robfig/cron v3 with optional
 * seconds and descriptors): five fields, or six with seconds before them, or a descriptor; before them perhaps
 * `CRON_TZ=ZONE` or `TZ=ZONE`.
 *
 * @param timezone undefined or empty: UTC
 */
export function readSchedule(text: string, timezone: string | undefined): ReadSchedule {
  const prefix = /^(?:CRON_TZ|TZ)=(\S*)\s*(.*)$/s.exec(text);
  if (prefix !== null && timezone) {
    return wrong(
      'timezone',
      `is ${shown(timezone)}, but spec.schedule names a time zone as well; take one of them out`,
    );
  }
  const [, own = '', rest = text] = prefix ?? [];
  const timeZone = (prefix === null ? timezone : own) || 'UTC';
  if (!isTimeZone(timeZone)) {
    const field = prefix === null ? 'timezone' : 'schedule';
    return wrong(
      field,
      `names no time zone: found ${shown(timeZone)}; write an IANA name such as Europe/Berlin, or UTC`,
    );
  }
  const fields = fieldsOf(rest.trim());
  if (typeof fields === 'string')
    return wrong('schedule', `is no schedule: ${fields}: found ${shown(text)}; ${EXAMPLE}`);
  const read = fields.map((field, i) => readField(field, BOUNDS[i] ?? { min: 0, max: 0 }));
  const problem = read.find((field) => 'problem' in field)?.problem;
  if (problem !== undefined) return wrong('schedule', `is no schedule: ${problem}: found ${shown(text)}; ${EXAMPLE}`);
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = read as readonly CronField[];
  if (!second || !minute || !hour || !dayOfMonth || !month || !dayOfWeek) throw new Error('There are six fields.');
  return { is: 'schedule', schedule: { second, minute, hour, dayOfMonth, month, dayOfWeek, timeZone } };
}

/** Six fields, or what is wrong with their number. */
function fieldsOf(text: string): readonly string[] | string {
  if (text === '') return 'empty spec string';
  if (text.includes('@every')) return 'unsupported descriptor @every';
  if (text.startsWith('@')) {
    const meaning = DESCRIPTORS.get(text);
    return meaning === undefined ? `unrecognized descriptor: ${text}` : ['0', ...meaning.split(' ')];
  }
  const fields = text.split(/\s+/);
  if (fields.length === 5) return ['0', ...fields];
  return fields.length === 6 ? fields : `expected 5 to 6 fields, found ${fields.length}: [${fields.join(' ')}]`;
}

function wrong(field: 'schedule' | 'timezone', clause: string): ReadSchedule {
  return { is: 'problem', field, sentence: `spec.${field} ${clause}.` };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 128 ? `${text.slice(0, 127)}…` : text);
}
