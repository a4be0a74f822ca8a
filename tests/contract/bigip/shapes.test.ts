/** Responses whose shape the call never has. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { isDeclare } from '../../../infra/lab/bigip/index.ts';
import type { FaultResponse, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { closeAll, connect, declare, lab, wanted } from './support.ts';

afterEach(closeAll);

const at =
  (end: string) =>
  ({ path }: LabRequest): boolean =>
    path.endsWith(end);
const isRead = ({ path, method }: LabRequest): boolean =>
  path.endsWith('/declare/k8s') && method === 'GET';
const isTask = ({ path }: LabRequest): boolean => path.startsWith('/mgmt/shared/appsvcs/task/');
const json = (body: unknown, status = 200): FaultResponse => ({ kind: 'status', status, body });
const page: FaultResponse = {
  kind: 'html',
  status: 200,
  html: '<html>\n<body>\u0007Please sign in</body></html>',
};

const NOTHING = [
  ['null', json(null)],
  ['a list', json([])],
  ['a number', json(42)],
  ['a text', json('hello')],
  ['an object', json({})],
  ['a page', page],
  ['nothing', json(undefined)],
] as const;

describe('a login', () => {
  test.each([
    ...NOTHING,
    ['an object', json({ token: { name: 'secret-token', timeout: 1200 } })],
  ] as const)('that is answered with %s is reported with the answer', async (what, response) => {
    const bigip = await lab();
    const device = connect(bigip);
    bigip.faults.inject({ match: at('/authn/login'), response });
    const error = await device.read('k8s').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'BIP511',
      fault: 'transient',
      message: expect.stringContaining(
        `bigip-1: POST /mgmt/shared/authn/login was answered with HTTP 200 and ${what}`,
      ),
    });
    expect(error).toMatchObject({ message: expect.stringContaining('devices[].url') });
    expect(String(error)).not.toContain('secret-token');
    expect(await device.read('k8s')).toMatchObject({ kind: 'ours' });
  });
});

describe('a reading', () => {
  test.each(NOTHING)(
    'for the declaration that is answered with %s never means an empty partition',
    async (what, response) => {
      const bigip = await lab();
      const device = connect(bigip);
      await declare(device, wanted());
      bigip.faults.inject({ match: isRead, response });
      await expect(device.read('k8s')).rejects.toMatchObject({
        code: 'BIP511',
        fault: 'transient',
        message: expect.stringContaining(what),
      });
      expect(await device.read('k8s')).toMatchObject({ declared: { state: wanted() } });
    },
  );

  test.each([
    [
      'an application that is not an object',
      { class: 'Tenant', constants: { class: 'Constants', sluice: {} }, a: null },
    ],
    ['constants that are not an object', { class: 'Tenant', constants: null }],
    ['a tenant that is not an object', 5],
  ])('of %s does not affect other applications', async (_name, k8s) => {
    const bigip = await lab();
    const device = connect(bigip);
    bigip.faults.inject({ match: isRead, response: json({ k8s }) });
    const reading = await device.read('k8s').catch((error: unknown) => error);
    expect(reading).toMatchObject({ code: expect.stringMatching(/^(OWN30\d|BIP511)$/) });
  });

  test.each([
    ['the failover state', '/failover-status'],
    ['the version of AS3', '/appsvcs/info'],
  ])('for %s that is answered with null or a list reports it', async (_name, end) => {
    const bigip = await lab();
    for (const response of [json(null), json([1]), page]) {
      bigip.faults.inject({ match: at(end), response });
      await expect(connect(bigip).read('k8s')).rejects.toMatchObject({
        code: 'BIP511',
        fault: 'transient',
      });
    }
  });

  test.each([
    ['null', json(null)],
    ['items that are not a list', json({ items: 5 })],
    ['an item that is not an object', json({ items: [null] })],
    ['an item without a name', json({ items: [{ destination: 'a' }] })],
  ] as const)('of a list that is answered with %s is no empty list', async (_name, response) => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    const looks = [
      ['/ltm/pool', () => device.verify('k8s', wanted())],
      ['/ltm/virtual', () => device.verify('k8s', wanted())],
      ['/ltm/node', () => device.reconcileMembers('k8s', wanted())],
      ['/ltm/virtual-address', () => device.foreign()],
    ] as const;
    for (const [end, look] of looks) {
      await device.read('k8s');
      const heal = bigip.faults.inject({ times: Infinity, match: at(end), response });
      await expect(look()).rejects.toMatchObject({
        code: 'BIP511',
        fault: 'transient',
        message: expect.stringContaining(`${end} was answered`),
      });
      heal();
    }
  });
});

describe('a declare', () => {
  test.each([
    ...NOTHING,
    ['results that are not a list', json({ results: 'none' })],
    ['a result that is not an object', json({ results: [null] })],
    ['a task without a name', json({ id: 7 }, 202)],
    ['a task that is not an object', json(null, 202)],
  ] as const)('that is answered with %s is in doubt', async (_name, response) => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.inject({ match: isDeclare, response });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP511',
      fault: 'ambiguous',
    });
    expect(await device.read('k8s')).toMatchObject({ declared: { state: wanted() } });
  });

  test.each(NOTHING)('whose task is answered with %s is in doubt', async (_name, response) => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.inject({ match: isTask, response });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP511',
      fault: 'ambiguous',
    });
    expect(await device.read('k8s')).toMatchObject({
      declared: { state: wanted(wanted(), 2, [5]) },
    });
  });
});

test('the answer is quoted in one printable line and shortened', async () => {
  const bigip = await lab();
  const device = connect(bigip);
  bigip.faults.inject({
    match: isRead,
    response: { kind: 'html', status: 200, html: `<html>\n\u001b[31m${'x'.repeat(500)}` },
  });
  const { message } = (await device.read('k8s').catch((error: unknown) => error)) as Error;
  expect(message).toContain(
    `a page, which is not a valid answer to this call: "<html> [31m${'x'.repeat(188)}…"`,
  );
});
