import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { errorFromStatus } from '../../../shared/kubernetes/error.ts';
import { createExecPlugin } from '../../../shared/kubernetes/exec-plugin.ts';
import {
  createKubernetesClient,
  type KubernetesClient,
  type Resource,
} from '../../../shared/kubernetes/index.ts';
import { proxyFor } from '../../../shared/runtime/proxy.ts';
import { configMap, startLab, type Lab } from './support.ts';

const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

let at: Lab;
const clients: KubernetesClient[] = [];
beforeEach(async () => {
  at = await startLab();
  at.lab.store.apply(configMap('known', { n: '1' }));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await at.close();
});

/** The lab's kubeconfig, changed. */
function written(change: (text: string) => string): string {
  const path = join(dirname(at.kubeconfig), 'changed');
  writeFileSync(path, change(readFileSync(at.kubeconfig, 'utf8')));
  return path;
}

function clientOf(options: Parameters<typeof createKubernetesClient>[0]): KubernetesClient {
  const client = createKubernetesClient(options);
  clients.push(client);
  return client;
}

const read = async (client: KubernetesClient): Promise<unknown> =>
  (await client.get(CONFIG_MAPS, 'known', 'default'))?.['data'];

test('a token that was replaced in the kubeconfig is read again after a 401', async () => {
  const path = written((text) => text.replace(at.lab.token, 'old'));
  const client = clientOf({ kubeconfig: path });
  await expect(read(client)).rejects.toMatchObject({ status: 401 });
  writeFileSync(path, readFileSync(at.kubeconfig));
  expect(await read(client)).toEqual({ n: '1' });
});

test('without a kubeconfig, the error lists the searched locations', () => {
  const { HOME, KUBECONFIG } = process.env;
  process.env['HOME'] = dirname(at.kubeconfig);
  delete process.env['KUBECONFIG'];
  try {
    expect(() => createKubernetesClient({})).toThrow(
      'no kubeconfig: pass --kubeconfig, set KUBECONFIG or create ~/.kube/config',
    );
  } finally {
    Object.assign(
      process.env,
      Object.fromEntries(
        Object.entries({ HOME, KUBECONFIG }).filter(([, value]) => value !== undefined),
      ),
    );
  }
});

describe('a refusal says what to do', () => {
  const refused = (status: number, message: string): string =>
    errorFromStatus('listing services', status, { kind: 'Status', message }).message;

  test('about credentials that are not accepted', async () => {
    const client = clientOf({ kubeconfig: written((text) => text.replace(at.lab.token, 'old')) });
    await expect(read(client)).rejects.toThrow(
      / 401 Unauthorized.*; renew the token or certificate in the kubeconfig, or the token of the service account$/,
    );
  });

  test('about a missing permission, but not if an admission webhook refuses', () => {
    expect(
      refused(
        403,
        'services is forbidden: User "sluice" cannot list resource "services" in API group ""',
      ),
    ).toMatch(
      /"services" in API group ""; grant this permission to the user or service account; infra\/kubernetes\/base has the role that Sluice needs$/,
    );
    expect(refused(403, 'admission webhook "ports" denied the request: no new ports')).toMatch(
      /no new ports$/,
    );
  });
});

describe('a credential plugin', () => {
  const withPlugin = (script: string): string =>
    written((text) =>
      text.replace(
        `token: ${at.lab.token}`,
        'exec: { apiVersion: client.authentication.k8s.io/v1, command: ' +
          `${JSON.stringify(process.execPath)}, args: ["-e", ${JSON.stringify(script)}], ` +
          `env: [{ name: GIVEN, value: "${at.lab.token}" }], interactiveMode: Never }`,
      ),
    );

  test('provides the token, with its own environment', async () => {
    const script =
      'console.log(JSON.stringify({ kind: "ExecCredential", status: { token: process.env.GIVEN } }))';
    expect(await read(clientOf({ kubeconfig: withPlugin(script) }))).toEqual({ n: '1' });
  });

  test('that hangs is killed, which the error reports', async () => {
    const client = clientOf({
      kubeconfig: withPlugin('setInterval(() => undefined, 1000)'),
      execTimeout: 300,
    });
    await expect(read(client)).rejects.toThrow(
      /credential plugin .* did not answer within 0.3 s; run it by hand to see what it waits for/,
    );
  });

  test('that fails is reported with its output', async () => {
    const client = clientOf({
      kubeconfig: withPlugin('console.error("please log in"); process.exit(3)'),
    });
    await expect(read(client)).rejects.toThrow(/credential plugin .* ended with 3: please log in/);
  });

  test('runs once for many requests, and again a minute before its token expires', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const script =
      'console.log(JSON.stringify({ kind: "ExecCredential", status: { token: ' +
      'String(process.pid), expirationTimestamp: "2026-01-01T00:10:00Z" } }))';
    const plugin = createExecPlugin(
      { command: process.execPath, args: ['-e', script], env: [], apiVersion: 'v1' },
      { env: {}, now: () => now },
    );
    const [first, same] = await Promise.all([plugin.read(), plugin.read()]);
    expect(same).toEqual(first);
    now += 8 * 60_000;
    expect(await plugin.read()).toEqual(first);
    now += 61_000;
    const renewed = await plugin.read();
    expect(renewed.token).not.toBe(first?.token);
    plugin.forget();
    expect((await plugin.read()).token).not.toBe(renewed.token);
  });
});

