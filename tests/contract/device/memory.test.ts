import { livePartition } from '../../fixtures/live-partition.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { PLAIN } from '../../fixtures/plain-capabilities.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { Capabilities } from '../../../shared/device/capabilities.ts';
import type { Subject } from './suite.ts';
import { deviceContract, NOWHERE } from './suite.ts';

function subject(capabilities: Capabilities): Subject {
  const device = memoryDevice('bigip-1', capabilities);
  device.absent.add(NOWHERE);
  /** The partition and the key of a virtual server. */
  const at = (path: string): [ReturnType<typeof livePartition>, string] => {
    for (const [partition, live] of device.partitions)
      for (const [key, { exposure }] of live.servers)
        if (capabilities.pathOf(partition, exposure) === path) return [live, key];
    throw new Error(`${path} does not exist`);
  };
  return {
    connect: (...partitions) => device.connect(partitions),
    openNodes: () => device.openNodes(),
    createPartition: async (name) => void device.partitions.set(name, livePartition()),
    holdAddress: async (address, port) =>
      void device.holders.push({ path: '/Common/held', partition: 'Common', address, port }),
    removeServer: async (path) => {
      const [live, key] = at(path);
      live.servers.delete(key);
    },
    disableServer: async (path) => {
      const [live, key] = at(path);
      live.servers.set(key, { ...live.servers.get(key)!, enabled: false });
    },
    stopPod: (address) => void device.down.add(address),
    limitNode: async (partition, address) => {
      const nodes = device.partitions.get(partition)!.nodes;
      nodes.set(address, { ...nodes.get(address)!, limit: 5 });
    },
    away: async () => {
      device.reach = () => {
        throw new DeviceError('BIP501', 'transient', 'not reachable');
      };
    },
    busy: () => {
      device.held = true;
    },
    loseAnswer: () => {
      device.before = (_partition, _next, commit) => {
        commit();
        throw new DeviceError('BIP505', 'ambiguous', 'no answer');
      };
    },
    stop: () => Promise.resolve(),
  };
}

deviceContract('a device in memory of another kind', async () => subject(PLAIN));
deviceContract('a device in memory that calls things as BIG-IP does', async () => subject(BIGIP));
