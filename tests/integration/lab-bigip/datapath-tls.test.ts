import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { checkServerIdentity, connect, createServer as createTlsServer } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { loopbackOf, loopbackPort } from '../../../infra/lab/loopback.ts';
import { app, declare, member, talk, tenant, until } from './client.ts';
import type { AppOptions } from './client.ts';
import { startPod, startUdpPod } from './pods.ts';

const VIP = '172.20.2.1';
const HOST = '127.20.2.1';
const SHOP = '/Common/shop.example.com';
const ANY = '/Common/any';

interface TlsAnswer {
  /** Common name in the certificate that the client received. */
  readonly certificate: string;
  readonly text: string;
}

describe('TLS at a virtual server', () => {
  let bigip: LabBigip;
  let cleanup: (() => unknown)[];
  beforeEach(async () => {
    bigip = await startBigip({ timings: { declare: 0, memberWrite: 0, monitorInterval: 20 } });
    cleanup = [() => bigip.close()];
  });
  afterEach(async () => {
    for (const end of cleanup.toReversed()) await end();
  });

  const freePort = async (): Promise<number> => {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  };
  const offer = async (options: AppOptions): Promise<number> => {
    const port = options.port ?? (await freePort());
    const answer = await declare(bigip, {
      k8s: tenant({ a: app({ address: VIP, ...options, port }) }),
    });
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('success')]);
    await until(() => isOpen(port));
    return port;
  };
  /** Whether something listens there; it may still close the connection. */
  const isOpen = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connectTcp({ host: HOST, port: loopbackPort(port) });
      socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  const onePod = async (): Promise<readonly unknown[]> => {
    const pod = await startPod('10.20.2.1', 'one');
    cleanup.push(() => pod.close());
    return [member(pod.port, '10.20.2.1')];
  };
  const withTls = (profiles: readonly string[], more: object = {}): Record<string, unknown> => ({
    serverTLS: profiles.map((bigipPath) => ({ bigip: bigipPath })),
    ...more,
  });
  /** Sends a line over verified TLS; `broken` if the connection ends without an answer. */
  const talkTls = (port: number, options: ConnectionOptions = {}): Promise<TlsAnswer | 'broken'> =>
    new Promise((resolve) => {
      const socket = connect({
        host: HOST,
        port: loopbackPort(port),
        ca: bigip.ca,
        checkServerIdentity: () => undefined,
        ...options,
      });
      let text = '';
      let certificate = '';
      socket.on('secureConnect', () => {
        certificate = String(socket.getPeerCertificate().subject.CN);
        socket.end('hello');
      });
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', () => resolve('broken'));
      socket.on('close', () => resolve(text === '' ? 'broken' : { certificate, text }));
    });

  test('with a client SSL profile it terminates TLS and sends plain data to the member', async () => {
    bigip.ssl.addClientSsl(SHOP);
    const port = await offer({ members: await onePod(), virtual: withTls([SHOP]) });
    expect(await talkTls(port, { servername: 'shop.example.com', checkServerIdentity })).toEqual({
      certificate: 'shop.example.com',
      text: 'one hello',
    });
    expect(await talk(HOST, port, 'hello')).toBe('reset');
  });

  test('without one it passes data on as it is', async () => {
    const port = await offer({ members: await onePod() });
    expect(await talk(HOST, port, 'hello')).toBe('one hello');
    expect(await talkTls(port)).toBe('broken');
  });

  test('of several client SSL profiles the server name selects one, else the first', async () => {
    bigip.ssl.addClientSsl(ANY, { serverName: '*.example.com' });
    bigip.ssl.addClientSsl(SHOP);
    const port = await offer({
      members: await onePod(),
      virtual: withTls(['/Common/clientssl', ANY, SHOP]),
    });
    const asked = async (servername?: string): Promise<string> => {
      const answer = await talkTls(port, servername === undefined ? {} : { servername });
      return answer === 'broken' ? answer : `${answer.certificate}: ${answer.text}`;
    };
    expect(await asked('shop.example.com')).toBe('shop.example.com: one hello');
    expect(await asked('SHOP.example.com')).toBe('shop.example.com: one hello');
    expect(await asked('bar.example.com')).toBe('*.example.com: one hello');
    expect(await asked('example.org')).toBe('clientssl: one hello');
    expect(await asked()).toBe('clientssl: one hello');
  });

  test('a profile that demands a certificate refuses clients without one of its authority', async () => {
    bigip.ssl.addClientSsl(SHOP, { peerCertificate: 'require' });
    const port = await offer({ members: await onePod(), virtual: withTls([SHOP]) });
    const { key, cert } = await bigip.ssl.clientCertificate('app');
    expect(await talkTls(port, { key, cert })).toMatchObject({ text: 'one hello' });
    expect(await talkTls(port)).toBe('broken');
    const other = await startBigip({ dataPath: false });
    cleanup.push(() => other.close());
    expect(await talkTls(port, await other.ssl.clientCertificate('app'))).toBe('broken');
  });

  test('a profile that demands a certificate leaves clients of the other profiles alone', async () => {
    bigip.ssl.addClientSsl(SHOP, { peerCertificate: 'require' });
    const port = await offer({
      members: await onePod(),
      virtual: withTls(['/Common/clientssl', SHOP]),
    });
    expect(await talkTls(port, { servername: 'example.org' })).toMatchObject({ text: 'one hello' });
    expect(await talkTls(port, { servername: 'shop.example.com' })).toBe('broken');
    const own = await bigip.ssl.clientCertificate('app');
    expect(await talkTls(port, { servername: 'shop.example.com', ...own })).toMatchObject({
      text: 'one hello',
    });
  });

  /** A member that accepts only TLS, and answers with the requested server name. */
  const tlsPod = async (): Promise<readonly unknown[]> => {
    const own = await startBigip({ dataPath: false });
    const { key, cert } = await own.ssl.clientCertificate('pod');
    await own.close();
    const server = createTlsServer({ key, cert }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) =>
        socket.write(`${socket.servername || 'no name'}: ${chunk.toString()}`),
      );
    });
    server.listen(0, loopbackOf('10.20.2.2'));
    await once(server, 'listening');
    cleanup.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    return [member((server.address() as AddressInfo).port, '10.20.2.2')];
  };

  test('with a server SSL profile it encrypts towards the member, with the name of the profile', async () => {
    const members = await tlsPod();
    const port = await offer({ members, virtual: { clientTLS: [{ bigip: '/Common/serverssl' }] } });
    expect(await talk(HOST, port, 'hello')).toBe('no name: hello');
    bigip.ssl.addServerSsl('/Common/to-shop', { serverName: 'shop.example.com' });
    const both = withTls(['/Common/clientssl'], { clientTLS: [{ bigip: '/Common/to-shop' }] });
    await offer({ port, members, virtual: both });
    expect(await talkTls(port)).toMatchObject({ text: 'shop.example.com: hello' });
  });

  test('with SNI it selects the server SSL profile by the name that the client asked for', async () => {
    const members = await tlsPod();
    for (const name of ['shop', 'bar'])
      bigip.ssl.addServerSsl(`/Common/to-${name}`, { serverName: `${name}.example.com` });
    const both = (serversslUseSni: boolean): Record<string, unknown> =>
      withTls(['/Common/clientssl'], {
        clientTLS: [{ bigip: '/Common/to-shop' }, { bigip: '/Common/to-bar' }],
        serversslUseSni,
      });
    const port = await offer({ members, virtual: both(true) });
    const asked = async (servername: string): Promise<unknown> => talkTls(port, { servername });
    expect(await asked('bar.example.com')).toMatchObject({ text: 'bar.example.com: hello' });
    expect(await asked('example.org')).toMatchObject({ text: 'shop.example.com: hello' });
    await offer({ port, members, virtual: both(false) });
    expect(await asked('bar.example.com')).toMatchObject({ text: 'shop.example.com: hello' });
  });

  test('a member that is unreachable is skipped, and the client notices nothing', async () => {
    const [there] = (await onePod()) as [{ readonly servicePort: number }];
    const port = await offer({
      members: [member(there.servicePort, '10.20.2.9'), there],
      pool: { reselectTries: 1 },
      virtual: withTls(['/Common/clientssl']),
    });
    expect([await talkTls(port), await talkTls(port)]).toEqual(
      Array(2).fill(expect.objectContaining({ text: 'one hello' })),
    );
  });

  test('without members, clients get nothing', async () => {
    const port = await offer({ members: [], virtual: withTls(['/Common/clientssl']) });
    expect(await talkTls(port)).toBe('broken');
  });

  describe('a source network', () => {
    /** The answer to a client from this address. */
    const from = (localAddress: string, port: number): Promise<string> =>
      new Promise((resolve) => {
        const socket = connectTcp({ host: HOST, port, localAddress });
        let text = '';
        socket.on('connect', () => socket.end('hello'));
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('error', () => resolve('reset'));
        socket.on('close', () => resolve(text === '' ? 'reset' : text));
      });

    test('resets connections of clients outside of it, and serves those inside', async () => {
      const members = await onePod();
      const port = await offer({ members, virtual: { sourceAddress: '10.20.0.0/16' } });
      expect([await from('127.20.9.9', port), await from('127.21.0.1', port)]).toEqual([
        'one hello',
        'reset',
      ]);
      await offer({ port, members, virtual: { sourceAddress: '10.21.0.1' } });
      expect([await from('127.20.9.9', port), await from('127.21.0.1', port)]).toEqual([
        'reset',
        'one hello',
      ]);
      await offer({ port, members });
      expect(await from('127.20.9.9', port)).toBe('one hello');
    });

    test('holds for TLS as well', async () => {
      const members = await onePod();
      const only = { sourceAddress: '10.21.0.0/16' };
      const port = await offer({ members, virtual: withTls(['/Common/clientssl'], only) });
      const dial = (localAddress: string): ConnectionOptions => ({
        socket: connectTcp({ host: HOST, port, localAddress }),
      });
      expect(await talkTls(port, dial('127.20.9.9'))).toBe('broken');
      expect(await talkTls(port, dial('127.21.9.9'))).toMatchObject({ text: 'one hello' });
    });

    test('holds for datagrams', async () => {
      const pod = await startUdpPod('10.20.2.1', 'one');
      cleanup.push(() => pod.close());
      const port = await freePort();
      await declare(bigip, {
        k8s: tenant({
          a: app({
            address: VIP,
            port,
            members: [member(pod.port, '10.20.2.1')],
            virtual: { class: 'Service_UDP', sourceAddress: '10.21.0.0/16' },
          }),
        }),
      });
      const answers: string[] = [];
      for (const address of ['127.20.9.9', '127.21.9.9']) {
        const client = createSocket('udp4').bind(0, address);
        cleanup.push(() => new Promise<void>((resolve) => void client.close(() => resolve())));
        client.on('message', (message) => answers.push(message.toString()));
        client.send(address, port, HOST);
      }
      await until(() => answers.length > 0);
      expect(answers).toEqual(['one 127.21.9.9']);
    });
  });

  test('the redirect from 80 answers 302 with the host and path that the client asked for', async () => {
    await offer({
      port: 443,
      members: await onePod(),
      virtual: withTls(['/Common/clientssl'], { class: 'Service_HTTPS', redirect80: true }),
    });
    await until(() => isOpen(80));
    const [response] = (await once(
      get({
        host: HOST,
        port: loopbackPort(80),
        path: '/cart?item=1',
        headers: { host: 'shop.example.com:80' },
        agent: false,
      }),
      'response',
    )) as [IncomingMessage];
    response.resume();
    expect([response.statusCode, response.headers.location]).toEqual([
      302,
      'https://shop.example.com/cart?item=1',
    ]);
    expect(await talkTls(443)).toMatchObject({ text: 'one hello' });
    await offer({
      port: 443,
      members: [],
      virtual: withTls(['/Common/clientssl'], { class: 'Service_HTTPS', redirect80: false }),
    });
    await until(async () => !(await isOpen(80)));
  });

  test('clients that never finish what they began are cut when the device stops', async () => {
    const virtual = withTls(['/Common/clientssl'], { class: 'Service_HTTPS', redirect80: true });
    await offer({ port: 443, members: [], virtual });
    await until(() => isOpen(80));
    const begun = ['\x16\x03\x01', 'GET / HTTP/1.1\r\n'];
    const clients = [443, 80].map((port, index) => {
      const client = connectTcp({ host: HOST, port: loopbackPort(port) });
      client.on('error', () => client.destroy());
      client.write(begun[index] ?? '');
      cleanup.push(() => client.destroy());
      return client;
    });
    const accepted = (): number =>
      bigip
        .view()
        .partitions.flatMap(({ virtualServers }) => virtualServers)
        .reduce((sum, { connections }) => sum + connections.total, 0);
    // One connection to each port was the check whether it is open.
    await until(() => accepted() === 4);
    const ends = clients.map(
      (client) => new Promise<void>((resolve) => void client.once('close', () => resolve())),
    );
    // A disabled virtual server keeps its open connections.
    await declare(bigip, {
      k8s: tenant({
        a: app({ address: VIP, port: 443, virtual: { ...virtual, adminState: 'disable' } }),
      }),
    });
    await until(async () => !(await isOpen(443)) && !(await isOpen(80)));
    expect(clients.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    await bigip.close();
    await Promise.all(ends);
  });
});