describe('a proxy', () => {
  let proxy: Server;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    proxy = createServer();
    // Every name leads to the lab.
    proxy.on('connect', ({ url }, socket) => {
      asked.push(url ?? '');
      const { port } = new URL(at.lab.url);
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [onward, socket]) end.on('error', () => end.destroy());
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
  });
  afterEach(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const env = (): { HTTPS_PROXY: string } => ({
    HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  });
  /**
   * As from outside: by a name that only the proxy can resolve; the certificate is for `localhost`.
   */
  const outside = (): string =>
    written((text) =>
      text
        .replace(at.lab.url, 'https://kubernetes.example:6443')
        .replace('cluster:\n', 'cluster:\n      tls-server-name: localhost\n'),
    );

  test('from HTTPS_PROXY carries calls and watches', async () => {
    const client = clientOf({ kubeconfig: outside(), env: env() });
    expect(await read(client)).toEqual({ n: '1' });
    const abort = new AbortController();
    const frames: string[] = [];
    for await (const frame of client.watch(CONFIG_MAPS, {
      resourceVersion: '0',
      timeoutSeconds: 10,
      longest: 10_000,
      signal: abort.signal,
    })) {
      frames.push(frame.object.metadata.name);
      break;
    }
    expect(frames).toEqual(['known']);
    expect(new Set(asked)).toEqual(new Set(['kubernetes.example:6443']));
  });

  test('is that of the process where no environment is given, as in commands', async () => {
    const before = process.env['HTTPS_PROXY'];
    process.env['HTTPS_PROXY'] = env().HTTPS_PROXY;
    try {
      expect(await read(clientOf({ kubeconfig: outside() }))).toEqual({ n: '1' });
    } finally {
      if (before === undefined) delete process.env['HTTPS_PROXY'];
      else process.env['HTTPS_PROXY'] = before;
    }
  });

  test('is not used for hosts in NO_PROXY', async () => {
    const client = clientOf({ kubeconfig: outside(), env: { ...env(), NO_PROXY: '.example' } });
    await expect(read(client)).rejects.toMatchObject({ status: 0 });
    expect(asked).toEqual([]);
  });
});

describe('the choice of a proxy', () => {
  const PROXY = 'http://proxy:3128';
  test.each([
    ['https://10.96.0.1:443', '10.96.0.0/12', undefined],
    ['https://10.96.0.1:443', '10.112.0.0/12', PROXY],
    ['https://api.example.org:6443', 'example.org', undefined],
    ['https://api.example.org:6443', '*.example.org', undefined],
    ['https://example.org:6443', '.example.org', PROXY],
    ['https://notexample.org', 'example.org', PROXY],
    ['https://api.example.org:6443', 'api.example.org:443', PROXY],
    ['https://api.example.org:6443', 'other, api.example.org:6443', undefined],
    ['https://[fd00::1]:6443', 'fd00::/8', undefined],
    ['https://[fd00::1]:6443', 'fd00::1', undefined],
    ['https://10.0.0.1', '10.0.0.10', PROXY],
    ['https://api.example.org', '*', undefined],
    ['https://127.0.0.1:6443', '', undefined],
    ['https://localhost:6443', '', undefined],
    ['http://api.example.org', '', undefined],
  ])('%s with NO_PROXY=%s uses %s', (server, except, proxy) => {
    expect(proxyFor(server, { HTTPS_PROXY: PROXY, NO_PROXY: except })).toBe(proxy);
  });

  test('lower-case variables count, and a proxy without a scheme uses HTTP', () => {
    expect(proxyFor('https://api.example.org', { https_proxy: 'proxy:3128' })).toBe(
      'http://proxy:3128',
    );
  });
});
