import { assignAddresses } from '../../../../shared/domain/addresses/assign.ts';
import type { Slice } from '../../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../../../shared/domain/declared/declared.ts';
import { PLAIN } from './declared.ts';

/** The address that an owner gets from an empty pool; it depends on the owner's name. */
export function chooseable(owner: string): string | undefined {
  const wish = {
    address: 'auto(web)',
    port: 443,
    protocol: 'tcp' as const,
    partition: 'k8s',
    settings: PLAIN,
    members: [],
    gateways: ['default/web'],
    since: '2026-01-01T00:00:00Z',
  };
  const slice: Slice = {
    owner,
    clusterUid: 'uid',
    device: 'bigip-1',
    devices: ['bigip-1'],
    version: { epoch: 1, counter: 1, generation: 1 },
    exposures: [wish],
    changes: [],
    removed: false,
    servers: [],
    sources: {},
    notes: [],
    auto: { pools: { web: { ranges: ['10.1.0.0/24'], reserved: [] } }, claims: [], seed: owner },
  };
  return assignAddresses({
    states: new Map([['k8s', EMPTY_STATE]]),
    holders: [],
    slices: [slice],
    sameFleet: () => false,
  }).slices[0]?.exposures[0]?.address;
}
