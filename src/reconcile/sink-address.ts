import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { KubeObject } from '../kube/object.ts';
import {
  type Destination,
  type SinkAddress,
  type SinkProblem,
  sinkProblem,
  type SinkReference,
  shown,
} from './destination.ts';
import { resolveReference } from './uri-reference.ts';

export type AddressResult = { readonly is: 'address'; readonly address: SinkAddress } | SinkProblem;

/** duck.knative.dev/v1, Addressable: `status.address` and the entries of `status.addresses`. */
const addressable = z.object({
  name: z.string().nullish(),
  url: z.string().nullish(),
  CACerts: z.string().nullish(),
  audience: z.string().nullish(),
});
const addressed = z.object({
  status: z.object({ address: z.unknown().optional(), addresses: z.unknown().optional() }),
});
type Addressable = z.infer<typeof addressable>;

/**
 * The address that an object says to have (knative.dev/pkg/resolver): the entry of `status.addresses` that the reference
 * names, else its first, else `status.address`. Whether the object is ready does not matter.
 */
export function addressOfObject(object: KubeObject, reference: SinkReference): AddressResult {
  const { status } = addressed.safeParse(object).data ?? {};
  const { data: listed = [] } = z.array(addressable).safeParse(status?.addresses);
  const { data: single } = addressable.safeParse(status?.address);
  const all = [...listed, ...(single === undefined ? [] : [single])];
  const name = nameOf(reference);
  const [first] = all;
  if (first === undefined) {
    return sinkProblem('addressMissing', `${name} has no address in its status yet; it must be one that takes events.`);
  }
  if (reference.address === undefined) return fromAddressable(first, name);
  const named = listed.find((it) => it.name === reference.address);
  if (named !== undefined) return fromAddressable(named, name);
  const names = listed.flatMap((it) => it.name ?? []).join(', ') || 'none with a name';
  return sinkProblem('addressUnknown', `${name} has no address called ${reference.address}; it has ${names}.`);
}

