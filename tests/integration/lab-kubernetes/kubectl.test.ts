import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type LabKubernetes, startKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import {
  type Kubectl,
  apply,
  configMap,
  istioGateways,
  kubectlFound,
  service,
  services,
  startKubectl,
} from './client.ts';

const gateway = `
apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata: {name: tcp-echo-gateway}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 32400, name: tcp, protocol: TCP}
    hosts: ["*"]
---
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: tcp-echo-destination}
spec:
  host: tcp-echo
  subsets:
  - {name: v1, labels: {version: v1}}
---
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: tcp-echo}
spec:
  hosts: ["*"]
  gateways: [tcp-echo-gateway]
  tcp:
  - match: [{port: 32400}]
    route:
    - destination: {host: tcp-echo, port: {number: 9000}, subset: v1}
`;

function ingress(label: string): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system, labels: {app: "${label}"}}
spec:
  type: LoadBalancer
  selector: {istio: ingressgateway}
  ports:
  - {name: status-port, port: 15020, nodePort: 31702}
  - {name: http2, port: 80, targetPort: 8080, nodePort: 31547}
`;
}

const missing = 'skipped: no kubectl on the PATH; install kubectl 1.32 to run these';
const title = kubectlFound ? 'the unmodified kubectl' : `the unmodified kubectl (${missing})`;
// Jest does not print the titles of skipped suites.
if (!kubectlFound)
  process.stderr.write(`tests/integration/lab-kubernetes/kubectl.test.ts ${missing}\n`);

(kubectlFound ? describe : describe.skip)(title, () => {
  let lab: LabKubernetes;
  let kubectl: Kubectl;

  beforeAll(async () => {
    lab = await startKubernetes();
    kubectl = await startKubectl(lab);
  });

  afterAll(async () => {
    await kubectl.close();
    await lab.close();
  });

  async function ok(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await kubectl.run(...args);
    expect({ args, code, err: code === 0 ? '' : err }).toEqual({ args, code: 0, err: '' });
    return out;
  }

  test('applies the Gateway, DestinationRule and VirtualService of the walkthrough without any flag', async () => {
    const first = await kubectl.pipe(gateway, 'apply', '-f', '-');
    expect(first.out.split('\n').filter((line) => line.endsWith('created'))).toHaveLength(3);
    const again = await kubectl.pipe(gateway, 'apply', '-f', '-');
    expect(again.out.split('\n').filter((line) => line.endsWith('unchanged'))).toHaveLength(3);
  });

  test('reads a Gateway back in the version it asks for', async () => {
    await kubectl.pipe(gateway, 'apply', '-f', '-');
    const preferred = parse(await ok('get', 'gw', 'tcp-echo-gateway', '-o', 'yaml'));
    const old = parse(
      await ok('get', 'gateways.v1alpha3.networking.istio.io', 'tcp-echo-gateway', '-o', 'yaml'),
    );
    expect(preferred.apiVersion).toBe('networking.istio.io/v1');
    expect(old.apiVersion).toBe('networking.istio.io/v1alpha3');
    expect(old.spec).toEqual(preferred.spec);
    expect(old.spec.servers[0].port).toEqual({ number: 32400, name: 'tcp', protocol: 'TCP' });
  });

  test('shows the Service with a pending address, then with its address', async () => {
    await kubectl.pipe(ingress('a'), 'apply', '-f', '-');
    const [head, row] = (await ok('get', 'svc', '-n', 'istio-system', 'istio-ingressgateway'))
      .split('\n')
      .map((line) => line.split(/\s{2,}/));
    expect(head?.slice(0, 6)).toEqual([
      'NAME',
      'TYPE',
      'CLUSTER-IP',
      'EXTERNAL-IP',
      'PORT(S)',
      'AGE',
    ]);
    expect(row?.slice(0, 5)).toEqual([
      'istio-ingressgateway',
      'LoadBalancer',
      '10.96.0.16',
      '<pending>',
      '15020:31702/TCP,80:31547/TCP',
    ]);
    const status = '{"status":{"loadBalancer":{"ingress":[{"ip":"172.16.100.195"}]}}}';
    await ok(
      'patch',
      'svc',
      '-n',
      'istio-system',
      'istio-ingressgateway',
      '--subresource=status',
      '--type=merge',
      '-p',
      status,
    );
    expect(await ok('get', 'svc', '-n', 'istio-system')).toContain('172.16.100.195');
    expect(await ok('get', 'svc', '-n', 'istio-system', '-o', 'wide')).toContain(
      'istio=ingressgateway',
    );
  });

  test('describes a Gateway with the events about it', async () => {
    await kubectl.pipe(gateway, 'apply', '-f', '-');
    const { metadata } = JSON.parse(await ok('get', 'gw', 'tcp-echo-gateway', '-o', 'json'));
    lab.store.apply({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'tcp-echo-gateway.1', namespace: 'default' },
      involvedObject: {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        namespace: 'default',
        name: 'tcp-echo-gateway',
        uid: metadata.uid,
      },
      reason: 'Exposed',
      message: 'port 32400 is reachable at 172.16.100.195:32400',
      type: 'Normal',
      source: { component: 'sluice' },
      count: 1,
      firstTimestamp: metadata.creationTimestamp,
      lastTimestamp: metadata.creationTimestamp,
    });
    const text = await ok('describe', 'gw', 'tcp-echo-gateway');
    expect(text).toMatch(/Events:\n\s+Type\s+Reason/);
    expect(text).toContain('port 32400 is reachable at 172.16.100.195:32400');
    expect(await ok('get', 'events')).toMatch(
      /Normal\s+Exposed\s+gateway\/tcp-echo-gateway\s+port 32400/,
    );
    expect(
      await ok(
        'get',
        'events.events.k8s.io',
        '-o',
        'jsonpath={.items[0].note} {.items[0].regarding.name}',
      ),
    ).toBe('port 32400 is reachable at 172.16.100.195:32400 tcp-echo-gateway');
  });

  test('keeps a port that another manager added when the original manifest is applied again', async () => {
    await kubectl.pipe(ingress('a'), 'apply', '-f', '-');
    const port = { name: 'tcp-32400', port: 32400, protocol: 'TCP', targetPort: 32400 };
    const added = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'istio-ingressgateway', namespace: 'istio-system' },
      spec: { ports: [port] },
    };
    await apply(lab, `${services}/istio-ingressgateway`, added, { manager: 'sluice' });
    const changed = await kubectl.pipe(ingress('b'), 'apply', '-f', '-');
    expect(changed.out).toBe('service/istio-ingressgateway configured\n');
    const live = lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
    expect(live?.metadata.labels).toEqual({ app: 'b' });
    const ports = (live?.['spec'] as { ports: { port: number }[] } | undefined)?.ports ?? [];
    expect(new Set(ports.map((one) => one.port))).toEqual(new Set([80, 15020, 32400]));
    expect(ports).toContainEqual({ ...port, nodePort: 30000 });
  });

  test('removes with apply what the manifest no longer has', async () => {
    const map = (data: Record<string, string>): string =>
      JSON.stringify(configMap('apply-removes', data));
    await kubectl.pipe(map({ a: '1', b: '2' }), 'apply', '-f', '-');
    await kubectl.pipe(map({ a: '3' }), 'apply', '-f', '-');
    expect(lab.store.get('v1', 'ConfigMap', 'default', 'apply-removes')?.['data']).toEqual({
      a: '3',
    });
  });

  test('applies server-side under its own manager and reports conflicts', async () => {
    const manifest = (key: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'ours' },
        data: { key },
      });
    const first = await kubectl.pipe(
      manifest('1'),
      'apply',
      '--server-side',
      '--field-manager',
      'one',
      '-f',
      '-',
    );
    expect(first.out).toBe('configmap/ours serverside-applied\n');
    const second = await kubectl.pipe(
      manifest('2'),
      'apply',
      '--server-side',
      '--field-manager',
      'two',
      '-f',
      '-',
    );
    expect(second.err).toContain('Apply failed with 1 conflict: conflict with "one": .data.key');
    const forced = await kubectl.pipe(
      manifest('2'),
      'apply',
      '--server-side',
      '--field-manager',
      'two',
      '--force-conflicts',
      '-f',
      '-',
    );
    expect(forced.code).toBe(0);
    const managers = await ok(
      'get',
      'cm',
      'ours',
      '--show-managed-fields',
      '-o',
      'jsonpath={.metadata.managedFields[*].manager}',
    );
    expect(managers).toBe('two');
  });

  test('edits by patches of all three kinds', async () => {
    await kubectl.pipe(
      JSON.stringify(configMap('patched', { a: '1', b: '2' })),
      'apply',
      '-f',
      '-',
    );
    await ok('patch', 'cm', 'patched', '-p', '{"data":{"a":"strategic"}}');
    await ok('patch', 'cm', 'patched', '--type=merge', '-p', '{"data":{"b":null}}');
    await ok(
      'patch',
      'cm',
      'patched',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/data/c","value":"json"}]',
    );
    await ok('annotate', 'cm', 'patched', 'sluice.dev/seen=yes');
    await ok('label', 'cm', 'patched', 'team=edge');
    const live = lab.store.get('v1', 'ConfigMap', 'default', 'patched');
    expect(live?.['data']).toEqual({ a: 'strategic', c: 'json' });
    expect(live?.metadata.labels).toEqual({ team: 'edge' });
    expect(await ok('get', 'cm', '-l', 'team in (edge,core)', '-o', 'name')).toBe(
      'configmap/patched\n',
    );
  });

  test('follows additions, changes and deletions', async () => {
    const followed = kubectl.follow(
      'get',
      'virtualservices',
      '-n',
      'istio-system',
      '--watch',
      '--output-watch-events',
      '--request-timeout=15s',
    );
    const vs = (host: string): Parameters<typeof lab.store.apply>[0] => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'followed', namespace: 'istio-system' },
      spec: { hosts: [host] },
    });
    lab.store.apply(vs('first'));
    const seen: string[] = [];
    try {
      for (const act of [
        () => undefined,
        () => lab.store.apply(vs('second')),
        () =>
          lab.store.delete('networking.istio.io/v1', 'VirtualService', 'istio-system', 'followed'),
      ]) {
        if (seen.length === 0) seen.push(String((await followed.lines.next()).value));
        act();
        seen.push(String((await followed.lines.next()).value));
      }
    } finally {
      await followed.stop();
    }
    expect(seen.map((line) => line.split(/\s+/)[0])).toEqual([
      'EVENT',
      'ADDED',
      'MODIFIED',
      'DELETED',
    ]);
    expect(seen[2]).toContain('second');
  });

  test('deletes and waits until it is gone', async () => {
    await kubectl.pipe(gateway, 'apply', '-f', '-');
    expect(await ok('delete', 'gateways.networking.istio.io', 'tcp-echo-gateway')).toBe(
      'gateway.networking.istio.io "tcp-echo-gateway" deleted\n',
    );
    const gone = await kubectl.run('get', 'gw', 'tcp-echo-gateway');
    expect(gone.err).toBe(
      'Error from server (NotFound): gateways.networking.istio.io "tcp-echo-gateway" not found\n',
    );
    expect(lab.store.list('networking.istio.io/v1', 'Gateway')).toEqual([]);
  });

  test("gets Kubernetes' message for an invalid Service", async () => {
    const manifest = service([{ port: 80 }, { port: 81 }], { name: 'two', namespace: 'default' });
    const refused = await kubectl.pipe(JSON.stringify(manifest), 'create', '-f', '-');
    expect(refused.err).toContain('The Service "two" is invalid');
    expect(refused.err).toContain('spec.ports[0].name: Required value');
  });

  const gatewayWith = (servers: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: wrong}\nspec: ` +
    `{selector: {istio: x}, ${servers}}\n`;

  test.each([
    [
      'a wrong field',
      'servrs: []',
      'Gateway in version "v1" cannot be handled as a Gateway: strict decoding error: unknown field "spec.servrs"',
    ],
    [
      'a wrong type',
      'servers: [{port: {number: http, name: a, protocol: HTTP}, hosts: ["*"]}]',
      '* spec.servers[0].port.number: Invalid value: "string": ' +
        'spec.servers[0].port.number in body must be of type integer: "string"',
    ],
    ['a missing port', 'servers: [{hosts: ["*"]}]', '* spec.servers[0].port: Required value'],
  ])("gets Kubernetes' message for an invalid Gateway: %s", async (_, servers, sentence) => {
    const refused = await kubectl.pipe(gatewayWith(servers), 'apply', '-f', '-');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(sentence);
    expect(lab.store.get('networking.istio.io/v1', 'Gateway', 'default', 'wrong')).toBeUndefined();
  });

  test('only warns of an unknown field if the user asks for that, and refuses it server-side', async () => {
    const warned = await kubectl.pipe(
      gatewayWith('servrs: []'),
      'create',
      '--dry-run=server',
      '--validate=warn',
      '-f',
      '-',
    );
    expect(warned).toMatchObject({ code: 0, err: 'Warning: unknown field "spec.servrs"\n' });
    const applied = await kubectl.pipe(
      gatewayWith('servrs: []'),
      'apply',
      '--server-side',
      '-f',
      '-',
    );
    expect(applied.err).toContain(
      'failed to create typed patch object (default/wrong; networking.istio.io/v1, ' +
        'Kind=Gateway): .spec.servrs: field not declared in schema',
    );
  });

  test('explains the fields of custom resources', async () => {
    expect(await ok('explain', 'gateways.networking.istio.io.spec.servers')).toMatch(
      /hosts\s+<\[\]string> -required-/,
    );
    expect(await ok('explain', 'gtw.spec.listeners.tls.mode')).toMatch(
      /ENUM:\s+Terminate\s+Passthrough/,
    );
  });

  test('supports short names, and names that several groups have', async () => {
    const resources = await ok('api-resources', '--no-headers');
    for (const row of [
      /^gateways\s+gw\s+networking.istio.io\/v1/m,
      /^gateways\s+gtw\s+gateway.networking.k8s.io\/v1/m,
      /^endpointslices\s+discovery.k8s.io\/v1/m,
      /^ciliumnodes\s+cn,ciliumn\s+cilium.io\/v2\s+false/m,
      /^blockaffinities\s+crd.projectcalico.org\/v1\s+false/m,
      /^blockaffinities\s+affinity,affinities\s+projectcalico.org\/v3\s+false/m,
    ]) {
      expect(resources).toMatch(row);
    }
    for (const short of [
      'gw',
      'gtw',
      'vs',
      'svc',
      'po',
      'no',
      'cm',
      'ns',
      'deploy',
      'ep',
      'ev',
      'sa',
      'cn',
    ]) {
      expect(await kubectl.run('get', short, '-A')).toMatchObject({ code: 0 });
    }
  });

  test('creates and deletes a namespace with everything in it', async () => {
    await ok('create', 'namespace', 'short-lived');
    await ok('create', 'configmap', 'inside', '-n', 'short-lived', '--from-literal=a=b');
    await ok('delete', 'namespace', 'short-lived');
    expect(lab.store.get('v1', 'ConfigMap', 'short-lived', 'inside')).toBeUndefined();
    const refused = await kubectl.run(
      'create',
      'configmap',
      'inside',
      '-n',
      'short-lived',
      '--from-literal=a=b',
    );
    expect(refused.err).toContain('namespaces "short-lived" not found');
  });

  test('creates without a manifest, which it does in protocol buffers', async () => {
    await ok('create', 'configmap', 'literal', '--from-literal=a=b');
    await ok('create', 'secret', 'generic', 'hidden', '--from-literal=password=x');
    await ok('create', 'serviceaccount', 'robot');
    await ok('create', 'service', 'nodeport', 'web', '--tcp=80:8080', '--node-port=30123');
    await ok('create', 'deployment', 'web', '--image=web:1', '--replicas=0', '--port=8080');
    expect(lab.store.get('v1', 'ConfigMap', 'default', 'literal')?.['data']).toEqual({ a: 'b' });
    expect(lab.store.get('v1', 'Secret', 'default', 'hidden')).toMatchObject({
      type: 'Opaque',
      data: { password: 'eA==' },
    });
    expect(lab.store.get('v1', 'Service', 'default', 'web')).toMatchObject({
      spec: {
        type: 'NodePort',
        selector: { app: 'web' },
        ports: [{ name: '80-8080', port: 80, targetPort: 8080, nodePort: 30123, protocol: 'TCP' }],
      },
    });
    expect(lab.store.get('apps/v1', 'Deployment', 'default', 'web')?.['spec']).toMatchObject({
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 8080 }] }] },
      },
    });
  });

  test('shows nodes and pods as a cluster does', async () => {
    lab.store.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1', labels: { 'node-role.kubernetes.io/worker': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1.32.0' },
        addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
      },
    });
    lab.store.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gateway-1', namespace: 'istio-system' },
      spec: { nodeName: 'node-1', containers: [{ name: 'istio-proxy' }] },
      status: {
        phase: 'Running',
        podIP: '10.244.1.5',
        containerStatuses: [{ name: 'istio-proxy', ready: true, restartCount: 2 }],
      },
    });
    expect(await ok('get', 'nodes', '-o', 'wide')).toMatch(
      /node-1\s+Ready,SchedulingDisabled\s+worker\s+\S+\s+v1.32.0\s+10.1.0.1/,
    );
    expect(await ok('get', 'po', '-n', 'istio-system', '-o', 'wide')).toMatch(
      /gateway-1\s+1\/1\s+Running\s+2\s+\S+\s+10.244.1.5\s+node-1/,
    );
    expect(await ok('describe', 'node', 'node-1')).toContain('Unschedulable:      true');
    expect(
      await ok('get', 'po', '-A', '--field-selector', 'spec.nodeName=node-1', '-o', 'name'),
    ).toBe('pod/gateway-1\n');
  });

  test('uses the address of the path for every Istio version', async () => {
    await kubectl.pipe(gateway, 'apply', '-f', '-');
    const names = await ok('get', '--raw', `${istioGateways}?limit=1`);
    expect(JSON.parse(names).items[0].apiVersion).toBe('networking.istio.io/v1');
  });
});
