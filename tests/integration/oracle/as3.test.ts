import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Case } from '../../oracle/as3/cases.ts';
import { startEngine } from '../../oracle/as3/engine.ts';
import { startLab } from '../../oracle/as3/lab.ts';
import { runCase } from '../../oracle/as3/run.ts';
import type { Pair } from '../../oracle/as3/run.ts';

const DECLARE = '/mgmt/shared/appsvcs/declare';

let pair: Pair;
beforeAll(async () => {
  pair = { engine: await startLab(), lab: await startLab() };
});
afterAll(async () => {
  await pair.engine.close();
  await pair.lab.close();
});

const gateway = (virtualPort: number, shareNodes = false): object => ({
  class: 'ADC',
  schemaVersion: '3.50.0',
  k8s: {
    class: 'Tenant',
    gateway: {
      class: 'Application',
      virtual: {
        class: 'Service_TCP',
        virtualAddresses: ['10.0.0.1'],
        virtualPort,
        pool: 'pool',
      },
      pool: {
        class: 'Pool',
        members: [{ servicePort: 80, serverAddresses: ['10.1.0.1'], shareNodes }],
      },
    },
  },
});
const post = (body: unknown): Case['steps'][number] => ({
  kind: 'call',
  method: 'POST',
  path: DECLARE,
  body,
});

describe('one case on two devices', () => {
  test('shows no difference if they are equal, also with a fault inside them', async () => {
    const steps: Case['steps'] = [
      post(gateway(80)),
      { kind: 'fault', call: '/tm/sys/provision', status: 500 },
      post(gateway(81)),
      post(gateway(81)),
    ];
    expect(await runCase(pair, { name: 'equal', steps })).toEqual([]);
  });

  test('shows what one answers otherwise, and what it then has', async () => {
    // Emptying a device would meet the fault.
    await runCase(pair, { name: 'empty', steps: [] });
    await pair.engine.failInside('/tm/task/cli/script', 500);
    const found = await runCase(pair, { name: 'failing', steps: [post(gateway(80))] });
    expect(found).toEqual(
      expect.arrayContaining([
        { what: 'answer.status: 422, lab 200', where: 'failing #1' },
        { what: 'virtual: absent, lab there', where: 'failing #1 /k8s/gateway/virtual' },
      ]),
    );
  });

  test('begins with empty devices, also after nodes in /Common', async () => {
    await pair.engine.send('POST', DECLARE, gateway(80, true));
    expect(await runCase(pair, { name: 'next', steps: [post(gateway(80))] })).toEqual([]);
  });

  test('has no fault left that its declare did not meet', async () => {
    const fault: Case['steps'][number] = {
      kind: 'fault',
      call: '/tm/task/cli/script',
      status: 500,
    };
    await runCase(pair, { name: 'first', steps: [post(gateway(80)), fault, post(gateway(80))] });
    const found = await pair.lab.send('POST', DECLARE, gateway(81));
    expect(found.status).toBe(200);
  });
});

describe('the program that runs F5’s AS3', () => {
  let harness: string;
  beforeAll(async () => {
    harness = await mkdtemp(join(tmpdir(), 'sluice-oracle-'));
  });
  afterAll(() => rm(harness, { recursive: true }));
  const program = (source: string): Promise<void> =>
    writeFile(join(harness, 'as3-server.mjs'), source);

  test('is an error if it ends before it listens', async () => {
    await program('process.exit(3);');
    await expect(startEngine({ root: harness, harness })).rejects.toThrow(
      'the engine ended with exit code 3',
    );
  });

  test('ends with the oracle, even if that is killed', async () => {
    await program('console.error(process.pid); setInterval(() => undefined, 1000);');
    const engine = new URL('../../oracle/as3/engine.ts', import.meta.url).href;
    const place = JSON.stringify({ root: harness, harness });
    const oracle = spawn(
      process.execPath,
      ['-e', `import('${engine}').then((one) => one.startEngine(${place}))`],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    // The pipe of its errors is closed once nobody has it any more.
    const lines = createInterface({ input: oracle.stderr });
    const closed = once(lines, 'close');
    await once(lines, 'line');
    oracle.kill('SIGKILL');
    await closed;
  });
});
