import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Who we are to which server, at this moment. */
export interface Credentials {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Changes when a certificate or a key did. */
  readonly fingerprint: string;
  readonly createDispatcher: () => Dispatcher;
}

export interface CredentialSource {
  /** The namespace of the context (in a cluster: of the pod). */
  readonly namespace: string | undefined;
  read(): Promise<Credentials>;
  /** Forgets cached tokens; called after a 401. */
  reload(): void;
}

/** From a kubeconfig file; without one, from the pod's service account, else from the usual places of kubectl. */
export function createCredentialSource(kubeconfig?: string): CredentialSource {
  let config = load(kubeconfig);
  return {
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    read: () => readCredentials(config),
    reload: () => {
      config = load(kubeconfig);
    },
  };
}

function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (existsSync(SERVICE_ACCOUNT_TOKEN)) config.loadFromCluster();
  else config.loadFromDefault();
  if (config.getCurrentCluster() === null) {
    throw new Error(`${kubeconfig ?? 'the kubeconfig'} names no cluster for its current context ${JSON.stringify(config.getCurrentContext())}; set one with "kubectl config use-context"`);
  }
  return config;
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const headers: Record<string, string> = {};
  const options: RequestOptions = { headers };
  await config.applyToHTTPSOptions(options);
  if (typeof options.auth === 'string') headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const cluster = config.getCurrentCluster();
  const fingerprint = createHash('sha256').update(JSON.stringify([ca, cert, key, servername, rejectUnauthorized])).digest('hex');
  return {
    server: (cluster?.server ?? '').replace(/\/+$/, ''),
    headers,
    fingerprint,
    createDispatcher: () => createDispatcher(config, options),
  };
}

/** HTTP/1.1 only: watches over HTTP/2 are known to miss events without a word, and undici would negotiate it. */
function createDispatcher(config: KubeConfig, options: RequestOptions): Dispatcher {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls = Object.fromEntries(Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined));
  const connect = { timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  const limits = { allowH2: false, headersTimeout: 30_000, bodyTimeout: 60_000 };
  const proxy = config.getCurrentCluster()?.proxyUrl;
  if (proxy === undefined || proxy === '') return new Agent({ ...limits, connect: { ...connect, ...tls } });
  if (proxy.startsWith('socks')) return new Socks5ProxyAgent(proxy, { ...limits, requestTls: { ...connect, ...tls } });
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: { ...connect, ...tls }, connect });
}
