import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from 'undici';
import { failureFromTransport } from '../../src/kube/transport-failure.ts';

const SERVER = 'https://10.96.0.1:443';

function systemError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

test('an error of the connection decides what failed', () => {
  const table: [error: unknown, code: string, sentence: RegExp][] = [
    [systemError('ECONNREFUSED', 'connect ECONNREFUSED 10.96.0.1:443'), 'unreachable', /refused .*10\.96\.0\.1:443\)/],
    [systemError('ECONNRESET'), 'unreachable', /closed the connection/],
    [systemError('ENOTFOUND'), 'unreachable', /name/],
    [systemError('EAI_AGAIN'), 'unreachable', /name/],
    [systemError('ENETUNREACH'), 'unreachable', /cannot be reached/],
    [systemError('ETIMEDOUT'), 'unreachable', /in time/],
    [systemError('CERT_HAS_EXPIRED'), 'unreachable', /prove who it is/],
    [systemError('SELF_SIGNED_CERT_IN_CHAIN'), 'unreachable', /prove who it is/],
    [systemError('ERR_TLS_CERT_ALTNAME_INVALID'), 'unreachable', /prove who it is/],
    [systemError('ERR_SSL_WRONG_VERSION_NUMBER'), 'unreachable', /TLS/],
    [systemError('EPROTO'), 'unreachable', /TLS/],
    [systemError('HPE_INVALID_CONSTANT'), 'malformed', /HTTP/],
    [systemError('HPE_INVALID_EOF_STATE'), 'unreachable', /closed the connection/],
    [new errors.ConnectTimeoutError(), 'unreachable', /in time/],
    [new errors.SocketError('other side closed'), 'unreachable', /other side closed/],
    [new errors.ResponseContentLengthMismatchError(), 'unreachable', /closed the connection/],
    [new errors.HeadersTimeoutError(), 'timedOut', /did not answer/],
    [new errors.BodyTimeoutError(), 'timedOut', /did not answer/],
    [new errors.ClientDestroyedError(), 'aborted', /closed/],
    [systemError('ANSWER_TIMEOUT', 'waited for 30000 ms'), 'timedOut', /did not answer .*30000 ms/],
    [systemError('CLIENT_CLOSED'), 'aborted', /closed/],
    [
      new errors.RequestAbortedError('Proxy response (403) !== 200 when HTTP Tunneling'),
      'unreachable',
      /Proxy response/,
    ],
    ['nonsense', 'unreachable', /nonsense/],
  ];
  for (const [error, code, sentence] of table) {
    const failure = failureFromTransport(error, SERVER);
    assert.equal(failure.code, code, failure.message);
    assert.match(failure.message, sentence);
    assert.ok(failure.message.startsWith(`${SERVER} `), failure.message);
    assert.equal(failure.cause, error);
  }
});

test('of a name with several addresses the first error is told', () => {
  const refused = [systemError('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'), systemError('ENETUNREACH')];
  const failure = failureFromTransport(new AggregateError(refused), SERVER);
  assert.equal(failure.code, 'unreachable');
  assert.match(failure.message, /refused the connection \(connect ECONNREFUSED ::1:1\)/);
});
