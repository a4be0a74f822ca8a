import type { Device } from '../device.ts';
import type { LabRequest } from '../http-types.ts';
import type { Json } from '../json.ts';
import type { Traffic } from '../traffic.ts';
import { objectNotFound } from './draft.ts';
import { nodeItem, poolItem, snatPoolItem, virtualAddressItem, virtualItem } from './items.ts';
import type { LtmConfig } from './model.ts';

/** What an answer depends on. `expand`: the query has `expandSubcollections=true`. */
export interface ShowContext {
  readonly device: Device;
  readonly traffic: Traffic;
  readonly request: LabRequest;
  readonly expand: boolean;
}

/** Collections of LTM that the lab serves, with mcpd's word for one of their objects. */
export const COLLECTIONS = {
  virtual: { of: (config: LtmConfig) => config.virtuals, word: 'Virtual Server' },
  'virtual-address': {
    of: (config: LtmConfig) => config.virtualAddresses,
    word: 'Virtual Address',
  },
  pool: { of: (config: LtmConfig) => config.pools, word: 'Pool' },
  node: { of: (config: LtmConfig) => config.nodes, word: 'Node' },
  snatpool: { of: (config: LtmConfig) => config.snatPools, word: 'SNAT Pool' },
} as const;
/** The part of the path after `/mgmt/tm/ltm/`. */
export type Collection = keyof typeof COLLECTIONS;

/** Throws 404 if there is no such object. */
export function itemOf(context: ShowContext, collection: Collection, path: string): Json {
  const { device, traffic, expand } = context;
  const config = device.store.current();
  if (!COLLECTIONS[collection].of(config).has(path))
    throw objectNotFound(COLLECTIONS[collection].word, path);
  switch (collection) {
    case 'virtual':
      return virtualItem(config.virtuals.get(path)!, expand);
    case 'virtual-address':
      return virtualAddressItem(config.virtualAddresses.get(path)!);
    case 'pool':
      return poolItem(config.pools.get(path)!, traffic, expand);
    case 'node':
      return nodeItem(config.nodes.get(path)!);
    case 'snatpool':
      return snatPoolItem(config.snatPools.get(path)!);
  }
}
