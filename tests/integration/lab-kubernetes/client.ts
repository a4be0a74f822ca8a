/** A plain HTTPS client for the lab's API server, and a runner for the real kubectl. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KubernetesObject, LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';

/** Tests assert the shape of the responses themselves. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

export interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Body;
}

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly token?: string;
  /** The user agent; a write without `fieldManager` is owned by it. */
  readonly agent?: string;
}

function open(lab: LabKubernetes, path: string, ask: Ask = {}): Promise<IncomingMessage> {
  const text =
    ask.body === undefined || typeof ask.body === 'string' ? ask.body : JSON.stringify(ask.body);
  const headers = {
    authorization: `Bearer ${ask.token ?? lab.token}`,
    accept: ask.accept ?? 'application/json',
    ...(ask.agent !== undefined && { 'user-agent': ask.agent }),
    ...(ask.body !== undefined && {
      'content-type': ask.type ?? 'application/json',
      'content-length': Buffer.byteLength(text ?? ''),
    }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, lab.url),
      { method: ask.method ?? 'GET', headers, ca: lab.ca, agent: false },
      resolve,
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

export async function call(lab: LabKubernetes, path: string, ask: Ask = {}): Promise<Answer> {
  const response = await open(lab, path, ask);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const json = response.headers['content-type']?.startsWith('application/json') === true;
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    text,
    body: json ? JSON.parse(text) : undefined,
  };
}

/** Server-side apply, as a controller sends it. */
export function apply(
  lab: LabKubernetes,
  path: string,
  body: unknown,
  options: { readonly manager: string; readonly force?: boolean },
): Promise<Answer> {
  const query = `fieldManager=${options.manager}&force=${options.force ?? false}`;
  return call(lab, `${path}?${query}`, {
    method: 'PATCH',
    type: 'application/apply-patch+yaml',
    body,
  });
}

export interface WatchStream {
  /** The next event; undefined when the stream has ended. */
  next(): Promise<Body>;
  close(): void;
}

export async function watch(lab: LabKubernetes, path: string): Promise<WatchStream> {
  const response = await open(lab, `${path}${path.includes('?') ? '&' : '?'}watch=true`);
  if (response.statusCode !== 200) throw new Error(`the watch was answered ${response.statusCode}`);
  response.on('error', () => undefined);
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const line = await lines.next().catch(() => ({ done: true, value: undefined }));
      return line.done === true ? undefined : JSON.parse(String(line.value));
    },
    close: () => response.destroy(),
  };
}

export interface Kubectl {
  run(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** With a manifest on standard input. */
  pipe(
    manifest: string,
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Starts it and returns its lines; stop it when done. */
  follow(...args: readonly string[]): {
    readonly lines: AsyncIterator<string>;
    stop(): Promise<void>;
  };
  close(): Promise<void>;
}

const found = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((dir) => join(dir, 'kubectl'))
  .find((path) => existsSync(path));

export const kubectlFound = found !== undefined;

export async function startKubectl(lab: LabKubernetes): Promise<Kubectl> {
  const dir = await mkdtemp(join(tmpdir(), 'lab-kubectl-'));
  const config = join(dir, 'kubeconfig');
  await writeFile(config, lab.kubeconfig());
  const command = found ?? 'kubectl';
  const common = ['--kubeconfig', config, '--cache-dir', join(dir, 'cache')];

  function exec(args: readonly string[], manifest?: string): ReturnType<Kubectl['run']> {
    return new Promise((resolve) => {
      const child = execFile(
        command,
        [...common, ...args],
        { timeout: 20_000 },
        (error, out, err) => {
          resolve({ code: error ? 1 : 0, out, err });
        },
      );
      child.stdin?.end(manifest);
    });
  }

  return {
    run: (...args) => exec(args),
    pipe: (manifest, ...args) => exec(args, manifest),
    follow: (...args) => {
      const child = spawn(command, [...common, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      return {
        lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
        stop: () => {
          child.kill();
          return ended;
        },
      };
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

export function service(
  ports: readonly object[],
  extra: { readonly spec?: object; readonly name?: string; readonly namespace?: string } = {},
): KubernetesObject {
  const { name = 'istio-ingressgateway', namespace = 'istio-system', spec } = extra;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { type: 'LoadBalancer', selector: { istio: 'ingressgateway' }, ports, ...spec },
  };
}

export function configMap(
  name: string,
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', labels },
    data,
  };
}

export const services = '/api/v1/namespaces/istio-system/services';
export const configMaps = '/api/v1/namespaces/default/configmaps';
export const istioGateways = '/apis/networking.istio.io/v1/namespaces/default/gateways';
