import { print } from './command.ts';
import type { Asked } from './open-loop.ts';
import { quantile } from './quantile.ts';
import type { Verdict } from './webhook-load.ts';

/** The admissions of one part, and the work that they were. */
export interface Part {
  readonly asked: readonly Asked<Verdict>[];
  readonly seconds: number;
  /** What the webhook was asked; through the API server an object is none, one or several reviews. */
  readonly reviews: number;
  /** Microseconds of all that time. */
  readonly cpu: { readonly webhook: number; readonly server: number };
}

export function printDirect({ asked, seconds, reviews, cpu }: Part): void {
  printTitle('the webhook asked directly', asked.length, seconds);
  printSpread('due to answered', asked);
  printLate(asked);
  print(`\nCPU us/review: webhook ${(cpu.webhook / reviews).toFixed(0)}`);
}

export function printThrough({ asked, seconds, reviews, cpu }: Part): void {
  printTitle('objects created through the API server', asked.length, seconds);
  const [yes, no] = [true, false].map((is) => asked.filter(({ answer }) => answer.case.isAsked === is));
  printSpread('due to answered, webhook asked', yes ?? []);
  printSpread('due to answered, webhook not asked', no ?? []);
  printLate(asked);
  const server = (cpu.server / asked.length).toFixed(0);
  print(
    `\n${reviews} reviews; CPU us/review: webhook ${(cpu.webhook / reviews).toFixed(0)}; us/object: API server ${server}`,
  );
}

function printTitle(title: string, count: number, seconds: number): void {
  print(`\n${title}: ${count} in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)}/s\n`);
  print(row('ms', ['p50', 'p90', 'p99', 'max']));
}

function printSpread(name: string, asked: readonly Asked<Verdict>[]): void {
  printQuantiles(
    name,
    asked.map(({ took }) => took),
  );
}

function printLate(asked: readonly Asked<Verdict>[]): void {
  printQuantiles(
    'due to sent',
    asked.map(({ late }) => late),
  );
}

function printQuantiles(name: string, microseconds: readonly number[]): void {
  if (microseconds.length === 0) return;
  print(
    row(
      name,
      [0.5, 0.9, 0.99, 1].map((q) => (quantile(microseconds, q) / 1_000).toFixed(1)),
    ),
  );
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(38) + cells.map((cell) => cell.padStart(10)).join('');
}

/** @returns whether every one was as it should be */
export function printVerdicts(parts: readonly Part[]): boolean {
  const wrong = parts.flatMap(({ asked }) => asked.map(({ answer }) => answer).filter(({ is }) => is !== 'right'));
  const count = (is: Verdict['is']): number => wrong.filter((it) => it.is === is).length;
  print(
    `${count('refused')} refused, ${count('unbound')} without their sink, ${count('altered')} changed without need`,
  );
  for (const { is, case: it, detail } of wrong.slice(0, 5))
    print(`  ${is}: ${it.name} ${it.namespace}/${it.object.metadata.name}: ${(detail ?? '').slice(0, 300)}`);
  return wrong.length === 0;
}
