import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { runAdapter } from '../../src/adapter/run.ts';
import type { SourceConfig } from '../../src/adapter/source-config.ts';
import { type ObjectServer, objectServer } from '../kube/object-server.ts';
import { answer } from '../kube/scripted-server.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeClock, fakeClock } from '../support/fake-clock.ts';
import { recordingSink, type RecordingSink } from '../support/recording-sink.ts';
import { endOfList, lineOf, pageOf } from '../watch/objects.ts';
import { questionOf } from '../watch/scripted-stream.ts';
import { configWith } from './any-config.ts';
import { recordedLog, type RecordedLog } from './recorded-log.ts';

const DISCOVERY = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [{ name: 'pods', singularName: 'pod', kind: 'Pod', namespaced: true, verbs: ['get', 'list', 'watch'] }],
};

/** An adapter between an API server that has Pods, Leases and ConfigMaps, and a sink. */
export interface RunStage extends RecordedLog {
  readonly server: ObjectServer;
  readonly sink: RecordingSink;
  readonly clock: FakeClock;
  /** What was asked about Pods. */
  readonly asked: readonly string[];
  /** The server's history begins at this version: older watches are answered 410, and the open ones end. */
  forgetUntil(version: number): void;
  /** Tells all open watches: `ADDED a u1@11`. */
  happen(event: string): void;
  /** Resolves when a watch is open. */
  watching(): Promise<void>;
  /** Starts an adapter; `sink` is where it sends to instead. */
  start(options?: { identity?: string; source?: Partial<SourceConfig>; sink?: string }): Run;
  /** The Lease of the source. */
  spec(): { readonly holderIdentity: string };
  steal(): void;
}

export interface Run {
  stop(): void;
  readonly ended: Promise<void>;
}

export const LEASE = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/apiserversource-web';

export async function runStage(t: TestContext): Promise<RunStage> {
  const runs = new Set<AbortController>();
  // A test that failed has not stopped its adapter, and would keep its file from ending.
  t.after(() => {
    for (const run of runs) run.abort();
  });
  const watches = new Set<ServerResponse>();
  const asked: string[] = [];
  let version = '10';
  let oldest = 0;
  const others = (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    if (path === '/api/v1') answer(response, 200, DISCOVERY);
    else if (path === '/api/v1/namespaces/shop/pods') pods(questionOf(request), response);
    else return false;
    return true;
  };
  const pods = (question: string, response: ServerResponse): void => {
    asked.push(question);
    if (Number(/^watch (\d+)/.exec(question)?.[1] ?? oldest) < oldest) {
      answer(response, 410, { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (question.startsWith('streaming list')) response.end(`${endOfList(version)}\n`);
    else if (question.startsWith('watch')) {
      watches.add(response);
      response.on('close', () => watches.delete(response));
    } else response.end(pageOf(version, []));
  };
  const server = await objectServer(t, others);
  const sink = await recordingSink(t);
  const clock = fakeClock();
  const recorded = recordedLog();
  return {
    ...recorded,
    server,
    sink,
    clock,
    asked,
    forgetUntil: (until) => {
      oldest = until;
      version = String(until);
      for (const watch of watches) watch.end();
    },
    happen: (event) => {
      version = event.split('@')[1] ?? version;
      for (const watch of watches) watch.write(`${lineOf(event)}\n`);
    },
    watching: async () => {
      await eventually('a watch', () => watches.size > 0);
    },
    start: ({ identity = 'one', source = {}, sink: url = sink.url } = {}) => {
      const stop = new AbortController();
      runs.add(stop);
      const config = configWith({ checkpoint: 'Full', ...source }, url);
      const ended = runAdapter(config, { kube: server.client, clock, log: recorded.log, identity }, stop.signal);
      return { stop: () => stop.abort(), ended };
    },
    spec: () => server.objects.get(LEASE)?.['spec'] as { holderIdentity: string },
    steal: () => {
      const spec = server.objects.get(LEASE)?.['spec'] as object;
      server.touch(LEASE, { spec: { ...spec, holderIdentity: 'thief' } });
    },
  };
}
