/**
 * Watch lines like those kube-apiserver writes for Pods: its key order, its managedFields, and the escaped JSON that
 * `kubectl apply` leaves in an annotation. All lines of one size have the same length: what differs from event to
 * event are digits of fixed width, so that the feeder patches some bytes instead of building a line.
 */

/** The resourceVersion of the event with sequence number 0; it and those before and after have ten digits in any run. */
export const FIRST_VERSION = 2_000_000_001;

/** As many objects as the digits in a Pod's name can tell apart. */
export const MOST_OBJECTS = 100_000;

export interface LineTemplate {
  /** One whole watch line with its final newline. */
  readonly bytes: Buffer;
  readonly name: Digits;
  readonly uid: Digits;
  readonly version: Digits;
}

/** Where in the line a number of fixed width stands. */
interface Digits {
  readonly at: number;
  readonly width: number;
}

/** The namespace and the name prefix of every Pod. */
export const NAMESPACE = 'bench';
const NAME = 'web-7c9d8b6f5-';
const UID = '0c119059-7113-41e9-a6c5-';

/**
 * A template for the change of a Pod that takes `objectBytes` bytes of JSON, which is also the body that a sink gets.
 * @throws RangeError when that is less than the smallest Pod here, about 2.7 KB.
 */
export function lineTemplate(type: 'ADDED' | 'MODIFIED', objectBytes: number): LineTemplate {
  const json = (containers: number, filler: number) => JSON.stringify(pod(containers, 'x'.repeat(filler)));
  let containers = 1;
  while (json(containers + 1, 0).length <= objectBytes) containers += 1;
  const filler = objectBytes - json(containers, 0).length;
  if (filler < 0) throw new RangeError(`A Pod takes at least ${objectBytes - filler} bytes, not ${objectBytes}.`);
  return lineOf(type, json(containers, filler));
}

/** The same for a Pod that is added and of which a client asked for nothing but the metadata. */
export function metadataTemplate(): LineTemplate {
  const metadata = podMetadata(['app-0'], '');
  return lineOf('ADDED', JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }));
}

function lineOf(type: string, object: string): LineTemplate {
  const bytes = Buffer.from(`{"type":"${type}","object":${object}}\n`, 'latin1');
  const digitsAfter = (text: string, width: number) => ({ at: bytes.indexOf(text) + text.length, width });
  return {
    bytes,
    name: digitsAfter(`"name":"${NAME}`, 5),
    uid: digitsAfter(`"uid":"${UID}`, 12),
    version: digitsAfter(`"resourceVersion":"`, 10),
  };
}

/** Makes the line that starts at `offset` tell of another change. */
export function patchLine(
  buffer: Buffer,
  offset: number,
  template: LineTemplate,
  change: { object: number; version: number },
): void {
  writeDigits(buffer, offset, template.name, change.object);
  writeDigits(buffer, offset, template.uid, change.object);
  writeDigits(buffer, offset, template.version, change.version);
}

function writeDigits(buffer: Buffer, offset: number, { at, width }: Digits, value: number): void {
  let rest = value;
  for (let index = offset + at + width - 1; index >= offset + at; index -= 1) {
    const next = Math.floor(rest / 10);
    buffer[index] = 48 + (rest - next * 10);
    rest = next;
  }
}

function pod(containers: number, filler: string): object {
  const names = Array.from({ length: containers }, (_, index) => `app-${index}`);
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: podMetadata(names, filler),
    spec: spec(names),
    status: status(names),
  };
}

function podMetadata(containers: readonly string[], filler: string): object {
  return {
    name: `${NAME}00000`,
    namespace: NAMESPACE,
    uid: `${UID}000000000000`,
    resourceVersion: '0000000000',
    generation: 1,
    creationTimestamp: '2026-06-18T09:30:15Z',
    labels: { app: 'web', 'pod-template-hash': '7c9d8b6f5' },
    annotations: { 'example.com/applied': JSON.stringify({ kind: 'Pod', note: filler }) },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web-7c9d8b6f5',
        uid: '5f1b7f0e-38b5-4a5f-8d8b-6b4f2b7a3f55',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    managedFields: managedFields(containers),
  };
}

function managedFields(containers: readonly string[]): object[] {
  const entry = (manager: string, fields: object, subresource?: string) => ({
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-06-18T09:30:15Z',
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(subresource === undefined ? {} : { subresource }),
  });
  const container = {
    '.': {},
    'f:env': { '.': {}, 'k:{"name":"REGION"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
    'f:image': {},
    'f:imagePullPolicy': {},
    'f:name': {},
    'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:memory': {} } },
    'f:terminationMessagePath': {},
    'f:volumeMounts': { '.': {}, 'k:{"mountPath":"/srv"}': { '.': {}, 'f:mountPath': {}, 'f:name': {} } },
  };
  const owned = Object.fromEntries(containers.map((name) => [`k:{"name":"${name}"}`, container]));
  const labels = { '.': {}, 'f:app': {}, 'f:pod-template-hash': {} };
  const desired = { 'f:containers': owned, 'f:restartPolicy': {}, 'f:terminationGracePeriodSeconds': {} };
  const condition = { '.': {}, 'f:lastProbeTime': {}, 'f:lastTransitionTime': {}, 'f:status': {}, 'f:type': {} };
  const observed = {
    'f:conditions': { '.': {}, 'k:{"type":"Ready"}': condition },
    'f:containerStatuses': {},
    'f:phase': {},
    'f:podIP': {},
    'f:startTime': {},
  };
  return [
    entry('kube-controller-manager', { 'f:metadata': { 'f:labels': labels }, 'f:spec': desired }),
    entry('kubelet', { 'f:status': observed }, 'status'),
  ];
}

function spec(containers: readonly string[]): object {
  return {
    volumes: [
      { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }], defaultMode: 420 } },
    ],
    containers: containers.map((name) => ({
      name,
      image: 'registry.example.com/shop/web:1.27.3',
      env: [{ name: 'REGION', value: 'eu-central' }],
      resources: { limits: { memory: '256Mi' } },
      volumeMounts: [{ name: 'token', mountPath: '/srv' }],
      terminationMessagePath: '/dev/termination-log',
      imagePullPolicy: 'IfNotPresent',
    })),
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    serviceAccountName: 'default',
    nodeName: 'node-3',
  };
}

function status(containers: readonly string[]): object {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: '2026-06-18T09:30:18Z' }],
    podIP: '10.244.3.17',
    startTime: '2026-06-18T09:30:15Z',
    containerStatuses: containers.map((name) => ({
      name,
      state: { running: { startedAt: '2026-06-18T09:30:17Z' } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: 'registry.example.com/shop/web:1.27.3',
      imageID: 'registry.example.com/shop/web@sha256:9a0c6c1b7f0e38b54a5f8d8b6b4f2b7a3f550c11905971134',
      containerID: 'containerd://6f0b8c627caa4832a73aea9cd76897e60a5d3a5252dd4c0c9c741fd9d7c0a1b3',
      started: true,
    })),
    qosClass: 'Burstable',
  };
}
