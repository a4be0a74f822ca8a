/** A Kubernetes API, or a credential plugin, whose responses never end. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import type { CredentialSource } from '../../../shared/kubernetes/credentials.ts';
import { createExecPlugin } from '../../../shared/kubernetes/exec-plugin.ts';
import { readFrames } from '../../../shared/kubernetes/frames.ts';
import { createApiTransport, type ApiTransport } from '../../../shared/kubernetes/transport.ts';
import { processClock } from '../../../shared/runtime/process.ts';

let server: Server;
let transport: ApiTransport;
afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  server.close();
});

async function serve(answer: (response: ServerResponse) => void): Promise<void> {
  server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source: CredentialSource = {
    namespace: undefined,
    read: () =>
      Promise.resolve({
        server: url,
        headers: {},
        fingerprint: 'a',
        createDispatcher: () => new Agent(),
      }),
    reload: () => undefined,
  };
  transport = createApiTransport(source, processClock, { total: 200, bytes: 300_000 });
}

function often(response: ServerResponse, piece: string, ms: number): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(piece), ms);
  response.once('close', () => clearInterval(timer));
}

describe('an answer of the Kubernetes API that is held in memory', () => {
  test('is aborted after the total time limit if it trickles in', async () => {
    await serve((response) => often(response, ' ', 10));
    await expect(transport.json({ method: 'GET', path: '/api/v1/services' })).rejects.toMatchObject(
      { status: 0, message: expect.stringContaining('not complete after') },
    );
  });

  test('is aborted at the size limit if it is endless', async () => {
    await serve((response) => often(response, 'x'.repeat(60_000), 1));
    await expect(transport.json({ method: 'GET', path: '/api/v1/services' })).rejects.toMatchObject(
      { status: 0, message: expect.stringContaining('larger than 300000 bytes') },
    );
  });

  test('still reports its status if it is an endless error', async () => {
    await serve((response) => {
      response.statusCode = 500;
      response.write('{');
    });
    await expect(transport.json({ method: 'GET', path: '/api/v1/services' })).rejects.toMatchObject(
      { status: 500 },
    );
  });
});

describe('a watch', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  test('is aborted at an endless line, however many lines came before', async () => {
    await serve(() => undefined);
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 100; i += 1)
        yield bytes(`${JSON.stringify({ type: 'ADDED', object: { n: i } })}\n`);
      for (;;) yield bytes('x'.repeat(100));
    }
    const seen: unknown[] = [];
    const reading = (async (): Promise<void> => {
      for await (const frame of readFrames(body(), undefined, 1_000)) seen.push(frame);
    })();
    await expect(reading).rejects.toThrow('longer than 1000 characters');
    expect(seen).toHaveLength(100);
  });

  test('is read in pieces of any size', async () => {
    await serve(() => undefined);
    const text = [1, 2, 3]
      .map((n) => JSON.stringify({ type: 'ADDED', object: { n, name: 'é€' } }))
      .join('\n\n');
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes(`${text}\n`)) yield Uint8Array.of(byte);
    }
    const seen: unknown[] = [];
    for await (const frame of readFrames(body(), undefined, 1_000)) seen.push(frame);
    expect(seen).toEqual([1, 2, 3].map((n) => ({ type: 'ADDED', object: { n, name: 'é€' } })));
  });
});

test('a credential plugin with endless output is stopped', async () => {
  await serve(() => undefined);
  const plugin = createExecPlugin(
    {
      command: process.execPath,
      args: ['-e', 'const f = () => process.stdout.write("x".repeat(65536), f); f()'],
      env: [],
      apiVersion: 'v1',
    },
    { env: {}, now: () => 0 },
  );
  await expect(plugin.read()).rejects.toThrow('printed more than 1048576 characters');
});
