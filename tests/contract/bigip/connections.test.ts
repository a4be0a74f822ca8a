/** Open connections of members, as the device counts them. */
import { once } from 'node:events';
import { connect as openSocket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { loopbackOf } from '../../../infra/lab/loopback.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { until } from '../../integration/lab-bigip/client.ts';
import { startPod } from '../../integration/lab-bigip/pods.ts';
import { closeAll, connect, declare, lab, wanted } from './support.ts';

afterEach(closeAll);

const VIP = '172.16.100.195';
const POD = '10.244.1.5';
const placeOf = (port: number) =>
  ({ partition: 'k8s', address: VIP, port, protocol: 'tcp' }) as const;

test('connections are counted for each member of an exposure while they are open', async () => {
  const bigip = await lab({
    dataPath: true,
    timings: { declare: 0, memberWrite: 0, monitorInterval: 20 },
  });
  const pod = await startPod(POD, 'one');
  const device = connect(bigip);
  await declare(device, wanted(EMPTY_STATE, 1, [pod.port]));
  const count = async (): Promise<number | undefined> =>
    (await device.paths.connections(placeOf(pod.port))).get(POD);
  expect(await count()).toBe(0);
  const sockets = [];
  try {
    for (const wantedCount of [1, 2]) {
      // The monitor has to see the pod first.
      const answering = await until(async () => {
        const socket = openSocket({ host: loopbackOf(VIP), port: pod.port });
        socket.on('error', () => socket.destroy());
        socket.write('x');
        const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [
          Buffer | boolean,
        ];
        if (Buffer.isBuffer(answer)) return socket;
        socket.destroy();
        return undefined;
      });
      sockets.push(answering);
      expect(await count()).toBe(wantedCount);
    }
    sockets[0]!.destroy();
    expect(await until(async () => ((await count()) === 1 ? true : undefined))).toBe(true);
  } finally {
    for (const socket of sockets) socket.destroy();
    await pod.close();
  }
});

test('an exposure that does not exist has no connections', async () => {
  const device = connect(await lab());
  await declare(device, wanted());
  expect([...(await device.paths.connections(placeOf(32_400)))]).toEqual([[POD, 0]]);
  expect([...(await device.paths.connections(placeOf(1)))]).toEqual([]);
});
