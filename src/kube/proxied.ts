import type { Transport } from './access.ts';
import type { Dispatcher, DispatcherLimits } from './http.ts';

/** Sends requests through an http, https or socks5 proxy, to a server that speaks https through a tunnel. */
export function createProxiedDispatcher(proxy: string, tls: Transport['tls'], limits: DispatcherLimits): Dispatcher {
  const { tcpKeepAlive, connectTimeout, ...others } = limits;
  const plain = { allowH2: false, timeout: connectTimeout, keepAlive: true, keepAliveInitialDelay: tcpKeepAlive };
  const options = {
    ...others,
    allowH2: false,
    uri: proxy,
    proxyTls: plain,
    requestTls: { ...plain, ...tls },
    connectTimeout,
  };
  // Loaded for those who have a proxy, as only a kubeconfig can say: a Pod can do without the memory that it takes.
  const loading = import('undici').then(({ ProxyAgent }) => new ProxyAgent(options));
  return {
    request: async (request) => (await loading).request(request),
    close: async () => (await loading).close(),
    destroy: async () => (await loading).destroy(),
  };
}
