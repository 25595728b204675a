/** Lines as zap's development logger writes them: time, level, name, message and fields. */
export function logLine(
  name: string,
  message: string,
  fields: Readonly<Record<string, unknown>> | undefined,
  at: Date,
): string {
  const columns = [localTime(at), 'INFO', name, message];
  // Blanks between fields, and none inside their values.
  const texts = Object.entries(fields ?? {}).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  if (texts.length > 0) columns.push(`{${texts.join(', ')}}`);
  return `${columns.join('\t')}\n`;
}

/** `2022-09-15T06:58:43.895+0900` */
function localTime(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, -1);
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${offset < 0 ? '-' : '+'}${twoDigits(hours)}${twoDigits(minutes)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
