/** Credentials for the Kubernetes API, from a kubeconfig or the service account of a pod. */
import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici';
import { createExecPlugin, type ExecConfig, type ExecPlugin } from './exec-plugin.ts';
import type { Environment } from '../runtime/process.ts';
import { proxyFor } from '../runtime/proxy.ts';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** The current server and credentials. */
export interface ApiCredentials {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Changes with certificates and keys, and contains them. */
  readonly fingerprint: string;
  readonly createDispatcher: () => Dispatcher;
}

/** The credentials of one cluster, renewed when they expire. */
export interface CredentialSource {
  /** Namespace of the context (in a cluster: of the pod). */
  readonly namespace: string | undefined;
  read(): Promise<ApiCredentials>;
  /** Discards cached tokens; called after a 401. */
  reload(): void;
}

/** Where the credentials come from. */
export interface CredentialOptions {
  /** Default: the pod's service account, or the usual locations of kubectl. */
  readonly kubeconfig?: string | undefined;
  /** For HTTPS_PROXY and NO_PROXY, and for credential plugins. */
  readonly env: Environment;
  /** Milliseconds for a credential plugin. */
  readonly execTimeout?: number | undefined;
}

/** Loads the kubeconfig. Throws if it is missing or invalid. */
export function createCredentialSource(options: CredentialOptions): CredentialSource {
  const { kubeconfig, env } = options;
  let loaded = loadWithPlugin(options);
  return {
    namespace: loaded.config.getContextObject(loaded.config.getCurrentContext())?.namespace,
    read: () => readCredentials(loaded, env),
    reload: () => {
      const { plugin } = loaded;
      loaded = {
        plugin,
        config: plugin === undefined ? load(kubeconfig) : withoutPlugin(load(kubeconfig)),
      };
      plugin?.forget();
    },
  };
}

/** The kubeconfig as it was read, and its exec plugin if it names one. */
interface Loaded {
  readonly config: KubeConfig;
  readonly plugin: ExecPlugin | undefined;
}

/** The client library runs plugins without a timeout and uses their tokens until they expire. */
function loadWithPlugin({ kubeconfig, env, execTimeout }: CredentialOptions): Loaded {
  const config = load(kubeconfig);
  const exec = config.getCurrentUser()?.exec as Partial<ExecConfig> | null | undefined;
  if (!exec?.command) return { config, plugin: undefined };
  const { command, args, env: extra, apiVersion, installHint } = exec;
  const plain = {
    command,
    args: args ?? [],
    env: extra ?? [],
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    installHint,
  };
  return {
    config: withoutPlugin(config),
    plugin: createExecPlugin(plain, { env, now: Date.now, timeout: execTimeout }),
  };
}

/**
 * The given kubeconfig, else the pod's service account, else the usual locations. Throws if none
 * has a cluster.
 */
function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (existsSync(SERVICE_ACCOUNT_TOKEN)) config.loadFromCluster();
  else loadDefault(config);
  if (config.getCurrentCluster() === null) {
    throw new Error(
      `${kubeconfig ?? 'the kubeconfig'} names no cluster for its current context ` +
        `${JSON.stringify(config.getCurrentContext())}; ` +
        'set one with "kubectl config use-context"',
    );
  }
  return config;
}

/** The API server of a kubeconfig, and whether its certificate is verified. Throws as above. */
export function readServer(kubeconfig: string): {
  readonly server: string;
  readonly isVerified: boolean;
} {
  const { server = '', skipTLSVerify } = load(kubeconfig).getCurrentCluster() ?? {};
  return { server, isVerified: skipTLSVerify !== true };
}

/** Whether a cluster is found without a kubeconfig that is named. */
export function hasDefaultKubeconfig(): boolean {
  if (existsSync(SERVICE_ACCOUNT_TOKEN)) return true;
  const config = new KubeConfig();
  config.loadFromDefault();
  return !isNothing(config);
}

/**
 * Without a kubeconfig, the client library would use localhost:8080 and fail with a misleading
 * error.
 */
function loadDefault(config: KubeConfig): void {
  config.loadFromDefault();
  if (isNothing(config))
    throw new Error('no kubeconfig: pass --kubeconfig, set KUBECONFIG or create ~/.kube/config');
}

/** What the client library invents if it finds nothing. */
function isNothing(config: KubeConfig): boolean {
  return (
    config.getCurrentContext() === 'loaded-context' &&
    config.getCurrentCluster()?.server === 'http://localhost:8080'
  );
}

/** The kubeconfig without exec plugins: Sluice runs them itself, with a time limit. */
function withoutPlugin(config: KubeConfig): KubeConfig {
  const { clusters, contexts, currentContext } = config;
  const plain = new KubeConfig();
  plain.loadFromOptions({
    clusters,
    contexts,
    currentContext,
    users: config.users.map((user) => ({ ...user, exec: undefined })),
  });
  return plain;
}

/**
 * Address, headers and TLS options for the next requests. A new fingerprint means a new connection
 * pool.
 */
async function readCredentials(
  { config, plugin }: Loaded,
  env: Environment,
): Promise<ApiCredentials> {
  const headers: Record<string, string> = {};
  const options: RequestOptions = { headers };
  await config.applyToHTTPSOptions(options);
  if (plugin !== undefined) await applyPlugin(plugin, options);
  if (typeof options.auth === 'string')
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const cluster = config.getCurrentCluster();
  const server = (cluster?.server ?? '').replace(/\/+$/, '');
  const fingerprint = [ca, cert, key, servername, rejectUnauthorized].map(String).join();
  // The kubeconfig's proxy for this cluster takes precedence over the environment.
  const proxy = cluster?.proxyUrl || proxyFor(server, env);
  return { server, headers, fingerprint, createDispatcher: () => createDispatcher(proxy, options) };
}

/** Adds what the plugin printed to a request: a token, or a certificate with its key. */
async function applyPlugin(plugin: ExecPlugin, options: RequestOptions): Promise<void> {
  const { token, cert, key } = await plugin.read();
  if (cert !== undefined) options.cert = cert;
  if (key !== undefined) options.key = key;
  if (token !== undefined)
    options.headers = Object.assign(options.headers ?? {}, { Authorization: `Bearer ${token}` });
}

/**
 * HTTP/1.1 only: watches over HTTP/2 are known to lose events silently, and undici would negotiate
 * it.
 */
function createDispatcher(proxy: string | undefined, options: RequestOptions): Dispatcher {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  // One for all connections: each stream has its own, and would read the certificates again.
  const secureContext = createSecureContext(given({ ca, cert, key }));
  const tls = { secureContext, ...given({ servername, rejectUnauthorized }) };
  const connect = { timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  const limits = { allowH2: false, headersTimeout: 30_000, bodyTimeout: 60_000 };
  if (proxy === undefined) return new Agent({ ...limits, connect: { ...connect, ...tls } });
  if (proxy.startsWith('socks'))
    return new Socks5ProxyAgent(proxy, { ...limits, requestTls: { ...connect, ...tls } });
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: { ...connect, ...tls }, connect });
}

/** Without what is undefined. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
