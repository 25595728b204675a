import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate authority of our own; its certificates are the identities of users and of the API server. */
export interface Authority {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface Subject {
  /** The user name, for the API server. */
  readonly commonName: string;
  /** The groups, for the API server. */
  readonly organizations?: readonly string[];
}

const AUTHORITY: Subject = { commonName: 'watchbridge-test-ca' };

/** Makes a new authority (ECDSA P-256). */
export function createAuthority(): Authority {
  const key = newKey();
  const extensions = [
    extension(OID.basicConstraints, sequence(TRUE), 'critical'),
    extension(OID.keyUsage, bits(KEY_CERT_SIGN), 'critical'),
  ];
  return { certPem: certificate({ subject: AUTHORITY, publicKey: key, signer: key, extensions }), keyPem: pem(key) };
}

/** Issues a client certificate: the API server reads the user name and groups from its subject. */
export function issueClient(authority: Authority, subject: Subject): Identity {
  return issue(authority, subject, [extension(OID.extendedKeyUsage, sequence(oid(OID.clientAuth)))]);
}

/** Issues a server certificate for DNS names and IPv4 addresses. */
export function issueServer(authority: Authority, hosts: readonly string[]): Identity {
  const names = hosts.map((host) =>
    isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
  );
  return issue(authority, { commonName: hosts[0] ?? '' }, [
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, sequence(...names)),
  ]);
}

function issue(authority: Authority, subject: Subject, extensions: readonly Buffer[]): Identity {
  const key = newKey();
  const signer = createPrivateKey(authority.keyPem);
  return { certPem: certificate({ subject, publicKey: key, signer, extensions }), keyPem: pem(key) };
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

// X.509 v3 (RFC 5280 section 4.1) in DER; node:crypto reads certificates but does not write them.

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;
const TRUE = Buffer.from([0x01, 0x01, 0xff]);
/** Bit 5 (keyCertSign) and bit 6 (cRLSign) of KeyUsage; the last bit is unused. */
const KEY_CERT_SIGN = Buffer.from([0x01, 0x06]);
const DAY_MS = 86_400_000;

function certificate(content: {
  subject: Subject;
  publicKey: KeyObject;
  signer: KeyObject;
  extensions: readonly Buffer[];
}): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name(AUTHORITY),
    // An hour ago, so that a clock that is set back a little does not refuse it.
    sequence(time(Date.now() - DAY_MS / 24), time(Date.now() + 365 * DAY_MS)),
    name(content.subject),
    createPublicKey(content.publicKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...content.extensions)),
  );
  const signature = sign('sha256', toBeSigned, content.signer);
  const whole = sequence(toBeSigned, algorithm, bits(Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function name(subject: Subject): Buffer {
  const attribute = (type: string, value: string) =>
    der(0x31, sequence(oid(type), der(0x0c, Buffer.from(value, 'utf8'))));
  return sequence(
    ...(subject.organizations ?? []).map((organization) => attribute(OID.organization, organization)),
    attribute(OID.commonName, subject.commonName),
  );
}

function extension(type: string, value: Buffer, critical?: 'critical'): Buffer {
  return sequence(oid(type), ...(critical === undefined ? [] : [TRUE]), der(0x04, value));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(digits.slice(2)));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function bits(content: Buffer): Buffer {
  return der(0x03, content);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}

function der(tag: number, content: Buffer): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
