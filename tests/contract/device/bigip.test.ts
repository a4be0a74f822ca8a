import { processClock } from '../../../shared/runtime/process.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { openNodeAccess } from '../../../shared/bigip/node-access.ts';
import { closeAll, connect, lab } from '../bigip/support.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import type { Subject } from './suite.ts';
import { deviceContract } from './suite.ts';

const inUrl = (path: string): string => path.replaceAll('/', '~');

async function subject(): Promise<Subject> {
  const bigip = await lab();
  const send = async (method: string, path: string, body?: object): Promise<void> => {
    const { status, text } = await call(bigip, method, `/mgmt/tm/${path}`, { body });
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
  };
  return {
    connect: (...partitions) => connect(bigip, { config: { partitions: [...partitions] } }),
    openNodes: () =>
      openNodeAccess(
        DeviceConfig.parse({
          name: 'bigip-1',
          url: bigip.url,
          username: bigip.username,
          password: 'env:X',
          partitions: ['k8s'],
        }),
        { ca: bigip.ca, password: () => Promise.resolve(bigip.password) },
        { clock: processClock, random: () => 0.5 },
      ),
    createPartition: (name) => send('POST', 'auth/partition', { name }),
    holdAddress: (address, port) =>
      send('POST', 'ltm/virtual', {
        name: 'held',
        partition: 'Common',
        destination: `/Common/${address}:${port}`,
        ipProtocol: 'tcp',
        mask: '255.255.255.255',
      }),
    removeServer: (path) => send('DELETE', `ltm/virtual/${inUrl(path)}`),
    disableServer: (path) => send('PATCH', `ltm/virtual/${inUrl(path)}`, { disabled: true }),
    stopPod: (address) => bigip.faults.health(address, 'down'),
    limitNode: (partition, address) =>
      send('PATCH', `ltm/node/~${partition}~${address}`, { connectionLimit: 5 }),
    away: () => bigip.close(),
    busy: () => bigip.faults.lockHeldFor(60_000),
    loseAnswer: () => bigip.faults.loseAnswers(1),
    stop: closeAll,
  };
}

deviceContract('BIG-IP', subject);
