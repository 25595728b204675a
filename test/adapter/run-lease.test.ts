import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { GAPS_ANNOTATION } from '../../src/adapter/gap-notes.ts';
import { parseReport, REPORT_ANNOTATION, type SourceReport } from '../../src/adapter/source-report.ts';
import { eventually } from '../support/eventually.ts';
import type { Received } from '../support/recording-sink.ts';
import { LEASE, type Run, runStage, type RunStage } from './run-stage.ts';

/** What else than positions an adapter keeps in its Lease: its report, and the gap events that are not settled. */
function annotationsOf({ server }: RunStage): Record<string, string> {
  return (server.objects.get(LEASE)?.metadata['annotations'] ?? {}) as Record<string, string>;
}

function reportIn(stage: RunStage): SourceReport | undefined {
  const read = parseReport(annotationsOf(stage)[REPORT_ANNOTATION]);
  return read.is === 'report' ? read.report : undefined;
}

/** Lets time pass until this is so. */
async function pass(stage: RunStage, what: string, until: () => boolean): Promise<void> {
  for (let steps = 0; !until(); steps++) {
    assert.ok(steps < 2_000, `waited in vain for ${what}`);
    await stage.clock.advance(100);
    // For what is on its way over real sockets.
    await delay(5);
  }
}

async function passFor(stage: RunStage, ms: number): Promise<void> {
  const until = stage.clock.monotonic() + ms;
  await pass(stage, `${ms} ms`, () => stage.clock.monotonic() >= until);
}

/** The process is gone, and its Lease still names it. */
async function crash(stage: RunStage, run: Run): Promise<void> {
  stage.server.rule(() => 503);
  run.stop();
  let over = false;
  void run.ended.then(() => (over = true));
  await pass(stage, 'the end', () => over);
  stage.server.rule(() => undefined);
}

function gapsTold({ sink }: RunStage): Received[] {
  return sink.received.filter(({ headers }) => headers['ce-type'] === 'dev.watchbridge.apiserver.gap');
}

test('the Lease tells how the adapter is doing, and news within two seconds', async (t) => {
  const stage = await runStage(t);
  const run = stage.start();
  await stage.watching();
  await pass(stage, 'a report', () => reportIn(stage) !== undefined);
  assert.deepEqual(reportIn(stage), {
    streams: { total: 1, established: 1, problems: [] },
    delivery: { state: 'ok' },
    checkpoint: { state: 'ok' },
    lagSeconds: 0,
    gaps: 0,
  });

  await stage.sink.refuse();
  stage.happen('ADDED a u1@11');
  const away = 'warn: sink counts as away; single events are tried until one is taken';
  await pass(stage, 'the sink to be away', () => stage.messages.includes(away));
  await passFor(stage, 2_000);
  assert.deepEqual(reportIn(stage)?.delivery, {
    state: 'away',
    message: 'The sink takes no events; the last failure: connect.',
  });
  assert.ok((reportIn(stage)?.lagSeconds ?? 0) >= 10);
  await stage.sink.listen();
  await pass(stage, 'the event', () => stage.sink.accepted().length === 1);
  await passFor(stage, 2_000);
  assert.deepEqual(reportIn(stage)?.delivery, { state: 'ok' });
  const { lastEventTime = '' } = reportIn(stage) ?? {};
  assert.ok(Math.abs(Date.parse(lastEventTime) - stage.clock.now()) < 5_000, lastEventTime);

  stage.server.rule((request) => (request.includes('-index-') ? 403 : undefined));
  stage.happen('MODIFIED a u1@12');
  // What changed stands in the Lease at once, and in the index once a minute.
  await passFor(stage, 67_000);
  assert.equal(reportIn(stage)?.checkpoint.state, 'failing');
  assert.match(reportIn(stage)?.checkpoint.message ?? '', /apiserversource-web-index-0 was answered 403/);
  run.stop();
  await run.ended;
});

