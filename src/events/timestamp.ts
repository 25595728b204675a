const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
const MINUTE = 60_000;

/**
 * An RFC 3339 timestamp in UTC, as Go's `time.RFC3339Nano` writes it: at most nine digits of fraction, no trailing
 * zeros, no fraction for whole seconds. Undefined where `text` is no such timestamp; leap seconds are not known.
 */
export function utcTimestamp(text: string): string | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', fraction = '', sign, hours = '0', minutes = '0'] = match;
  const local = new Date(`${date}T${time}Z`);
  // Date turns February 30 into March 2; what it does not give back unchanged is no date.
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(`${date}T${time}`)) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE * (sign === '-' ? -1 : 1);
  const digits = fraction.slice(0, 9).replace(/0+$/, '');
  return `${seconds(new Date(local.getTime() - offset))}${digits === '' ? '' : `.${digits}`}Z`;
}

/** `2020-01-01T08:00:00`. An offset can carry a time into the year 10000, which ISO 8601 writes as `+010000`. */
function seconds(time: Date): string {
  return time.toISOString().slice(0, -'.000Z'.length).replace(/^\+0*/, '');
}
