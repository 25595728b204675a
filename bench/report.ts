import type { Result } from './round.ts';

/** A column of the table; what can be compared between pipelines is a measure, the rest is there to be judged. */
interface Column {
  readonly title: string;
  readonly width: number;
  readonly text: (result: Result) => string;
}

interface Measure {
  readonly title: string;
  readonly width: number;
  readonly digits: number;
  readonly of: (result: Result) => number;
}

const MEASURES: readonly Measure[] = [
  { title: 'events/s', width: 10, digits: 0, of: (result) => result.eventsPerSecond },
  { title: 'CPU us/event', width: 14, digits: 1, of: (result) => result.cpuPerEvent },
  { title: 'peak MB', width: 9, digits: 0, of: (result) => result.peakMemory },
];

const REMARKS: readonly Column[] = [
  { title: 'MB at 25/50/75/100 %', width: 23, text: ({ memory }) => memory.map((value) => fixed(value, 0)).join('/') },
  { title: 'repeated', width: 10, text: ({ counts }) => fixed(counts.repeated, 0) },
  { title: 'altered', width: 9, text: ({ counts }) => fixed(counts.altered, 0) },
  { title: 'feeder us', width: 11, text: (result) => fixed(result.feederCpuPerEvent, 1) },
  { title: 'sink us', width: 9, text: (result) => fixed(result.sinkCpuPerEvent, 1) },
];

const NAME_WIDTH = 26;

export function headerRow(): string {
  return row(
    '',
    [...MEASURES, ...REMARKS].map(({ title, width }) => title.padStart(width)),
  );
}

export function resultRow(name: string, result: Result): string {
  const measured = MEASURES.map(({ width, digits, of }) => fixed(of(result), digits).padStart(width));
  return row(name, [...measured, ...REMARKS.map(({ width, text }) => text(result).padStart(width))]);
}

export function medianRow(name: string, results: readonly Result[]): string {
  return row(
    name,
    MEASURES.map(({ width, digits, of }) => fixed(median(results.map(of)), digits).padStart(width)),
  );
}

export function ratioHeaderRow(): string {
  return row(
    '',
    MEASURES.map(({ title, width }) => title.padStart(width)),
  );
}

/** The median of the ratios taken pair by pair, so that a slow minute of the machine is on both sides of a ratio. */
export function ratioRow(name: string, pairs: readonly (readonly [Result, Result])[]): string {
  const ratios = MEASURES.map(({ width, of }) => {
    const ratio = median(pairs.map(([ours, theirs]) => of(ours) / of(theirs)));
    return `${fixed(ratio, 2)}x`.padStart(width);
  });
  return row(name, ratios);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.join('');
}

function fixed(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
