/**
 * `sluice map`, `plan` and `import cis` as users run them: the built command, real files, a BIG-IP
 * over a socket.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { startBigip, type LabBigip } from '../../infra/lab/bigip/index.ts';
import { writeLabFiles } from '../../infra/lab/files.ts';
import { call } from '../integration/lab-bigip/client.ts';

const SLUICE = fileURLToPath(new URL('../../dist/cli/sluice.mjs', import.meta.url));
const MANIFESTS = fileURLToPath(new URL('../../infra/lab/manifests/', import.meta.url));
const GATEWAY = join(MANIFESTS, 'tcp-echo.yaml');
const CONFIG_MAP = join(MANIFESTS, 'f5-configmap.yaml');
const SERVICE_NAME = 'istio-system/istio-ingressgateway';

interface Server {
  readonly gateway: string;
  readonly server: number;
  readonly verdict: string;
  readonly envoyPorts: readonly number[];
  readonly servicePorts: readonly object[];
}

/** The parts of the commands' output that are checked. */
interface Printed {
  readonly ingresses: readonly {
    readonly listeners: readonly object[];
    readonly servers: readonly Server[];
  }[];
  readonly exposures: readonly object[];
  readonly annotations: readonly { readonly annotations: object }[];
  readonly changes: readonly {
    readonly kind: string;
    readonly key: string;
    readonly reason: string;
  }[];
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON. */
  readonly json: Printed;
}

async function sluice(args: readonly string[], input = ''): Promise<Said> {
  const child = spawn(process.execPath, [SLUICE, ...args], { stdio: 'pipe' });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number];
  return {
    code,
    out,
    err,
    get json(): Printed {
      return JSON.parse(out) as Printed;
    },
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: 'istio-ingressgateway',
    namespace: 'istio-system',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    type: 'LoadBalancer',
    selector: { istio: 'ingressgateway' },
    ports: [
      { name: 'http2', port: 80, targetPort: 8080, nodePort: 31547 },
      { name: 'tcp-32400', port: 32400, targetPort: 32400, nodePort: 30776 },
    ],
  },
};

