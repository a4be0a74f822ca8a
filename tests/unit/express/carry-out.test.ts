/** The order of readings and writes, on a device in memory. */
import { describe, expect, test } from '@jest/globals';
import { carryOut } from '../../../functions/express/device.ts';
import type { NodeAccess } from '../../../shared/bigip/node-access.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import { reconciliation } from '../../../shared/domain/express/reconcile.ts';
import type { DeclaredState } from '../../../shared/domain/plan/declared.ts';
import { declared, EAST, event, node } from './fixtures.ts';

interface MemoryNodes extends NodeAccess {
  state: DeclaredState;
  /** Called before each write takes effect. */
  before: (address: string) => void;
  /** `10.0.0.1 draining` */
  readonly now: () => string[];
  readonly calls: string[];
}

function memoryNodes(state: DeclaredState, live: readonly string[]): MemoryNodes {
  const nodes = new Map(live.map((text) => [node(text).address, node(text)]));
  const put = ({ name, address, availability, stamp }: LiveNode): unknown => nodes.set(address, { name, address, availability, stamp });
  const access: MemoryNodes = {
    state,
    before: () => undefined,
    calls: [],
    now: () => [...nodes.values()].map(({ address, availability }) => `${address} ${availability}`),
    declared: () => {
      access.calls.push('declared');
      return Promise.resolve(access.state);
    },
    nodes: () => Promise.resolve([...nodes.values()]),
    write: async (_partition, write) => {
      access.calls.push(`write ${write.address}`);
      access.before(write.address);
      put(write);
      return 'written';
    },
    reconcile: (_partition, now) => {
      const writes = reconciliation(now, [...nodes.values()]);
      for (const write of writes) put(write);
      return Promise.resolve(writes.map(({ address }) => address));
    },
    close: () => Promise.resolve(),
  };
  return access;
}

const pools = [{ [EAST]: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }];
const nodes = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

describe('express carries out', () => {
  test('one write for each node, and a look at the declaration before and after', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    await carryOut({ access, partition: 'k8s', events: [event(2, ['10.0.0.1', '10.0.0.2'])] });
    expect(access.calls).toEqual(['declared', 'write 10.0.0.1', 'write 10.0.0.2', 'declared']);
    expect(access.now()).toEqual(['10.0.0.1 draining', '10.0.0.2 draining', '10.0.0.3 ready']);
  });

  test('nothing more than the look where nothing is to be written', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    await carryOut({ access, partition: 'k8s', events: [event(2, ['10.0.0.1 back'])] });
    expect(access.calls).toEqual(['declared']);
  });

  // Red without lookBack: the address would stay drained although a newer slice gave it to another pod.
  test('a declaration that overtakes the write wins, although node writes know no condition', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = () => (access.state = declared({ pools, at: { [EAST]: 3 } }));
    const done = await carryOut({ access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] });
    expect(done.corrected).toEqual(['10.0.0.1']);
    expect(access.now()).toEqual(['10.0.0.1 ready', '10.0.0.2 ready', '10.0.0.3 ready']);
  });

  test('the declaration of the same revision corrects nothing', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = () => (access.state = declared({ pools: [{ [EAST]: ['10.0.0.1 draining', '10.0.0.2', '10.0.0.3'] }], at: { [EAST]: 2 } }));
    const done = await carryOut({ access, partition: 'k8s', events: [event(2, ['10.0.0.1'])] });
    expect([done.corrected, access.now()[0]]).toEqual([[], '10.0.0.1 draining']);
  });

  test('a write that fails keeps none of the others back, and is told', async () => {
    const access = memoryNodes(declared({ pools }), nodes);
    access.before = (address) => {
      if (address === '10.0.0.1') throw new Error('busy');
    };
    await expect(carryOut({ access, partition: 'k8s', events: [event(2, ['10.0.0.1', '10.0.0.2'])] })).rejects.toThrow('busy');
    expect(access.now()).toEqual(['10.0.0.1 ready', '10.0.0.2 draining', '10.0.0.3 ready']);
  });
});
