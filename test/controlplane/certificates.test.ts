import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAuthority, issueClient, issueServer } from './certificates.ts';

const authority = createAuthority();
const ca = new X509Certificate(authority.certPem);

test('the authority is one, and signs itself', () => {
  assert.equal(ca.ca, true);
  assert.equal(ca.verify(ca.publicKey), true);
  assert.equal(ca.checkPrivateKey(createPrivateKey(authority.keyPem)), true);
});

test('a server certificate is issued by the authority for its names and addresses, and for no others', () => {
  const { certPem, keyPem } = issueServer(authority, ['127.0.0.1', 'localhost', 'kubernetes.default.svc']);
  const certificate = new X509Certificate(certPem);
  assert.equal(certificate.checkIssued(ca), true);
  assert.equal(certificate.verify(ca.publicKey), true);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true);
  assert.equal(certificate.ca, false);
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkIP('127.0.0.2'), undefined);
  assert.equal(certificate.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc');
  assert.equal(certificate.checkHost('kubernetes'), undefined);
});

test('a certificate is good from before now until about a year from now', () => {
  const { certPem } = issueClient(authority, { commonName: 'a' });
  const { validFromDate, validToDate } = new X509Certificate(certPem);
  assert.ok(validFromDate.getTime() < Date.now());
  assert.ok(Math.abs(validToDate.getTime() - Date.now() - 365 * 86_400_000) < 60_000);
});

test('a client certificate says who the user is, whatever the name and however many and long its groups', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 20 }), (commonName, organizations) => {
      const certificate = new X509Certificate(issueClient(authority, { commonName, organizations }).certPem);
      assert.equal(certificate.verify(ca.publicKey), true);
      const { subject } = certificate.toLegacyObject() as { subject: { CN: string; O?: string | string[] } };
      assert.equal(subject.CN, commonName);
      assert.deepEqual([subject.O ?? []].flat(), organizations);
    }),
    { numRuns: 50 },
  );
});