function pod(name: string, ip: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'istio-system', labels: { istio: 'ingressgateway' } },
    spec: {
      nodeName: 'worker-1',
      containers: [{ name: 'istio-proxy', args: ['proxy', 'router'] }],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** As `kubectl get … -o yaml` prints it. */
function list(...objects: readonly object[]): object {
  return { apiVersion: 'v1', kind: 'List', items: objects };
}

interface Applied {
  readonly metadata: object;
}

function manifest(path: string): readonly Applied[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map(
    (document) => document.toJS() as Applied,
  );
}

let dir: string;

function file(name: string, content: string | object): string {
  const path = join(dir, name);
  writeFileSync(
    path,
    typeof content === 'string'
      ? content
      : name.endsWith('.json')
        ? JSON.stringify(content)
        : stringify(content),
  );
  return path;
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('sluice map', () => {
  const pods = [pod('gateway-1', '10.244.1.5'), pod('gateway-2', '10.244.2.5')];

  test('prints exactly the documented JSON, for files of every form', async () => {
    const cluster = file('cluster.json', list(service, ...pods));
    const { code, json, err } = await sluice(['map', '-f', GATEWAY, cluster, '-o', 'json']);
    expect(code).toBe(0);
    expect(json).toEqual({
      ingresses: [
        {
          namespace: 'istio-system',
          services: [SERVICE_NAME],
          pods: ['gateway-1', 'gateway-2'],
          listeners: [{ port: 32400, transport: 'tcp', kinds: ['TCP'] }],
          servers: [
            {
              gateway: 'default/tcp-echo-gateway',
              api: 'istio',
              server: 0,
              name: 'tcp',
              port: 32400,
              protocol: 'TCP',
              verdict: 'listening',
              code: 'OK',
              reason: expect.stringContaining('VirtualService default/tcp-echo'),
              envoyPorts: [32400],
              servicePorts: [
                {
                  service: SERVICE_NAME,
                  port: 32400,
                  targetPort: 32400,
                  nodePort: 30776,
                  reachesListener: true,
                },
              ],
              missingInService: false,
            },
          ],
        },
      ],
      exposures: [],
    });
    expect(err).toBe(
      'ignored: DestinationRule default/tcp-echo-destination: networking.istio.io/v1 ' +
        'DestinationRule does not affect the port mapping\n',
    );
  });

  test('accepts the same objects from standard input, as YAML', async () => {
    const all = stringify(list(...manifest(GATEWAY), service, ...pods));
    const [fromInput, asYaml] = await Promise.all([
      sluice(['map', '-f', '-', '-o', 'json'], all),
      sluice(['map', '-f', '-', '-o', 'yaml'], all),
    ]);
    expect(fromInput.json.ingresses[0]?.servers[0]?.verdict).toBe('listening');
    expect(parse(asYaml.out)).toEqual(fromInput.json);
  });

  test('reads valid documents, reports others with file and line, and ends with 1', async () => {
    const unselected = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'zz', namespace: 'other' },
      spec: {
        selector: { istio: 'none' },
        servers: [{ port: { number: 1, name: 'a', protocol: 'TCP' }, hosts: ['*'] }],
      },
    };
    const template = 'apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Values.name }}}\n';
    const text = `${template}---\n${stringify(list(...manifest(GATEWAY), service, ...pods, unselected))}---\na: [1\n`;
    const { code, err, json } = await sluice(
      ['map', '-f', '-', '-o', 'json', '--fail-on', 'unreached'],
      text,
    );
    expect(code).toBe(1);
    expect(json.ingresses[0]?.servers[0]?.verdict).toBe('listening');
    expect(err).toMatch(/^error: standard input:3: is an unrendered template/m);
    expect(err).toMatch(/^error: standard input:\d+: Flow sequence/m);
    expect(err).not.toMatch(/Warning/);
  });

  test('refuses the same object twice, and takes the last one with --overlay', async () => {
    const both = ['map', '-f', GATEWAY, '-f', '-'];
    const again = readFileSync(GATEWAY, 'utf8');
    const [refused, overlaid] = await Promise.all([
      sluice(both, again),
      sluice([...both, '--overlay', '--fail-on', 'never'], again),
    ]);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /^ {2}Gateway default\/\S+: .*tcp-echo\.yaml:\d+ and standard input:\d+$/m,
    );
    expect(overlaid.code).toBe(0);
    expect(overlaid.err).toContain(' replaces the one of ');
  });

  test('prints server, empty ports and index of each server; bind only if it is not the wildcard', async () => {
    const servers = [
      { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'], bind: '10.244.1.5' },
      { port: { number: 9999, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] },
    ];
    const path = file('bind.yaml', {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gw' },
      spec: { selector: { istio: 'ingressgateway' }, servers },
    });
    const [ingress] = (
      await sluice([
        'map',
        '-f',
        path,
        '-f',
        file('cluster.yaml', list(service, pods[0]!)),
        '-n',
        'team',
        '-o',
        'json',
      ])
    ).json.ingresses;
    expect(ingress?.listeners).toEqual([
      { port: 8080, bind: '10.244.1.5', transport: 'tcp', kinds: ['HTTP'] },
    ]);
    expect(
      ingress?.servers.map((s) => [s.gateway, s.server, s.verdict, s.envoyPorts, s.servicePorts]),
    ).toEqual([
      [
        'team/gw',
        0,
        'listening',
        [8080],
        [expect.objectContaining({ port: 80, reachesListener: true })],
      ],
      ['team/gw', 1, 'no-route', [], []],
    ]);
  });

  test('takes the labels of the gateway pods instead of Pods, and mesh options', async () => {
    const labels = [
      '--pod-labels',
      'istio=ingressgateway,app=x',
      '--pod-namespace',
      'istio-system',
      '-o',
      'json',
    ];
    const { json } = await sluice(['map', '-f', GATEWAY, ...labels]);
    expect(json.ingresses).toEqual([
      expect.objectContaining({
        namespace: 'istio-system',
        services: [],
        listeners: [{ port: 32400, transport: 'tcp', kinds: ['TCP'] }],
      }),
    ]);
    const scoped = await sluice([
      'map',
      '-f',
      GATEWAY,
      ...labels,
      '--mesh-option',
      'scopeGatewayToNamespace=true',
    ]);
    expect(scoped.json.ingresses[0]?.servers[0]).toMatchObject({
      verdict: 'not-selected',
      envoyPorts: [],
      missingInService: false,
    });
  });

  test('with a configuration adds the exposures, and a refusal becomes the verdict', async () => {
    const config = file('sluice.yaml', {
      generation: 1,
      devices: [
        {
          name: 'bigip',
          url: 'https://127.0.0.1:1',
          username: 'admin',
          password: 'env:NONE',
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'east' }],
      ingresses: [
        {
          cluster: 'east',
          service: SERVICE_NAME,
          devices: ['bigip'],
          virtualAddress: '172.16.100.195',
        },
      ],
    });
    const cluster = file('cluster.yaml', list(service, ...pods));
    const moved = await sluice([
      'map',
      '-f',
      GATEWAY,
      CONFIG_MAP,
      cluster,
      '-c',
      config,
      '-o',
      'json',
    ]);
    expect(moved.json.exposures).toEqual([
      expect.objectContaining({
        address: '172.16.100.195',
        port: 31400,
        partition: 'k8s',
        gateways: ['default/tcp-echo-gateway'],
        settings: expect.objectContaining({ balance: 'least-connections-member' }),
      }),
    ]);
    const broken = file(
      'broken.yaml',
      readFileSync(CONFIG_MAP, 'utf8').replace('"mode": "tcp"', '"mode": "sctp"'),
    );
    const refused = await sluice([
      'map',
      '-f',
      GATEWAY,
      broken,
      cluster,
      '-c',
      config,
      '-o',
      'json',
    ]);
    expect(refused.json.exposures).toEqual([]);
    expect(refused.json.ingresses[0]?.servers[0]).toMatchObject({
      verdict: 'rejected',
      code: 'GW125',
      reason: expect.stringContaining('virtualServer.frontend.mode'),
      envoyPorts: [32400],
    });
    const table = await sluice(['map', '-f', GATEWAY, CONFIG_MAP, cluster, '-c', config]);
    expect(table.out).toMatch(
      /172\.16\.100\.195:31400\/tcp +k8s +tcp +least-connections-member +2 +default\/tcp-echo-gateway/,
    );
  });

  test.each([
    ['no file', [], "required option '-f, --file <file...>' not specified"],
    ['a missing file', ['-f', 'none.yaml'], 'sluice: cannot read none.yaml: no such file'],
    ['a file of the wrong type', ['-f', SLUICE], 'sluice: '],
    ['labels without a value', ['-f', GATEWAY, '--pod-labels', 'istio'], '--pod-labels'],
    [
      'an unknown mesh option',
      ['-f', GATEWAY, '--mesh-option', 'enableQuick=true'],
      'unknown mesh option "enableQuick"',
    ],
    [
      'an unknown output format',
      ['-f', GATEWAY, '-o', 'xml'],
      'Allowed choices are table, json, yaml',
    ],
    ['a missing configuration', ['-f', GATEWAY, '-c', 'none.yaml'], 'GW100: none.yaml'],
  ])('%s ends with 1 and a sentence, without a stack trace', async (_, args, sentence) => {
    const { code, out, err } = await sluice(['map', ...args]);
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: expect.stringContaining(sentence),
    });
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe('sluice plan', () => {
  let bigip: LabBigip;
  let config: string;
  const dated = manifest(GATEWAY).map((object) => ({
    ...object,
    metadata: { ...object.metadata, creationTimestamp: '2026-02-01T00:00:00Z' },
  }));
  const running = list(
    ...dated,
    service,
    pod('gateway-1', '10.244.1.5'),
    pod('gateway-2', '10.244.2.5'),
  );

  beforeEach(async () => {
    bigip = await startBigip({ dataPath: false, timings: { declare: 0 } });
    const files = await writeLabFiles(join(dir, 'site'), {
      clusters: [{ id: 'lab', kubeconfig: '' }],
      device: bigip,
      virtualAddress: '172.16.100.195',
      members: 'pods',
      queue: { kind: 'sqlite', path: join(dir, 'none.sqlite') },
    });
    config = files.config;
  });
  afterEach(() => bigip.close());

  const plan = (...files: readonly string[]): Promise<Said> =>
    sluice(['plan', '-f', ...files, '-c', config, '--device', '-o', 'json']);
  const changes = ({ json }: Said): readonly unknown[] =>
    json.changes.map((c) => [c.kind, c.key, c.reason]);

  /** AS3 accepts what plan prints. */
  async function declare(objects: object): Promise<void> {
    const printed = await sluice(['plan', '-f', file('declared.yaml', objects), '-c', config]);
    expect(printed.code).toBe(0);
    const answer = await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare/k8s', {
      body: printed.json,
    });
    expect(answer.body).toMatchObject({
      results: [{ code: 200, message: 'success', tenant: 'k8s' }],
    });
  }

  test('prints a declaration that BIG-IP accepts; then there is no difference, and the code is 0', async () => {
    await declare(running);
    expect(
      bigip
        .view()
        .partitions.find(({ name }) => name === 'k8s')
        ?.virtualServers.map(({ destination }) => destination),
    ).toEqual(['172.16.100.195:32400']);
    const same = await sluice(['plan', '-f', file('now.yaml', running), '-c', config, '--device']);
    expect(same).toMatchObject({
      code: 0,
      out: 'No difference.\n0 to add, 0 to change, 0 to delete, 1 unchanged\n',
    });
    expect(bigip.writes).toHaveLength(1);
  });

  test('finds no difference in the same manifests as Git has them, without Pods and dates', async () => {
    await declare(running);
    const said = await plan(GATEWAY, file('service.yaml', service));
    expect(said.code).toBe(0);
    expect(changes(said)).toEqual([['unchanged', '172.16.100.195:32400/tcp', 'already declared']]);
    expect(said.err).toContain(
      `no pool members for Service ${SERVICE_NAME} in these files; the cluster provides them`,
    );
  });

  test('ends with 2, lists what would be created, changed and deleted, and writes nothing', async () => {
    const path = file('now.yaml', running);
    expect(changes(await plan(path))).toEqual([
      ['create', '172.16.100.195:32400/tcp', 'default/tcp-echo-gateway requests it'],
    ]);
    await declare(running);
    const [gateway, ...others] = dated;
    const annotated = {
      ...gateway!,
      metadata: { ...gateway!.metadata, annotations: { 'sluice.io/balance': 'ratio-member' } },
    };
    const updated = await plan(file('balance.yaml', list(annotated, ...others, service)));
    expect([updated.code, changes(updated)]).toEqual([
      2,
      [['update', '172.16.100.195:32400/tcp', 'balance changed']],
    ]);
    const moved = await plan(path, CONFIG_MAP);
    expect([moved.code, changes(moved)].flat(2)).toEqual(
      expect.arrayContaining([
        2,
        'create',
        '172.16.100.195:31400/tcp',
        'delete',
        '172.16.100.195:32400/tcp',
      ]),
    );
    const gone = await sluice([
      'plan',
      '-f',
      file('gone.yaml', list(...others, service)),
      '-c',
      config,
      '--device',
    ]);
    expect(gone.code).toBe(2);
    expect(gone.out).toMatch(
      /^- +bigip +k8s +172\.16\.100\.195:32400\/tcp +delete +default\/tcp-echo-gateway/m,
    );
    expect(bigip.writes).toHaveLength(1);
  });

  test('assigns an automatic address as apply would: a free one, and the same one once it is declared', async () => {
    const plain = parse(readFileSync(config, 'utf8')) as { ingresses: object[] };
    writeFileSync(
      config,
      stringify({
        ...plain,
        addressPools: [{ name: 'web', ranges: ['172.16.100.7-172.16.100.8'] }],
        ingresses: plain.ingresses.map((one) => ({ ...one, virtualAddress: 'auto' })),
      }),
    );
    const mapped = await sluice(['map', '-f', file('now.yaml', running), '-c', config]);
    expect(mapped.out).toMatch(/^auto\(web\):32400\/tcp +k8s/m);
    const offline = await sluice(['plan', '-f', file('now.yaml', running), '-c', config]);
    expect(offline.out).toMatch(/"172\.16\.100\.[78]"/);
    expect(offline.err).toContain(
      `note: Service ${SERVICE_NAME}: its address from pool web is the one it would get ` +
        'on an empty device; --device shows the real one',
    );
    const other = { name: 'other', partition: 'Common' };
    for (const [taken, free] of [
      ['172.16.100.7', '172.16.100.8'],
      ['172.16.100.8', '172.16.100.7'],
    ]) {
      await call(bigip, 'POST', '/mgmt/tm/ltm/virtual-address', {
        body: { ...other, address: taken },
      });
      expect(changes(await plan(file('now.yaml', running)))).toEqual([
        ['create', `${free}:32400/tcp`, 'default/tcp-echo-gateway requests it'],
      ]);
      await call(bigip, 'DELETE', '/mgmt/tm/ltm/virtual-address/~Common~other');
    }
    await declare(running);
    expect(changes(await plan(file('now.yaml', running)))).toEqual([
      ['unchanged', expect.stringMatching(/^172\.16\.100\.[78]:32400\/tcp$/), 'already declared'],
    ]);
    await call(bigip, 'DELETE', '/mgmt/shared/appsvcs/declare/k8s');
    for (const address of ['172.16.100.7', '172.16.100.8'])
      await call(bigip, 'POST', '/mgmt/tm/ltm/virtual-address', {
        body: { name: address, partition: 'Common', address },
      });
    expect(changes(await plan(file('now.yaml', running)))).toEqual([
      [
        'held',
        'auto(web):32400/tcp',
        expect.stringContaining('pool web has no free address on bigip'),
      ],
    ]);
  });

  test('reports an ingress whose Service is not in the files, and does not change it', async () => {
    const said = await plan(GATEWAY);
    expect(said).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(
        `these files contain no ingress Service of cluster lab: add ${SERVICE_NAME}`,
      ),
    });
  });

  test('ends with 1 and the code when the device does not answer', async () => {
    const path = file('now.yaml', running);
    await bigip.close();
    const said = await plan(path);
    expect(said).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^sluice: BIP5\d\d: bigip/m),
    });
    expect(said.err).not.toMatch(/^\s+at /m);
  });
});

