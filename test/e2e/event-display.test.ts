import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, kubectl, logs, restrictedNamespace, waitUntilAvailable } from './kubectl.ts';
import { eventDisplay, RESTRICTED } from './manifests.ts';
import { target } from './target.ts';

test('an event that a pod posts to the Service of event-display, by its name, is in event-display’s log', async (t) => {
  const namespace = await restrictedNamespace(t, 'display');
  await apply(namespace, eventDisplay(target().image));
  await waitUntilAvailable(namespace, 'event-display');

  await apply(namespace, [sender(`http://event-display.${namespace}.svc.cluster.local/`)]);
  await kubectl([
    'wait',
    `--namespace=${namespace}`,
    'pod/sender',
    '--for=jsonpath={.status.phase}=Succeeded',
    '--timeout=180s',
  ]);
  const log = await logs(namespace, 'event-display');
  assert.equal(log.slice(log.indexOf('☁️')), EVENT);
});

const EVENT = `☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: org.example.sent
  source: /sender
  id: 4711
  datacontenttype: application/json
Data,
  {
    "message": "hello, world!"
  }
`;

/** A pod that posts one event, and has succeeded when the answer was 200. */
function sender(url: string): object {
  const headers = {
    'ce-specversion': '1.0',
    'ce-type': 'org.example.sent',
    'ce-source': '/sender',
    'ce-id': '4711',
    'content-type': 'application/json',
  };
  const lines = Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`);
  const command = ['wget', '-O', '-', ...lines, '--post-data={"message":"hello, world!"}', url];
  const container = { name: 'sender', image: 'busybox', command, securityContext: { ...RESTRICTED, runAsUser: 65532 } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sender', labels: { app: 'sender' } },
    spec: { restartPolicy: 'Never', containers: [container] },
  };
}
