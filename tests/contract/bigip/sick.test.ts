/** A device whose responses are too slow, endless or incomplete. */
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../infra/lab/bigip/certificate.ts';
import { isDeclare } from '../../../infra/lab/bigip/index.ts';
import type { FaultResponse, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { createTransport } from '../../../shared/bigip/rest/transport.ts';
import { closeAll, connect, declare, lab, wanted } from './support.ts';

afterEach(closeAll);

const isLogin = ({ path }: LabRequest): boolean => path.endsWith('/authn/login');
const isRole = ({ path }: LabRequest): boolean => path.endsWith('/failover-status');
const isRead = ({ path, method }: LabRequest): boolean =>
  path.endsWith('/declare/k8s') && method === 'GET';
const isTask = ({ path }: LabRequest): boolean => path.startsWith('/mgmt/shared/appsvcs/task/');
const isList = ({ path }: LabRequest): boolean => path === '/mgmt/tm/ltm/pool';
const isNode = ({ path, method }: LabRequest): boolean =>
  path.startsWith('/mgmt/tm/ltm/node') && method === 'GET';

const DRIP: FaultResponse = { kind: 'drip', ms: 20 };
/** Milliseconds: more than an idle lab needs, less than a slow response takes. */
const LIMIT = 1_000;

describe('an answer that trickles in', () => {
  test.each([
    ['the login', isLogin],
    ['the failover state', isRole],
    ['the declaration', isRead],
  ] as const)(
    '%s: is aborted after the total time limit, although data keeps coming, and the device is used again at once',
    async (_name, match) => {
      const bigip = await lab();
      await declare(connect(bigip), wanted());
      const device = connect(bigip, { timeoutMs: LIMIT });
      const heal = bigip.faults.inject({ times: Infinity, match, response: DRIP });
      await expect(device.read('k8s')).rejects.toMatchObject({
        code: 'BIP502',
        fault: 'transient',
        message: expect.stringMatching(
          /is incomplete after 1(\.\d)? s \(\d+ bytes received\); .*requestTimeout/,
        ),
      });
      heal();
      expect(await device.read('k8s')).toMatchObject({ declared: { state: wanted() } });
    },
  );

  test('is aborted also for the lists that a declare is compared with', async () => {
    const bigip = await lab();
    const device = connect(bigip, { timeoutMs: LIMIT });
    await declare(device, wanted());
    bigip.faults.inject({ match: isList, response: DRIP });
    await expect(device.verify('k8s', wanted())).rejects.toMatchObject({
      code: 'BIP502',
      fault: 'transient',
    });
    bigip.faults.inject({ match: isNode, response: DRIP });
    await expect(device.reconcileMembers('k8s', wanted())).rejects.toMatchObject({
      code: 'BIP502',
      fault: 'transient',
    });
  });

  test('counts as no response if its header trickles in as well', async () => {
    const bigip = await lab();
    const device = connect(bigip, { timeoutMs: LIMIT });
    bigip.faults.inject({ match: isLogin, response: { ...DRIP, head: true } });
    await expect(device.read('k8s')).rejects.toMatchObject({
      code: 'BIP502',
      fault: 'transient',
      message: expect.stringContaining('no answer to POST /mgmt/shared/authn/login within'),
    });
  });

  test('leaves a declare in doubt that was done', async () => {
    const bigip = await lab();
    const device = connect(bigip, { timeoutMs: LIMIT });
    await declare(device, wanted());
    bigip.faults.inject({ match: isDeclare, response: DRIP });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP502',
      fault: 'ambiguous',
    });
    expect(await device.read('k8s')).toMatchObject({
      declared: { state: wanted(wanted(), 2, [5]) },
    });
  });

  test('may take longer than the limit if it is large and its data keeps flowing', async () => {
    const bigip = await lab();
    const quick = { name: 'bigip-1', url: bigip.url, ca: bigip.ca, timeoutMs: LIMIT };
    const [slow, fair] = [createTransport(quick), createTransport({ ...quick, leastRate: 20 })];
    try {
      // About 100 bytes.
      bigip.faults.next(2, DRIP, ({ path }) => path === '/nothing/at/all');
      await expect(slow.send({ method: 'GET', path: '/nothing/at/all' })).rejects.toMatchObject({
        code: 'BIP502',
      });
      await expect(fair.send({ method: 'GET', path: '/nothing/at/all' })).resolves.toMatchObject({
        status: expect.any(Number),
      });
    } finally {
      await Promise.all([slow.close(), fair.close()]);
    }
  });
});

describe('an endless answer', () => {
  test.each([
    ['plain', { kind: 'endless' }],
    ['packed, so that a megabyte is a kilobyte on the way', { kind: 'endless', gzip: true }],
  ] as const)('%s: is aborted at its limit, and the next one is read', async (_name, response) => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    for (const match of [isRole, isRead, isList]) {
      const sick = connect(bigip, { largest: 300_000 });
      bigip.faults.inject({ match, response });
      const looked = sick.read('k8s').then(() => sick.verify('k8s', wanted()));
      await expect(looked).rejects.toMatchObject({
        code: 'BIP512',
        fault: 'transient',
        message: expect.stringMatching(/larger than 300000 bytes/),
      });
      expect(await sick.read('k8s')).toMatchObject({ declared: { state: wanted() } });
    }
  });

  test('to a declare leaves the outcome unknown', async () => {
    const bigip = await lab();
    const device = connect(bigip, { largest: 300_000 });
    await declare(device, wanted());
    bigip.faults.inject({ match: isDeclare, response: { kind: 'endless' } });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP512',
      fault: 'ambiguous',
    });
    bigip.faults.inject({ match: isTask, response: { kind: 'endless' } });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP512',
      fault: 'ambiguous',
    });
  });

  test('is aborted also if its header is endless', async () => {
    const authority = await createAuthority('bigip.lab');
    const { key, cert, ca } = await authority.issue('server', ['bigip.lab', '127.0.0.1']);
    const sockets = new Set<Socket>();
    const server = createServer({ key, cert }, ({ socket }) => {
      sockets.add(socket);
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write(`x-${'a'.repeat(900)}: b\r\n`), 1);
      socket.on('error', () => undefined).once('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const transport = createTransport({
      name: 'bigip-1',
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ca,
      timeoutMs: 20_000,
    });
    try {
      await expect(transport.send({ method: 'GET', path: '/' })).rejects.toMatchObject({
        code: 'BIP512',
        fault: 'transient',
      });
    } finally {
      await transport.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('a response that is cut off', () => {
  test.each([0, 1, 20])('after %d bytes: a declare is in doubt, and was done', async (bytes) => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.inject({ match: isDeclare, after: true, response: { kind: 'break', bytes } });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      fault: 'ambiguous',
    });
    expect(await device.read('k8s')).toMatchObject({
      declared: { state: wanted(wanted(), 2, [5]) },
    });
  });
});