describe('sluice import cis', () => {
  test('converts the F5 ConfigMap of a CIS user to an equivalent entry and command', async () => {
    const { json } = await sluice([
      'import',
      'cis',
      '-f',
      GATEWAY,
      CONFIG_MAP,
      '--cluster',
      'east',
      '--pool-member-type',
      'cluster',
      '-o',
      'json',
    ]);
    expect(json).toMatchObject({
      ingresses: [
        {
          cluster: 'east',
          service: SERVICE_NAME,
          devices: ['bigip'],
          virtualAddress: '172.16.100.195',
          partition: 'k8s',
          members: 'pods',
        },
      ],
      annotations: [
        {
          object: `Gateway that opens port 32400 of Service ${SERVICE_NAME}`,
          annotations: {
            'sluice.io/port': '32400=31400',
            'sluice.io/mode': 'tcp',
            'sluice.io/balance': 'least-connections-member',
          },
        },
      ],
      notCarried: [],
    });
    const base = {
      generation: 1,
      devices: [
        {
          name: 'bigip',
          url: 'https://127.0.0.1:1',
          username: 'admin',
          password: 'env:NONE',
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'east' }],
    };
    const imported = file('imported.yaml', { ...base, ingresses: json.ingresses });
    const plain = file('plain.yaml', {
      ...base,
      ingresses: [{ cluster: 'east', service: SERVICE_NAME, devices: ['bigip'] }],
    });
    const [gateway, ...others] = manifest(GATEWAY);
    const annotated = file(
      'annotated.yaml',
      list(
        {
          ...gateway!,
          metadata: { ...gateway!.metadata, annotations: json.annotations[0]?.annotations },
        },
        ...others,
        service,
      ),
    );
    const [before, after] = await Promise.all([
      sluice([
        'map',
        '-f',
        GATEWAY,
        CONFIG_MAP,
        file('service.yaml', service),
        '-c',
        plain,
        '-o',
        'json',
      ]),
      sluice(['map', '-f', annotated, '-c', imported, '-o', 'json']),
    ]);
    expect(before.json.exposures).toHaveLength(1);
    expect(after.json.exposures).toEqual(before.json.exposures);
  });

  test('prints commands for the gateways in the files, and keeps applications out', async () => {
    const app = file('app.yaml', {
      apiVersion: 'cis.f5.com/v1',
      kind: 'TransportServer',
      metadata: { name: 'app', namespace: 'shop' },
      spec: {
        virtualServerAddress: '10.1.1.1',
        virtualServerPort: 80,
        mode: 'standard',
        pool: { service: 'app', servicePort: 80 },
      },
    });
    const { out, code } = await sluice([
      'import',
      'cis',
      '-f',
      GATEWAY,
      CONFIG_MAP,
      app,
      '--service',
      SERVICE_NAME,
    ]);
    expect(code).toBe(0);
    expect(out).toContain(
      "kubectl -n default annotate gateways.networking.istio.io tcp-echo-gateway 'sluice.io/port=32400=31400'",
    );
    expect(out).toMatch(
      /# TransportServer shop\/app +Service +is for Service shop\/app, which is not selected/,
    );
    expect(out).not.toContain('service: shop/app');
  });

  test('reports if there is nothing to import', async () => {
    expect(await sluice(['import', 'cis', '-f', GATEWAY])).toMatchObject({
      code: 0,
      out: 'No object of F5 CIS in these files.\n',
    });
  });
});
