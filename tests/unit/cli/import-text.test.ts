import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { importText } from '../../../functions/cli/import-cis/import-text.ts';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
const INGRESS = {
  cluster: 'east',
  service: SERVICE,
  devices: ['bigip'],
  virtualAddress: '172.16.100.195',
  members: 'pods',
} as const;

function gateway(name: string, ...ports: readonly number[]): object {
  const servers = ports.map((number) => ({
    port: { number, name: `p${number}`, protocol: 'TCP' },
    hosts: ['*'],
  }));
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { namespace: 'team', name },
    spec: { servers },
  };
}

function wanted(
  port: number,
  annotations: Readonly<Record<string, string>>,
): CisImport['annotations'][number] {
  return { object: `Gateway that opens port ${port} of Service ${SERVICE}`, annotations };
}

function text(
  annotations: CisImport['annotations'],
  gateways: readonly object[] = [],
  notCarried: CisImport['notCarried'] = [],
): string {
  return importText(
    { ingresses: [INGRESS], annotations, notCarried },
    normaliseObjects([...gateways]).objects,
  );
}

const commands = (printed: string): readonly string[] =>
  printed.split('\n').filter((line) => line.startsWith('kubectl'));

describe('what import cis prints', () => {
  test('begins with an entry that can be pasted into sluice.yaml', () => {
    const [first = ''] = text([]).split('\n\n');
    expect(parse(first)).toEqual({ ingresses: [INGRESS] });
  });

  test('is a command for each gateway in the files that opens the port, quoted for a shell', () => {
    const printed = text(
      [wanted(443, { 'sluice.io/port': '443=8443', 'sluice.io/monitors': `[{"send":"it's"}]` })],
      [gateway('web', 443), gateway('other', 80)],
    );
    expect(commands(printed)).toEqual([
      String.raw`kubectl -n team annotate gateways.networking.istio.io web 'sluice.io/port=443=8443' 'sluice.io/monitors=[{"send":"it'\''s"}]'`,
    ]);
    expect(printed).toContain('# everything was converted');
  });

  test('runs nothing that a name holds, when it is pasted', () => {
    const name = "web; touch /tmp/x $(id)' \n touch /tmp/y";
    const printed = text(
      [
        {
          object: `Gateway that opens port 443 of Service a\ntouch /tmp/z`,
          annotations: { 'sluice.io/mode': 'tcp' },
        },
      ],
      [gateway(name, 443)],
    );
    const word = String.raw`'web; touch /tmp/x $(id)'\'' `;
    expect(printed).toContain(`annotate gateways.networking.istio.io ${word}`);
    expect(printed.split('\n').filter((line) => line.startsWith('touch'))).toEqual([]);
  });

  test('leaves the name open where no gateway in the files opens it', () => {
    expect(commands(text([wanted(443, { 'sluice.io/mode': 'tcp' })]))).toEqual([
      "kubectl -n NAMESPACE annotate gateways.networking.istio.io NAME 'sluice.io/mode=tcp'",
    ]);
  });

  test('knows the gateways of Gateway API', () => {
    const api = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { namespace: 'team', name: 'api' },
      spec: { gatewayClassName: 'istio', listeners: [{ name: 'a', port: 443, protocol: 'TLS' }] },
    };
    expect(commands(text([wanted(443, { 'sluice.io/mode': 'tcp' })], [api]))).toEqual([
      "kubectl -n team annotate gateways.gateway.networking.k8s.io api 'sluice.io/mode=tcp'",
    ]);
  });

  test('joins the ports of one gateway into one command, and does not hide what they disagree on', () => {
    const printed = text(
      [
        wanted(1, { 'sluice.io/port': '1=11', 'sluice.io/balance': 'round-robin' }),
        wanted(2, {
          'sluice.io/port': '2=22',
          'sluice.io/balance': 'ratio-member',
          'sluice.io/mode': 'tcp',
        }),
      ],
      [gateway('both', 1, 2, 3)],
    );
    expect(commands(printed)).toEqual([
      "kubectl -n team annotate gateways.networking.istio.io both 'sluice.io/port=1=11,2=22' 'sluice.io/mode=tcp'",
    ]);
    expect(printed).toContain('different sluice.io/balance: round-robin and ratio-member');
    expect(printed).toContain('it also opens 3');
    expect(printed).not.toContain('everything was converted');
  });

  test('ends with what was not carried over, as comments', () => {
    const printed = text(
      [],
      [],
      [{ object: 'ConfigMap a/b', field: 'GW126', reason: 'deploys an iApp' }],
    );
    expect(printed.split('\n').slice(-2)).toEqual([
      '# OBJECT         FIELD  WHY',
      '# ConfigMap a/b  GW126  deploys an iApp',
    ]);
  });

  test('says so where there was nothing to import', () => {
    expect(
      importText({ ingresses: [], annotations: [], notCarried: [] }, normaliseObjects([]).objects),
    ).toBe('No F5 ConfigMap, TransportServer or IngressLink in these files.');
  });
});
