/** A device in memory as express and apply see its nodes. */
import type { NodeAccess } from '../../../shared/device/nodes.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import { nodeReconciliation } from '../../../shared/domain/express/reconcile.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { node } from './fixtures.ts';

export interface MemoryNodes extends NodeAccess {
  state: DeclaredState;
  /** Awaited before each reading and each write. */
  before: (call: string) => unknown;
  /** `10.0.0.1 draining` */
  readonly now: () => string[];
  readonly calls: string[];
}

export function memoryNodes(state: DeclaredState, live: readonly string[]): MemoryNodes {
  const nodes = new Map(live.map((text) => [node(text).address, node(text)]));
  const call = async (name: string): Promise<void> => {
    access.calls.push(name);
    await access.before(name);
  };
  const put = ({ name, address, availability, stamp }: LiveNode): void =>
    void nodes.set(address, { name, address, availability, stamp });
  const access: MemoryNodes = {
    state,
    before: () => undefined,
    calls: [],
    now: () => [...nodes.values()].map(({ address, availability }) => `${address} ${availability}`),
    declared: async () => {
      await call('declared');
      return access.state;
    },
    nodes: async () => {
      await call('nodes');
      return [...nodes.values()];
    },
    write: async (_partition, write) => {
      await call(`write ${write.address}`);
      put(write);
      return 'written';
    },
    reconcile: async (partition, now) => {
      const writes = nodeReconciliation(now, await access.nodes(partition));
      for (const write of writes) await access.write(partition, write);
      return writes.map(({ address }) => address);
    },
    close: () => Promise.resolve(),
  };
  return access;
}
