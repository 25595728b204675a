import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { AttributeValue, CloudEvent } from '../../../src/events/cloud-event.ts';
import { compileCesql } from '../../../src/events/cesql/cesql.ts';

/** The test kit that the CloudEvents specification keeps beside CESQL 1.0 (cesql/cesql_tck); it is not part of this project. */
const KIT = process.env['CESQL_TCK'] ?? resolve(import.meta.dirname, '../../../../shared/cesql-tck');

const MISSING = `There is no CESQL test kit at ${KIT}; the variable CESQL_TCK names the directory of one.`;

type Attributes = Readonly<Record<string, AttributeValue>>;

interface Case {
  readonly name: string;
  readonly expression: string | number | boolean;
  readonly result?: AttributeValue;
  readonly error?: string;
  readonly event?: Attributes;
  readonly eventOverrides?: Attributes;
}

/** Every attribute that CloudEvents defines, for cases that do not bring an event. */
const FULL: Attributes = {
  id: 'full',
  source: 'http://example.com/source',
  type: 'com.example.full',
  subject: 'topic',
  time: '2026-01-02T03:04:05Z',
  datacontenttype: 'text/json',
  dataschema: 'http://example.com/schema',
};

test(
  "every expression of the specification's test kit has the result that it says",
  {
    skip: existsSync(KIT) ? false : MISSING,
  },
  (context) => {
    const cases = globSync('*.yaml', { cwd: KIT }).flatMap(readCases);
    const wrong = cases.filter((it) => !matches(it)).map(({ name, expression }) => `${name}: ${String(expression)}`);
    assert.deepEqual(wrong, []);
    assert.ok(cases.length > 0, `no case in ${KIT}`);
    context.diagnostic(`${cases.length} of ${cases.length} expressions of the test kit`);
  },
);

function readCases(file: string): readonly Case[] {
  // Times stay text, as in an event.
  const suite: unknown = parse(readFileSync(join(KIT, file), 'utf8'), { schema: 'core' });
  return (suite as { readonly tests: readonly Case[] }).tests;
}

function matches({ expression, result, error, event, eventOverrides }: Case): boolean {
  const compiled = compileCesql(String(expression));
  if (compiled.is === 'wrong') return error === 'parse';
  const evaluated = compiled.evaluate(eventOf({ ...(event ?? FULL), ...eventOverrides }));
  return evaluated.value === result && evaluated.error?.kind === error;
}

function eventOf(attributes: Attributes): CloudEvent {
  const event: Record<string, unknown> = { id: '', source: '', type: '' };
  const extensions: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (Object.hasOwn(FULL, name)) event[name] = value;
    else if (name !== 'specversion') extensions[name] = value;
  }
  return { ...event, extensions } as CloudEvent;
}
