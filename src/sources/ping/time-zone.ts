/**
 * Offsets of time zones, by the tables that Node.js carries. The answer depends on nothing but the arguments; what was
 * asked is kept, as asking is dear.
 */

/** All zones change their offset at a full quarter of an hour in UTC; those of today, at least. */
export const QUARTER_MS = 900_000;

const MOST_REMEMBERED = 4_096;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** By quarter since the epoch. */
  readonly offsets: Map<number, number>;
}

const zones = new Map<string, Zone>();

export function isTimeZone(name: string): boolean {
  // An offset is taken by Intl and by nobody else.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return formatOf(name).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Local time minus UTC in milliseconds. @param instant milliseconds since the epoch @throws RangeError for no zone */
export function offsetAt(timeZone: string, instant: number): number {
  if (timeZone === 'UTC') return 0;
  const zone = zoneOf(timeZone);
  const quarter = Math.floor(instant / QUARTER_MS);
  const known = zone.offsets.get(quarter);
  if (known !== undefined) return known;
  if (zone.offsets.size >= MOST_REMEMBERED) zone.offsets.clear();
  const offset = askOffset(zone.format, quarter * QUARTER_MS);
  zone.offsets.set(quarter, offset);
  return offset;
}

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const zone: Zone = { format: formatOf(timeZone), offsets: new Map() };
  zones.set(timeZone, zone);
  return zone;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
}

/** From the part `GMT`, `GMT+05:30` or `GMT-00:44:30`. */
function askOffset(format: Intl.DateTimeFormat, instant: number): number {
  const text = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /^GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === '-' ? -ms : ms;
}