function fromAddressable({ url, CACerts, audience }: Addressable, name: string): AddressResult {
  if (!url) return sinkProblem('addressWithoutUrl', `The address in the status of ${name} has no url.`);
  if (/^[a-z][a-z0-9+.-]*:(?:\/\/(?=[/?#]|$)|(?!\/\/))/i.test(url)) {
    return sinkProblem('addressWithoutHost', `The address in the status of ${name} has no host: ${shown(url)}.`);
  }
  return { is: 'address', address: { uri: url, ...(CACerts && { CACerts }), ...(audience && { audience }) } };
}

/** What an informer has to hold of an object for the functions of this file. */
export function addressPart(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  const { status } = addressed.safeParse(object).data ?? {};
  const { spec } = serviceSpec.safeParse(object).data ?? {};
  const head = {
    name,
    ...(namespace && { namespace }),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
  };
  return { apiVersion, kind, metadata: head, ...(spec && { spec }), ...(status && { status }) };
}

const serviceSpec = z.object({
  spec: z.object({
    type: z.string().optional(),
    clusterIP: z.string().optional(),
    externalName: z.string().optional(),
    ports: z
      .array(
        z.object({
          port: z.number(),
          targetPort: z.union([z.number(), z.string()]).optional(),
          protocol: z.string().optional(),
        }),
      )
      .default([]),
  }),
});
type ServiceSpec = z.infer<typeof serviceSpec>['spec'];

/** Where a Service is found inside the cluster. @param cluster.domain such as cluster.local */
export function addressOfService(
  service: KubeObject,
  { name, namespace }: Pick<SinkReference, 'name' | 'namespace'>,
  cluster: { readonly domain: string; readonly secure: boolean },
): AddressResult {
  const uri = `${cluster.secure ? 'https' : 'http'}://${name}.${namespace}.svc.${cluster.domain}`;
  const { spec } = serviceSpec.safeParse(service).data ?? {};
  const problem = spec && serviceProblem(spec, { name: `Service ${namespace}/${name}`, uri, cluster });
  return problem ?? { is: 'address', address: { uri } };
}

/** Why nobody can answer at the URL, for certain; a port with a name, for one, may be the right one. */
function serviceProblem(
  spec: ServiceSpec,
  at: { readonly name: string; readonly uri: string; readonly cluster: { readonly secure: boolean } },
): SinkProblem | undefined {
  const { name, uri } = at;
  const wanted = at.cluster.secure ? 443 : 80;
  const ports = spec.ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  if (spec.type === 'ExternalName') {
    if (!/^[\d.]+$/.test(spec.externalName ?? '')) return undefined;
    return sinkProblem(
      'externalNameUnusable',
      `${name} has the external name ${spec.externalName}: an IP address there is taken for a name, and DNS knows no ` +
        'such name. Write it as uri, without ref.',
    );
  }
  if (spec.ports.length === 0) return undefined;
  if (spec.clusterIP === 'None') {
    // DNS answers with the addresses of the Pods, so it is their port that counts.
    const targets = ports.map(({ port, targetPort = port }) => targetPort);
    if (targets.some((it) => typeof it === 'string' || it === wanted)) return undefined;
    return sinkProblem(
      'serviceWithoutPort',
      `${name} is headless, so ${uri} leads to port ${wanted} of its Pods, and they listen on ${portList(targets)}. ` +
        'Give the Service a cluster IP, or name the port in uri, without ref.',
    );
  }
  const open = ports.map(({ port }) => port);
  if (open.includes(wanted)) return undefined;
  return sinkProblem(
    'serviceWithoutPort',
    `${name} has no TCP port ${wanted}, where ${uri} leads; it has ${portList(open)}. Add the port, or name another one ` +
      'in uri, without ref.',
  );
}

function portList(ports: readonly (number | string)[]): string {
  return ports.length === 0 ? 'none' : ports.join(', ');
}

/**
 * Lays what the destination says over an address: its relative URI, its certificates, its audience; and holds the
 * outcome to what events can be sent to.
 */
export function completeAddress(
  address: SinkAddress,
  { CACerts, audience }: Destination,
  relativeUri?: string,
): AddressResult {
  const uri = relativeUri === undefined ? address.uri : resolveReference(address.uri, relativeUri);
  const complete = { ...address, uri, ...(CACerts && { CACerts }), ...(audience && { audience }) };
  return uriProblem(uri) ?? certificatesProblem(complete.CACerts) ?? { is: 'address', address: complete };
}

function uriProblem(uri: string): SinkProblem | undefined {
  const why = whyUnusable(uri);
  return why === undefined ? undefined : sinkProblem('uriUnusable', `The sink's URI ${shown(uri)} ${why}.`);
}

/** As the receive adapter reads K_SINK: what it would refuse is told before it is started. */
function whyUnusable(uri: string): string | undefined {
  // A URL parser drops or mends these in silence.
  if (/[\p{White_Space}\p{Cc}\\]/u.test(uri)) {
    return 'has white space, a control character or a backslash; write it percent-encoded';
  }
  const url = URL.parse(uri);
  if (url === null) return 'cannot be read; write it as http://HOST/PATH';
  if (!/^https?:$/.test(url.protocol)) return `has the scheme ${url.protocol.slice(0, -1)}; use http or https`;
  if (url.username !== '' || url.password !== '') return 'has a user or a password; take them out, they are not sent';
  if (url.hash !== '') return 'has a fragment; take it out, it is not sent';
  return url.port === '0' ? 'has the port 0, where nobody can listen' : undefined;
}

function certificatesProblem(pem: string | undefined): SinkProblem | undefined {
  if (!pem) return undefined;
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) {
    const sentence = 'CACerts of the sink holds no PEM certificate, from BEGIN CERTIFICATE to END CERTIFICATE.';
    return sinkProblem('certificatesUnreadable', sentence);
  }
  const unreadable = certificates.findIndex((it) => !isCertificate(it));
  if (unreadable < 0) return undefined;
  const which = `number ${unreadable + 1} of ${certificates.length}`;
  return sinkProblem('certificatesUnreadable', `CACerts of the sink has a certificate that cannot be read, ${which}.`);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

/** An object as sentences call it: `Broker shop/default`. */
export function nameOf({ kind, namespace, name }: Pick<SinkReference, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`;
}
