import { describe, expect, test } from '@jest/globals';
import { mapTables } from '../../../functions/cli/manifests/map-tables.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import { exposure, SETTINGS } from '../../fixtures/exposures.ts';

const MAPPING: PortMapping = {
  namespace: 'istio-system',
  services: ['istio-system/istio-ingressgateway'],
  pods: ['gw-1'],
  listeners: [],
  servers: [],
  missing: [],
};

function table(exposures: readonly Exposure[], width?: number): readonly string[] {
  const text = mapTables([MAPPING], exposures, width);
  return text.slice(text.indexOf('Exposures')).split('\n').slice(2);
}

describe('the exposures that map shows', () => {
  const restricted = exposure({
    settings: { ...SETTINGS, source: '10.20.0.0/16' },
    gateways: ['edge/web'],
  });
  const open = exposure({ port: 80, gateways: ['edge/web'] });

  test('include the clients to which one is restricted', () => {
    const [, first, second] = table([restricted, open]);
    expect(first).toMatch(/^172\.16\.100\.195:32400\/tcp from 10\.20\.0\.0\/16 {2}k8s /);
    expect(second).toMatch(/^172\.16\.100\.195:80\/tcp +k8s /);
  });

  test('fit into 80 columns with it', () => {
    const rows = table([restricted, open], 80);
    expect(rows.slice(0, 3)).toEqual([
      'ADDRESS                          PARTITION  MODE  BALANCE      MEMBERS  GATEWAYS',
      '172.16.100.195:32400/tcp from    k8s        tcp   round-robin  1        edge/web',
      '10.20.0.0/16',
    ]);
  });
});
