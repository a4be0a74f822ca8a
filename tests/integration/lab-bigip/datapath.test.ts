import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type {
  BigipOptions,
  LabBigip,
  MemberView,
  VirtualServerView,
} from '../../../infra/lab/bigip/index.ts';
import { app, call, declare, member, talk, tenant, until } from './client.ts';
import type { AppOptions } from './client.ts';
import { startPod, startProbe, startUdpPod } from './pods.ts';
import type { Pod } from './pods.ts';

const VIP = '172.20.1.1';
const HOST = '127.20.1.1';

describe('traffic through virtual servers', () => {
  let bigip: LabBigip;
  let cleanup: (() => unknown)[];
  const start = async (options: BigipOptions = {}): Promise<LabBigip> => {
    const started = await startBigip({
      timings: { declare: 0, memberWrite: 0, monitorInterval: 20 },
      ...options,
    });
    cleanup.push(() => started.close());
    return started;
  };
  beforeEach(async () => {
    cleanup = [];
    bigip = await start();
  });
  afterEach(async () => {
    for (const end of cleanup.toReversed()) await end();
  });

  const running = async (pod: Promise<Pod>): Promise<Pod> => {
    const started = await pod;
    cleanup.push(() => started.close());
    return started;
  };
  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };
  /** Declares one virtual server and returns where clients reach it. */
  const offer = async (options: AppOptions): Promise<number> => {
    const port = options.port ?? (await freePort());
    const answer = await declare(bigip, {
      k8s: tenant({ a: app({ address: VIP, ...options, port }) }),
    });
    expect(answer.status).toBe(200);
    return port;
  };
  const members = (): readonly MemberView[] =>
    bigip.view().partitions.find((p) => p.name === 'k8s')?.pools[0]?.members ?? [];
  const virtual = (): VirtualServerView =>
    bigip.view().partitions.find((p) => p.name === 'k8s')!.virtualServers[0]!;
  const states = (): string =>
    members()
      .map((m) => m.state)
      .join(' ');
  const listening = (port: number): Promise<string> =>
    until(async () => {
      const answer = await talk(HOST, port, 'x');
      return answer === 'reset' ? undefined : answer;
    });
  const PATCH = (address: string, port: number, body: unknown) =>
    call(bigip, 'PATCH', `/mgmt/tm/ltm/pool/~k8s~a~pool/members/~k8s~${address}:${port}`, { body });
  const two = async (): Promise<{
    readonly port: number;
    readonly members: readonly unknown[];
  }> => {
    const one = await running(startPod('10.20.0.1', 'one'));
    await running(startPod('10.20.0.2', 'two', one.port));
    return { port: one.port, members: [member(one.port, '10.20.0.1', '10.20.0.2')] };
  };
  const hold = async (port: number): Promise<Socket> => {
    const socket = connect({ host: HOST, port });
    cleanup.push(() => socket.destroy());
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const ask = async (socket: Socket, text: string): Promise<string> => {
    socket.write(text);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  };

  test('round robin takes turns, and connections are counted', async () => {
    const port = await offer({ members: (await two()).members });
    const answers = await Promise.all([1, 2, 3, 4].map(() => listening(port)));
    expect(answers.sort()).toEqual(['one x', 'one x', 'two x', 'two x']);
    await until(() => virtual().connections.current === 0);
    expect([virtual().connections.total, ...members().map((m) => m.connections.total)]).toEqual([
      4, 2, 2,
    ]);
  });

  test('least connections selects the member with the fewest', async () => {
    const backend = await two();
    const port = await offer({
      members: backend.members,
      pool: { loadBalancingMode: 'least-connections-member' },
    });
    const first = await hold(port);
    const busy = (await ask(first, 'x')).split(' ')[0];
    for (let i = 0; i < 2; i += 1) {
      expect(['one x', 'two x'].filter((answer) => !answer.startsWith(String(busy)))).toContain(
        await talk(HOST, port, 'x'),
      );
      await until(() => virtual().connections.current === 1);
    }
  });

  test('ratio sends each member its share', async () => {
    const backend = await two();
    const port = await offer({
      members: [
        { ...member(backend.port, '10.20.0.1'), ratio: 3 },
        member(backend.port, '10.20.0.2'),
      ],
      pool: { loadBalancingMode: 'ratio-member' },
    });
    for (let i = 0; i < 8; i += 1) await listening(port);
    await until(() => members().reduce((sum, m) => sum + m.connections.total, 0) === 8);
    expect(members().map((m) => m.connections.total)).toEqual([6, 2]);
  });

  test('the lower priority group waits until the higher one is down', async () => {
    const backend = await two();
    const port = await offer({
      members: [
        { ...member(backend.port, '10.20.0.1'), priorityGroup: 10 },
        member(backend.port, '10.20.0.2'),
      ],
    });
    expect([await listening(port), await talk(HOST, port, 'x')]).toEqual(['one x', 'one x']);
    bigip.faults.health('10.20.0.1', 'down');
    expect(await talk(HOST, port, 'x')).toBe('two x');
  });

  test('source-address persistence keeps a client on its member, unless that member is down', async () => {
    const backend = await two();
    const port = await offer({
      members: backend.members,
      virtual: { persistenceMethods: ['source-address'] },
    });
    const [name] = (await listening(port)).split(' ');
    const address = name === 'one' ? '10.20.0.1' : '10.20.0.2';
    expect(await talk(HOST, port, 'x')).toBe(`${name} x`);
    await PATCH(address, backend.port, { session: 'user-disabled' });
    expect(await talk(HOST, port, 'x')).toBe(`${name} x`);
    await PATCH(address, backend.port, { state: 'user-down' });
    expect(await talk(HOST, port, 'x')).not.toBe(`${name} x`);
  });

  test('a drained node keeps its connections and gets no new ones', async () => {
    const backend = await two();
    const port = await offer({ members: backend.members });
    const held = await hold(port);
    const name = (await ask(held, 'a')).split(' ')[0];
    const address = name === 'one' ? '10.20.0.1' : '10.20.0.2';
    await call(bigip, 'PATCH', `/mgmt/tm/ltm/node/~k8s~${address}`, {
      body: { session: 'user-disabled' },
    });
    for (let i = 0; i < 3; i += 1) expect(await talk(HOST, port, 'x')).not.toContain(String(name));
    expect(await ask(held, 'b')).toBe(`${name} b`);
  });

  test('a member that refuses the connection is skipped, at most reselectTries times, and never twice', async () => {
    const one = await running(startPod('10.20.0.1', 'one'));
    const backends = [member(one.port, '10.20.0.7', '10.20.0.8', '10.20.0.9', '10.20.0.1')];
    const asked = async (port: number): Promise<readonly string[]> => {
      const answers: string[] = [];
      for (let i = 0; i < 8; i += 1) answers.push(await talk(HOST, port, 'x'));
      return answers;
    };
    const port = await offer({ members: backends, pool: { reselectTries: 3 } });
    expect(await listening(port)).toBe('one x');
    expect(await asked(port)).toEqual(Array(8).fill('one x'));
    await offer({ port, members: backends, pool: { reselectTries: 0 } });
    expect((await asked(port)).filter((answer) => answer === 'reset')).toHaveLength(6);
    await until(
      () =>
        virtual().connections.current === 0 &&
        members().every(({ connections }) => connections.current === 0),
    );
  });

  test('a connection that was accepted and then cut is not offered to another member', async () => {
    const one = await startPod('10.20.0.1', 'one');
    const port = await offer({
      members: [member(one.port, '10.20.0.1')],
      pool: { reselectTries: 3 },
    });
    expect(await listening(port)).toBe('one x');
    const held = await hold(port);
    expect(await ask(held, 'a')).toBe('one a');
    await running(startPod('10.20.0.2', 'two', one.port));
    await offer({
      port,
      members: [member(one.port, '10.20.0.1', '10.20.0.2')],
      pool: { reselectTries: 3 },
    });
    const closed = once(held, 'close');
    await one.close();
    await closed;
  });

  test('a client that persists on an unreachable member gets another one', async () => {
    const backend = await two();
    const dead = '10.20.0.3';
    const third = await startPod(dead, 'three', backend.port);
    const port = await offer({
      members: [member(backend.port, dead)],
      pool: { reselectTries: 1 },
      virtual: { persistenceMethods: ['source-address'] },
    });
    expect(await listening(port)).toBe('three x');
    await offer({
      port,
      members: [member(backend.port, dead, '10.20.0.1')],
      pool: { reselectTries: 1 },
      virtual: { persistenceMethods: ['source-address'] },
    });
    expect(await talk(HOST, port, 'x')).toBe('three x');
    await third.close();
    expect([await talk(HOST, port, 'x'), await talk(HOST, port, 'x')]).toEqual(['one x', 'one x']);
  });

  test('with every member forced off, clients are reset', async () => {
    const backend = await two();
    const port = await offer({ members: backend.members });
    await listening(port);
    await PATCH('10.20.0.1', backend.port, { state: 'user-down', session: 'user-disabled' });
    await PATCH('10.20.0.2', backend.port, { state: 'user-down', session: 'user-disabled' });
    expect(await talk(HOST, port, 'x')).toBe('reset');
  });

  test('a removed member loses its connections', async () => {
    const one = await running(startPod('10.20.0.1', 'one'));
    const port = await offer({ members: [member(one.port, '10.20.0.1')] });
    const held = await hold(port);
    await ask(held, 'a');
    const closed = once(held, 'close');
    await offer({ port, members: [] });
    await closed;
    expect(await talk(HOST, port, 'x')).toBe('reset');
  });

  test('a TCP monitor detects a pod that appears, disappears and returns', async () => {
    const pod = await startPod('10.20.0.1', 'one');
    const port = await offer({
      members: [member(pod.port, '10.20.0.1', '10.20.0.9')],
      pool: { monitors: ['tcp'] },
    });
    await until(() => states() === 'up down');
    expect(await talk(HOST, port, 'x')).toBe('one x');
    expect(members()[1]?.monitors).toEqual([
      { monitor: '/Common/tcp', health: 'down', reason: 'ECONNREFUSED' },
    ]);
    await pod.close();
    await until(() => states() === 'down down');
    expect(await talk(HOST, port, 'x')).toBe('reset');
    await running(startPod('10.20.0.1', 'again', pod.port));
    await until(() => states() === 'up down');
    expect(await talk(HOST, port, 'x')).toBe('again x');
  });

  test('all monitors of a member must succeed with minimumMonitors "all", and any one with 1', async () => {
    let answer = 'HTTP/1.1 503 Service Unavailable\r\n\r\n';
    const ready = await running(startProbe('10.20.0.1', () => answer));
    const pod = await running(startPod('10.20.0.1', 'one'));
    const more = {
      ready: {
        class: 'Monitor',
        monitorType: 'http',
        targetPort: ready.port,
        send: 'GET /healthz/ready HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n',
        receive: '^HTTP/1\\.1 200',
      },
    };
    const pool = { monitors: [{ use: 'ready' }, 'tcp'], minimumMonitors: 'all' };
    const port = await offer({ members: [member(pod.port, '10.20.0.1')], pool, more });
    await until(() => states() === 'down');
    await offer({
      port,
      members: [member(pod.port, '10.20.0.1')],
      pool: { ...pool, minimumMonitors: 1 },
      more,
    });
    await until(() => states() === 'up');
    await offer({ port, members: [member(pod.port, '10.20.0.1')], pool, more });
    await until(() => states() === 'down');
    answer = 'HTTP/1.1 200 OK\r\n\r\n';
    await until(() => states() === 'up');
    expect(await talk(HOST, port, 'x')).toBe('one x');
  });

  test('without a receive string any answer is good for an http monitor', async () => {
    const ready = await running(startProbe('10.20.0.1', () => 'whatever\n'));
    await offer({
      members: [member(ready.port, '10.20.0.1')],
      pool: { monitors: ['http', 'tcp-half-open'], minimumMonitors: 'all' },
    });
    await until(() => states() === 'up');
  });

  test('UDP works in both directions, with one session for each client', async () => {
    const pod = await running(startUdpPod('10.20.0.1', 'one'));
    const port = await freePort();
    await offer({
      port,
      members: [member(pod.port, '10.20.0.1')],
      pool: { monitors: ['udp'] },
      virtual: { class: 'Service_UDP' },
    });
    await until(() => states() === 'up');
    const client = createSocket('udp4');
    cleanup.push(() => new Promise<void>((resolve) => void client.close(() => resolve())));
    for (const text of ['a', 'b']) {
      client.send(text, port, HOST);
      const [answer] = (await once(client, 'message')) as [Buffer];
      expect(answer.toString()).toBe(`one ${text}`);
    }
    expect([virtual().connections.total, members()[0]?.connections.total]).toEqual([1, 1]);
  });

  test('port 0 on a member means the port that the client dialled', async () => {
    const pod = await running(startPod('10.20.0.1', 'one'));
    const port = await offer({
      port: pod.port,
      members: [member(0, '10.20.0.1')],
      virtual: { translateServerPort: false },
    });
    expect(await listening(port)).toBe('one x');
  });

  test('a virtual server that cannot listen says so in the view and disturbs nothing', async () => {
    const taken = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, HOST, resolve));
    const pod = await running(startPod('10.20.0.1', 'one'));
    await offer({ port, members: [member(pod.port, '10.20.0.1')] });
    await until(() => virtual().error?.includes('EADDRINUSE'));
    await new Promise((resolve) => taken.close(resolve));
    expect(await listening(port)).toBe('one x');
    expect(virtual().error).toBeUndefined();
  });

  test('a deleted, disabled or switched-off virtual server listens no more', async () => {
    const { members: backends } = await two();
    const port = await offer({ members: backends });
    await listening(port);
    await offer({ port, members: backends, virtual: { adminState: 'disable' } });
    expect(await talk(HOST, port, 'x')).toBe('reset');
    await offer({ port, members: backends });
    await listening(port);
    await call(bigip, 'PATCH', `/mgmt/tm/ltm/virtual-address/~k8s~${VIP}`, {
      body: { enabled: 'no' },
    });
    expect(await talk(HOST, port, 'x')).toBe('reset');
    await call(bigip, 'PATCH', `/mgmt/tm/ltm/virtual-address/~k8s~${VIP}`, {
      body: { enabled: 'yes' },
    });
    await listening(port);
    await declare(bigip, { k8s: tenant() });
    expect(await talk(HOST, port, 'x')).toBe('reset');
  });

  test('of a pair only the active unit serves, and the other takes over', async () => {
    const { members: backends } = await two();
    const peer = await start();
    peer.faults.standby();
    const port = await freePort();
    for (const unit of [bigip, peer])
      await declare(unit, { k8s: tenant({ a: app({ address: VIP, port, members: backends }) }) });
    await listening(port);
    bigip.faults.standby();
    expect(await talk(HOST, port, 'x')).toBe('reset');
    peer.faults.standby(false);
    await listening(port);
    expect(
      peer.view().partitions.find((p) => p.name === 'k8s')?.virtualServers[0]?.connections.total,
    ).toBe(1);
  });

  test('closing frees every address', async () => {
    const pod = await running(startPod('10.20.0.1', 'one'));
    const port = await offer({
      members: [member(pod.port, '10.20.0.1')],
      pool: { monitors: ['tcp'] },
    });
    await until(() => states() === 'up');
    const held = await hold(port);
    const closed = once(held, 'close');
    await bigip.close();
    await closed;
    const server = createServer();
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(port, HOST, resolve),
    );
    await new Promise((resolve) => server.close(resolve));
  });
});
