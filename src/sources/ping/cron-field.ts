/** What one field of a schedule holds: a bit for each number, those up to 31 in `low`. */
export interface CronField {
  readonly low: number;
  readonly high: number;
  /** Whether it says nothing at all: `*`, `?`. */
  readonly star: boolean;
}

/** Which numbers a field can hold, and their names in lower case. */
export interface FieldBounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  /** The number of the first name. */
  readonly first?: number;
}

/** What is wrong is a clause in the words of upstream's parser (github.com/robfig/cron v3, parser.go). */
export type ReadField = CronField | { readonly problem: string };

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly star: boolean;
}

const EMPTY: CronField = { low: 0, high: 0, star: false };

/** Reads a list of `*`, `?`, `a`, `a-b`, each perhaps with `/step`; `a/step` goes on to the highest number. */
export function readField(text: string, bounds: FieldBounds): ReadField {
  const parts = text.split(',').filter((part) => part !== '');
  let field = EMPTY;
  for (const part of parts) {
    const range = readRange(part, bounds);
    if (typeof range === 'string') return { problem: range };
    field = withRange(field, range);
  }
  return field;
}

export function holds({ low, high }: CronField, number: number): boolean {
  return number < 32 ? ((low >>> number) & 1) === 1 : ((high >>> (number - 32)) & 1) === 1;
}

/** The lowest number of the field from `number` to `max`, or undefined. */
export function firstFrom(field: CronField, number: number, max: number): number | undefined {
  for (let it = number; it <= max; it++) if (holds(field, it)) return it;
  return undefined;
}

function withRange(field: CronField, { start, end, step, star }: Range): CronField {
  let { low, high } = field;
  for (let number = start; number <= end; number += step) {
    if (number < 32) low |= 1 << number;
    else high |= 1 << (number - 32);
  }
  return { low, high, star: field.star || star };
}

function readRange(text: string, bounds: FieldBounds): Range | string {
  const [ends = '', stepText, ...more] = text.split('/');
  if (more.length > 0) return `too many slashes: ${text}`;
  const read = readEnds(ends, text, bounds);
  if (typeof read === 'string') return read;
  const step = stepText === undefined ? 1 : readNumber(stepText);
  if (typeof step === 'string') return step;
  const { start, star, isSingle } = read;
  const end = isSingle && stepText !== undefined ? bounds.max : read.end;
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${text}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  if (step === 0) return `step of range should be a positive number: ${text}`;
  // A star that leaves something out is none: it is joined with the other kind of day by "or".
  return { start, end, step, star: star && step === 1 };
}

function readEnds(text: string, part: string, bounds: FieldBounds) {
  const [first = '', last, ...more] = text.split('-');
  const isSingle = last === undefined;
  if (first === '*' || first === '?') return { start: bounds.min, end: bounds.max, star: true, isSingle };
  const start = readNumberOrName(first, bounds);
  if (typeof start === 'string') return start;
  if (more.length > 0) return `too many hyphens: ${part}`;
  const end = last === undefined ? start : readNumberOrName(last, bounds);
  return typeof end === 'string' ? end : { start, end, star: false, isSingle };
}

function readNumberOrName(text: string, { names = [], first = 0 }: FieldBounds): number | string {
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? readNumber(text) : first + index;
}

/** As Go's strconv.Atoi; a hyphen never gets here. */
function readNumber(text: string): number | string {
  if (!/^[+-]?\d+$/.test(text)) return `failed to parse int from ${text}: it is no whole number`;
  const number = Number(text);
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number;
}
