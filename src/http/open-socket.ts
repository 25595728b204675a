import { connect as connectTcp, isIP, type OnReadOpts, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { readingWith } from './read-buffer.ts';

type TcpOptions = Pick<TcpNetConnectOpts, 'autoSelectFamilyAttemptTimeout'> & { readonly onread: OnReadOpts };

/**
 * How long one address of several is tried before the next. Node.js gives each 250 ms and none of them more, so that a
 * host far away is never reached (nodejs/node#54359).
 */
export const ADDRESS_TIMEOUT_MS = 2_500;

/**
 * Connects to the origin of `url`, over TLS where `tls` is given; the socket says `secureConnect` then.
 *
 * @param received what was read; the bytes change after the call
 */
export function openSocket(url: URL, tls: TlsOptions | undefined, received: (bytes: Buffer) => void): Socket {
  // An address of IPv6 stands in brackets only inside a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const onread = readingWith(received);
  const autoSelectFamilyAttemptTimeout = ADDRESS_TIMEOUT_MS;
  if (tls === undefined)
    return connectTcp({ host, port: Number(url.port || 80), autoSelectFamilyAttemptTimeout, onread });
  const servername = isIP(host) > 0 ? {} : { servername: host };
  // tls.connect takes the options of net.connect, which its types do not say.
  const options: TlsOptions & TcpOptions = {
    host,
    port: Number(url.port || 443),
    autoSelectFamilyAttemptTimeout,
    ALPNProtocols: ['http/1.1'],
    ...servername,
    ...tls,
    onread,
  };
  return connectTls(options);
}
