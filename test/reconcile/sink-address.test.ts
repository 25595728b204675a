import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SinkAddress, SinkReference } from '../../src/reconcile/destination.ts';
import {
  addressOfObject,
  addressPart,
  addressOfService,
  type AddressResult,
  completeAddress,
} from '../../src/reconcile/sink-address.ts';
import { createAuthority } from '../controlplane/certificates.ts';

const { certPem: CERTIFICATE } = createAuthority();

const BROKER: SinkReference = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', namespace: 'shop', name: 'bus' };

function withStatus(status: unknown) {
  return { apiVersion: BROKER.apiVersion, kind: BROKER.kind, metadata: { name: 'bus', namespace: 'shop' }, status };
}

function service(spec: unknown) {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'sink', namespace: 'shop' }, spec };
}

function assertAddress(result: AddressResult, address: SinkAddress): void {
  assert.deepEqual(result, { is: 'address', address });
}

function assertProblem(result: AddressResult, code: string, sentence: RegExp): void {
  assert.equal(result.is === 'problem' && result.code, code);
  assert.match(result.is === 'problem' ? result.sentence : '', sentence);
}

test('the address of an object is the one its reference names, else the first of the list, else the single one', () => {
  const single = { url: 'http://single', audience: 'one' };
  const tls = { name: 'tls', url: 'https://listed', CACerts: 'pem' };
  const plain = { name: 'plain', url: 'http://listed' };
  const both = withStatus({ address: single, addresses: [tls, plain] });
  assertAddress(addressOfObject(both, BROKER), { uri: 'https://listed', CACerts: 'pem' });
  assertAddress(addressOfObject(both, { ...BROKER, address: 'plain' }), { uri: 'http://listed' });
  assertAddress(addressOfObject(withStatus({ address: single, addresses: [] }), BROKER), {
    uri: 'http://single',
    audience: 'one',
  });
  assertProblem(
    addressOfObject(both, { ...BROKER, address: 'mtls' }),
    'addressUnknown',
    /called mtls; it has tls, plain\./,
  );
});

test('an object without a usable address says which part is missing, whatever shape its status has', () => {
  for (const status of [undefined, null, {}, { address: null, addresses: null }, { addresses: 'x' }, { address: 7 }]) {
    assertProblem(addressOfObject(withStatus(status), BROKER), 'addressMissing', /^Broker shop\/bus has no address/);
  }
  assertProblem(addressOfObject(withStatus({ address: {} }), BROKER), 'addressWithoutUrl', /has no url/);
  for (const url of ['http://', 'http:///path', 'http:']) {
    assertProblem(
      addressOfObject(withStatus({ address: { url } }), BROKER),
      'addressWithoutHost',
      /has no host: "http:/,
    );
  }
});

const SINK = { name: 'sink', namespace: 'shop' };
const PLAIN = { domain: 'cluster.local', secure: false };
const SECURE = { domain: 'example.org', secure: true };

test('a Service is found by its name in the cluster, by https where certificates are given', () => {
  const ports = [{ port: 80 }, { port: 443 }];
  assertAddress(addressOfService(service({ ports }), SINK, PLAIN), { uri: 'http://sink.shop.svc.cluster.local' });
  assertAddress(addressOfService(service({ ports }), SINK, SECURE), { uri: 'https://sink.shop.svc.example.org' });
});

test('a Service that may work is an address', () => {
  const specs = [
    undefined,
    {},
    { type: 'ExternalName', externalName: 'gateway.istio-system.svc.cluster.local' },
    { clusterIP: 'None' },
    { clusterIP: 'None', ports: [{ port: 8080, targetPort: 80 }] },
    { clusterIP: 'None', ports: [{ port: 80, targetPort: 'http' }] },
    { ports: [{ port: 80, targetPort: 8080 }] },
  ];
  for (const spec of specs) assert.equal(addressOfService(service(spec), SINK, PLAIN).is, 'address');
});

test('a Service that cannot work says why', () => {
  const table: readonly (readonly [spec: unknown, cluster: typeof PLAIN, code: string, sentence: RegExp])[] = [
    [
      { ports: [{ port: 8080 }] },
      PLAIN,
      'serviceWithoutPort',
      /no TCP port 80, where http:\/\/sink\.shop\..*has 8080\./,
    ],
    [{ ports: [{ port: 80 }] }, SECURE, 'serviceWithoutPort', /no TCP port 443/],
    [{ ports: [{ port: 80, protocol: 'UDP' }] }, PLAIN, 'serviceWithoutPort', /it has none/],
    [
      { clusterIP: 'None', ports: [{ port: 80, targetPort: 8080 }] },
      PLAIN,
      'serviceWithoutPort',
      /headless, so .* leads to port 80 of its Pods, and they listen on 8080\. Give the Service a cluster IP/,
    ],
    [{ type: 'ExternalName', externalName: '10.0.0.7' }, PLAIN, 'externalNameUnusable', /10\.0\.0\.7: an IP address/],
  ];
  for (const [spec, cluster, code, sentence] of table) {
    assertProblem(addressOfService(service(spec), SINK, cluster), code, sentence);
  }
});

test("a destination's path, certificates and audience lie over those of the address", () => {
  const address = { uri: 'https://listed/a', CACerts: 'not read', audience: 'theirs' };
  assertAddress(completeAddress(address, { CACerts: CERTIFICATE, audience: 'ours' }, 'b'), {
    uri: 'https://listed/b',
    CACerts: CERTIFICATE,
    audience: 'ours',
  });
  assertAddress(completeAddress({ uri: 'http://sink' }, {}), { uri: 'http://sink' });
});

test('an address that no event can be sent to says why, and never shows a password', () => {
  const table: readonly (readonly [uri: string, sentence: RegExp])[] = [
    ['ftp://sink', /"ftp:\/\/sink" has the scheme ftp; use http or https/],
    ['http://me:secret@sink/', /^The sink's URI "http:\/\/\*\*\*@sink\/" has a user or a password/],
    ['http://sink/#a', /has a fragment/],
    ['http://sink/a b', /white space/],
    ['http://sink:0/', /port 0/],
    ['http://sink:999999/', /cannot be read/],
  ];
  for (const [uri, sentence] of table) assertProblem(completeAddress({ uri }, {}), 'uriUnusable', sentence);
});

test('certificates that cannot be read are told by their number', () => {
  const broken = CERTIFICATE.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const uri = 'https://sink';
  assertProblem(completeAddress({ uri }, { CACerts: 'x' }), 'certificatesUnreadable', /holds no PEM certificate/);
  assertProblem(
    completeAddress({ uri }, { CACerts: `${CERTIFICATE}\n${broken}` }),
    'certificatesUnreadable',
    /cannot be read, number 2 of 2\./,
  );
});

test('what an informer keeps of an object is enough for its address, and no more', () => {
  const address = { url: 'http://sink' };
  const object = {
    ...withStatus({ address, conditions: [{ type: 'Ready' }] }),
    metadata: { name: 'bus', namespace: 'shop', resourceVersion: '7', annotations: { a: 'long' } },
    spec: { config: 'long' },
  };
  const { apiVersion, kind } = BROKER;
  const metadata = { name: 'bus', namespace: 'shop', resourceVersion: '7' };
  assert.deepEqual(addressPart(object), { apiVersion, kind, metadata, spec: { ports: [] }, status: { address } });
  const ports = [{ port: 8080, targetPort: 80, protocol: 'TCP' }];
  const kept = addressPart(service({ clusterIP: 'None', ports, selector: { app: 'sink' } }));
  assert.deepEqual('spec' in kept && kept.spec, { clusterIP: 'None', ports });
});
