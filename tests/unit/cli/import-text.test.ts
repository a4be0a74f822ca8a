import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { importText } from '../../../functions/cli/import-cis/import-text.ts';
import { migrationText } from '../../../functions/cli/migrate/tables.ts';
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';

const SERVICE = 'istio-system/istio-ingressgateway';
const INGRESS = {
  cluster: 'east',
  service: SERVICE,
  devices: ['bigip'],
  virtualAddress: '172.16.100.195',
  members: 'pods',
} as const;
const NOTHING: CisImport = {
  ingresses: [],
  serviceBundles: [],
  annotations: [],
  gateways: [],
  unplaced: [],
  staying: [],
  needs: { references: [], partitions: [], pools: [] },
  notCarried: [],
};

const text = (more: Partial<CisImport> = {}): string =>
  importText({ ...NOTHING, ingresses: [INGRESS], ...more });
const gateway = (
  name: string,
  annotations: Readonly<Record<string, string>>,
): CisImport['gateways'][number] => ({
  api: 'istio',
  gateway: `team/${name}`,
  ports: [443],
  objects: ['ConfigMap a/b'],
  annotations,
});
const commands = (printed: string): readonly string[] =>
  printed.split('\n').filter((line) => line.startsWith('kubectl'));

describe('what import cis prints', () => {
  test('begins with an entry that can be pasted into sluice.yaml', () => {
    const [first = ''] = text().split('\n\n');
    expect(parse(first)).toEqual({ ingresses: [INGRESS] });
  });

  test('has the references, partitions and pools that the annotations need', () => {
    const needs = { references: ['/Common/r'], partitions: ['dev', 'k8s'], pools: ['prod'] };
    const [first = ''] = text({ needs }).split('\n\n');
    expect(parse(first)).toEqual({ ingresses: [INGRESS], policy: { references: ['/Common/r'] } });
    expect(first).toContain('# devices[].partitions of bigip must contain: dev, k8s');
    expect(first).toContain('# addressPools must have a pool prod, with the ranges');
  });

  test('says where no address is known', () => {
    const { virtualAddress: _, ...bare } = INGRESS;
    const sentence = `# no address is known for ${SERVICE}`;
    expect(text({ ingresses: [bare] })).toContain(sentence);
    const addressed = [gateway('web', { 'sluice.io/virtual-address': '10.0.0.1' })];
    expect(text({ ingresses: [bare], gateways: addressed })).not.toContain(sentence);
    expect(text()).not.toContain(sentence);
  });

  test('is a command for each gateway, quoted for a shell', () => {
    const annotations = { 'sluice.io/port': '443=8443', 'sluice.io/monitors': `[{"send":"it's"}]` };
    const printed = text({ gateways: [gateway('web', annotations), gateway('bare', {})] });
    expect(commands(printed)).toEqual([
      String.raw`kubectl -n team annotate gateways.networking.istio.io web 'sluice.io/port=443=8443' 'sluice.io/monitors=[{"send":"it'\''s"}]'`,
    ]);
    expect(printed).toContain('# Gateway team/bare, port 443: ConfigMap a/b (needs no annotation)');
    expect(printed).toContain('# everything was converted');
  });

  test('runs no content of a name when it is pasted', () => {
    const name = "web; touch /tmp/x $(id)' \n touch /tmp/y";
    const evil = {
      ...gateway(name, { 'sluice.io/mode': 'tcp' }),
      objects: ['ConfigMap a\ntouch /tmp/z'],
    };
    const open = `Gateway that opens port 443 of Service a\ntouch /tmp/z`;
    const printed = text({
      gateways: [evil],
      annotations: [{ object: open, annotations: { 'sluice.io/mode': 'tcp' } }],
      unplaced: [open],
      needs: { references: [], partitions: ['a\ntouch /tmp/z'], pools: ['b\ntouch /tmp/z'] },
    });
    const word = String.raw`'web; touch /tmp/x $(id)'\'' `;
    expect(printed).toContain(`annotate gateways.networking.istio.io ${word}`);
    expect(printed.split('\n').filter((line) => line.startsWith('touch'))).toEqual([]);
  });

  test('leaves the name open where the gateway is not among the files', () => {
    const object = `Gateway that opens port 443 of Service ${SERVICE}`;
    const annotations = [{ object, annotations: { 'sluice.io/mode': 'tcp' } }];
    expect(commands(text({ annotations, unplaced: [object] }))).toEqual([
      "kubectl -n NAMESPACE annotate gateways.networking.istio.io NAME 'sluice.io/mode=tcp'",
    ]);
    expect(commands(text({ annotations }))).toEqual([]);
  });

  test('ends with what was not carried over, as comments', () => {
    const notCarried = [{ object: 'ConfigMap a/b', field: 'GW126', reason: 'deploys an iApp' }];
    const printed = text({ notCarried });
    expect(printed.split('\n').slice(-2)).toEqual([
      '# OBJECT         FIELD  WHY',
      '# ConfigMap a/b  GW126  deploys an iApp',
    ]);
    expect(text({ ingresses: [], notCarried })).toMatch(/^# nothing for sluice.yaml\n/);
  });

  test('says so where there was nothing to import', () => {
    expect(importText(NOTHING)).toBe('No object of F5 CIS in these files.');
  });

  test('is left out of migrate cis plan then, which reads no files', () => {
    const printed = migrationText({ controllers: [], rows: [], advice: NOTHING });
    expect(printed.split('\n\n')).toEqual([
      'No Deployment of F5 CIS is in this cluster.',
      'F5 CIS publishes nothing from this cluster.',
    ]);
  });
});
