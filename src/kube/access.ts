/** What a connection to the API server is made with. A change of any of it means new connections. */
export interface Transport {
  readonly tls: {
    /** PEM; absent: the certificate authorities that Node.js trusts. */
    readonly ca?: string | Buffer | undefined;
    /** PEM of our client certificate and its key. */
    readonly cert?: string | Buffer | undefined;
    readonly key?: string | Buffer | undefined;
    /** The name that the server's certificate has to carry, where it is not the host in the URL. */
    readonly servername?: string | undefined;
    readonly rejectUnauthorized?: boolean | undefined;
  };
  /** URL of an http, https or socks5 proxy. */
  readonly proxy?: string;
}

/** Who we are, at this moment. */
export interface Credentials extends Transport {
  /** The value of the Authorization header. */
  readonly authorization?: string;
  /** The value of the Impersonate-User header. */
  readonly impersonate?: string;
}

/** One API server and our way in. */
export interface ClusterAccess {
  /** The URL, as client-go's `rest.Config.Host` has it: `https://10.96.0.1:443`. */
  readonly server: string;
  /** Where we are at home: the Pod's namespace, or that of the kubeconfig's context. */
  readonly namespace: string;
  /** @throws KubeError `credentials` */
  credentials(signal: AbortSignal): Promise<Credentials>;
  /** To be called after a 401: forgets what is cached, so that the next `credentials` reads or asks again. */
  refresh(): void;
}