test('events that flow are reported once a minute, and cost no renewal of their own', async (t) => {
  const stage = await runStage(t);
  const run = stage.start();
  await stage.watching();
  await pass(stage, 'a report', () => reportIn(stage) !== undefined);
  const reports = new Set<string | undefined>();
  const writes = stage.server.requests.length;
  const begin = stage.clock.monotonic();
  for (let second = 1; second <= 150; second++) {
    stage.happen(`MODIFIED a u1@${10 + second}`);
    await pass(stage, 'the event', () => stage.sink.accepted().length === second);
    await passFor(stage, 1_000);
    reports.add(annotationsOf(stage)[REPORT_ANNOTATION]);
  }
  // Time goes on while a busy machine brings an event to the sink.
  const minutes = (stage.clock.monotonic() - begin) / 60_000;
  assert.ok(reports.size >= 3 && reports.size <= minutes + 2, `${reports.size} reports in ${minutes} minutes`);
  const renewals = stage.server.requests.slice(writes).filter((it) => it === 'PUT apiserversource-web');
  assert.ok(renewals.length <= minutes * 12 + 1, `${renewals.length} renewals in ${minutes} minutes`);
  run.stop();
  await run.ended;
});

test('an adapter without a Lease writes nothing', async (t) => {
  const stage = await runStage(t);
  const run = stage.start({ source: { checkpoint: 'None' } });
  await stage.watching();
  stage.happen('ADDED a u1@11');
  await passFor(stage, 10_000);
  run.stop();
  await run.ended;
  assert.equal(stage.sink.accepted().length, 1);
  assert.deepEqual(stage.server.requests, []);
});

test('a gap whose event was not taken before a crash is told after it, under the same id, and counted on', async (t) => {
  const stage = await runStage(t);
  const first = stage.start({ source: { gapEvents: true } });
  await stage.watching();
  await pass(stage, 'a position', () => stage.clock.monotonic() > 2_000);
  stage.sink.reply(() => 503);
  stage.forgetUntil(20);
  await pass(stage, 'the gap to be told', () => gapsTold(stage).length > 0);
  await passFor(stage, 6_000);
  const { length } = gapsTold(stage);
  assert.match(annotationsOf(stage)['watchbridge.dev/checkpoint'] ?? '', /"20"/, 'the position is past the gap');
  await crash(stage, first);

  stage.sink.reply(() => 204);
  const second = stage.start({ identity: 'two' });
  await pass(stage, 'the gap to be told again', () => stage.sink.accepted().length === 1);
  const [again] = gapsTold(stage).slice(length);
  assert.equal(again?.headers['ce-id'], gapsTold(stage)[0]?.headers['ce-id']);
  assert.deepEqual(again?.body, gapsTold(stage)[0]?.body);
  await passFor(stage, 12_000);
  assert.equal(annotationsOf(stage)[GAPS_ANNOTATION], '[]');
  assert.deepEqual([reportIn(stage)?.gaps, reportIn(stage)?.lastGap?.reason], [1, 'expired']);
  second.stop();
  await second.ended;
  const third = stage.start({ identity: 'three' });
  await pass(stage, 'it to deliver', () => stage.spec().holderIdentity === 'three');
  await passFor(stage, 2_000);
  assert.equal(stage.sink.accepted().length, 1, 'it is not told a third time');
  third.stop();
  await third.ended;
});

test('a gap right after a crash may have lost deletes, and one after an orderly end has not', async (t) => {
  for (const [end, lost] of [
    ['a crash', 'deletes'],
    ['an orderly end', 'states'],
  ] as const) {
    const stage = await runStage(t);
    const first = stage.start({ source: { gapEvents: true } });
    await stage.watching();
    stage.happen('ADDED a u1@11');
    await eventually('the event', () => stage.sink.accepted().length === 1);
    await passFor(stage, 7_000);
    if (end === 'a crash') await crash(stage, first);
    else first.stop();
    await first.ended;
    stage.forgetUntil(20);
    const second = stage.start({ identity: 'two', source: { gapEvents: true } });
    await pass(stage, 'the gap to be told', () => gapsTold(stage).length === 1);
    const told = JSON.parse(String(gapsTold(stage)[0]?.body)) as Record<string, unknown>;
    assert.deepEqual([told['lost'], told['since'], told['deleted']], [lost, '11', 1], end);

    // What is known since is known for sure.
    stage.forgetUntil(30);
    await pass(stage, 'the second gap to be told', () => gapsTold(stage).length === 2);
    const later = JSON.parse(String(gapsTold(stage)[1]?.body)) as Record<string, unknown>;
    assert.deepEqual([later['lost'], later['since']], ['states', '20'], end);
    second.stop();
    await second.ended;
  }
});
