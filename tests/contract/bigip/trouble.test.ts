import { afterEach, describe, expect, test } from '@jest/globals';
import { isDeclare } from '../../../infra/lab/bigip/index.ts';
import type { FaultResponse, LabRequest } from '../../../infra/lab/bigip/index.ts';
import { closeAll, connect, declare, lab, recordRequests, stepClock, wanted } from './support.ts';

afterEach(closeAll);

const isTask = ({ path }: LabRequest): boolean => path.startsWith('/mgmt/shared/appsvcs/task/');
const isRead = ({ path, method }: LabRequest): boolean =>
  path.endsWith('/declare/k8s') && method === 'GET';
const isInfo = ({ path }: LabRequest): boolean => path.endsWith('/appsvcs/info');
const status = (code: number, message: string): FaultResponse => ({
  kind: 'status',
  status: code,
  body: { code, message },
});

describe('a response that does not answer the request', () => {
  test.each([
    [
      'an HTML page that says it is restarting',
      { kind: 'html', status: 503 },
      'BIP504',
      'transient',
    ],
    ['an HTML page while nothing is served', { kind: 'html', status: 404 }, 'BIP504', 'transient'],
    [
      'an HTML page of the servlet container',
      { kind: 'html', status: 500, html: '<html>AsyncContext timeout</html>' },
      'BIP505',
      'transient',
    ],
    ['an HTML page under a good status', { kind: 'html', status: 200 }, 'BIP511', 'transient'],
    ['half a JSON document', { kind: 'cut' }, 'BIP511', 'transient'],
    ['a broken connection', { kind: 'reset' }, 'BIP501', 'transient'],
    ['too many requests', status(429, 'slow down'), 'BIP503', 'transient'],
    // Seen red with "partition k8s exists but not by Sluice" (OWN303), which dead-lettered all its
    // events.
    [
      'a failed internal call that AS3 reports as "not found"',
      status(404, 'unable to retrieve declaration'),
      'BIP509',
      'transient',
    ],
    [
      'a failed internal call of AS3 for its declaration',
      status(
        500,
        'Unable to retrieve declaration: cannot fetch declaration 0 from localhost (GET ' +
          'http://admin:XXXXXX@localhost:8100/mgmt/tm/ltm/data-group/internal?$select=name ' +
          'get stored-declaration list response=500 body={})',
      ),
      'BIP509',
      'transient',
    ],
    [
      'a failed internal call of AS3 about its device',
      status(500, 'Failed to get device type with status: 500'),
      'BIP509',
      'transient',
    ],
  ] as const)(
    'to a read, %s is a temporary fault, never an empty or foreign partition',
    async (_name, response, code, fault) => {
      const bigip = await lab();
      const device = connect(bigip);
      await declare(device, wanted());
      bigip.faults.next(1, response, isRead);
      await expect(device.read('k8s')).rejects.toMatchObject({ code, fault });
      expect(await device.read('k8s')).toMatchObject({ declared: { state: wanted() } });
    },
  );

  test.each([
    [
      'an HTML page of the servlet container',
      { kind: 'html', status: 500, html: '<html>AsyncContext timeout</html>' },
      'BIP505',
    ],
    ['an HTML page under a good status', { kind: 'html', status: 200 }, 'BIP511'],
    ['half a JSON document', { kind: 'cut', status: 202 }, 'BIP511'],
    [
      'half of a refusal',
      {
        kind: 'cut',
        status: 422,
        body: {
          code: 422,
          message: 'declaration failed',
          response: '01070734:3: Configuration error',
        },
      },
      'BIP511',
    ],
    ['a 202 without a task', { kind: 'status', status: 202, body: {} }, 'BIP511'],
    ['a 200 without a result', { kind: 'status', status: 200, body: { results: [] } }, 'BIP511'],
    ['a broken connection', { kind: 'reset' }, 'BIP501'],
  ] as const)(
    'to a declare, %s is an unknown outcome, and the state that is read back decides',
    async (_name, response, code) => {
      const bigip = await lab();
      const device = connect(bigip);
      await declare(device, wanted());
      bigip.faults.inject({ match: isDeclare, after: response.kind === 'reset', response });
      await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
        code,
        fault: 'ambiguous',
      });
      expect(await device.read('k8s')).toMatchObject({ kind: 'ours' });
      expect(await declare(device, wanted(wanted(), 2, [5]))).toMatch(/applied|unchanged/);
      expect(await device.verify('k8s', wanted(wanted(), 2, [5]))).toEqual([]);
    },
  );

  test('a declaration that is too large is refused with its own code, and the state stays', async () => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.next(
      1,
      {
        kind: 'html',
        status: 413,
        html: '<html><title>413 Request Entity Too Large</title></html>',
      },
      isDeclare,
    );
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP454',
      fault: 'content',
      response: '413 Request Entity Too Large',
    });
    expect(await device.read('k8s')).toMatchObject({ declared: { state: wanted() } });
  });

  test('a request that the device accepts and never answers times out', async () => {
    const bigip = await lab();
    const device = connect(bigip, { config: { requestTimeout: 1 } });
    await device.read('k8s');
    bigip.faults.next(1, { kind: 'hang' }, isRead);
    await expect(device.read('k8s')).rejects.toMatchObject({ code: 'BIP502', fault: 'transient' });
  });
});

describe('a task', () => {
  test('that vanished leaves the outcome unknown', async () => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.inject({
      match: (request) => isTask(request) && (bigip.faults.forgetTask(), false),
      response: { kind: 'reset' },
    });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP505',
      fault: 'ambiguous',
      message: expect.stringContaining('the device does not know'),
    });
  });

  test('that a restart cancelled leaves the outcome unknown', async () => {
    const bigip = await lab({ timings: { declare: 300, memberWrite: 1 } });
    const device = connect(bigip);
    await declare(device, wanted());
    let restarted = false;
    bigip.faults.inject({
      times: Infinity,
      match: (request) =>
        isTask(request) && !restarted && ((restarted = true), bigip.faults.restart(), false),
      response: { kind: 'reset' },
    });
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      fault: 'ambiguous',
    });
    expect(await device.read('k8s')).toMatchObject({ kind: 'ours' });
  });

  test('that cannot be polled is an unknown outcome as well: a write is in progress', async () => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.next(1, { kind: 'html', status: 503 }, isTask);
    await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
      code: 'BIP504',
      fault: 'ambiguous',
    });
  });

  test('that replaces a synchronous declare is awaited', async () => {
    const bigip = await lab({ timings: { declare: 200, memberWrite: 1, syncLimit: 1 } });
    expect(await declare(connect(bigip), wanted())).toBe('applied');
  });
});

describe('requirements that are checked before the first declare', () => {
  test('an AS3 that is too old is reported with the features it lacks, and gets no requests', async () => {
    const bigip = await lab({ as3Version: '3.36.2' });
    await expect(connect(bigip).read('k8s')).rejects.toMatchObject({
      code: 'BIP405',
      fault: 'device',
      message: expect.stringMatching(/AS3 3\.36\.2 is installed; .* needs AS3 3\.50 or newer/),
    });
    expect(bigip.writes).toEqual([]);
  });

  test('the version is read once, and again after errors', async () => {
    const bigip = await lab();
    const seen = recordRequests(bigip);
    const device = connect(bigip);
    const asked = (): number => seen.filter(isInfo).length;
    for (let i = 0; i < 3; i += 1) await device.read('k8s');
    expect(asked()).toBe(1);
    bigip.faults.next(1, { kind: 'html', status: 503 }, isRead);
    await device.read('k8s').catch(() => undefined);
    await device.read('k8s');
    expect(asked()).toBe(2);
  });

  test('reports an account without the administrator role', async () => {
    const bigip = await lab();
    const message =
      'Authorization failed: user=https://localhost/mgmt/shared/authz/users/sluice ' +
      'resource=/shared/appsvcs/info verb=GET ' +
      'uri:http://localhost:8100/mgmt/shared/appsvcs/info';
    bigip.faults.inject({
      times: Infinity,
      match: ({ path }) => path.startsWith('/mgmt/shared/appsvcs'),
      response: status(401, message),
    });
    await expect(connect(bigip).read('k8s')).rejects.toMatchObject({
      code: 'BIP403',
      fault: 'device',
      message: expect.stringContaining('administrator'),
    });
  });

  test('too many tokens of the user are a temporary fault with their own code', async () => {
    const bigip = await lab();
    bigip.faults.next(
      1,
      status(400, 'user admin has reached maximum active login tokens'),
      ({ path }) => path.endsWith('/authn/login'),
    );
    await expect(connect(bigip).read('k8s')).rejects.toMatchObject({
      code: 'BIP506',
      fault: 'transient',
    });
  });
});

describe('a device that is away', () => {
  test('is not called after three failures, probed once after the pause, and used again at once', async () => {
    const bigip = await lab();
    const clock = stepClock();
    const device = connect(bigip, { clock, random: () => 1 });
    await device.read('k8s');
    const seen = recordRequests(bigip);
    const back = bigip.faults.inject({ times: Infinity, response: { kind: 'html', status: 503 } });
    for (let i = 0; i < 3; i += 1)
      await expect(device.read('k8s')).rejects.toMatchObject({ code: 'BIP504' });
    const asked = seen.length;
    await expect(device.read('k8s')).rejects.toMatchObject({
      code: 'BIP508',
      fault: 'transient',
      after: 5_000,
      message: expect.stringContaining('BIP504'),
    });
    clock.move(5_000);
    await Promise.allSettled([device.read('k8s'), device.read('k8s'), device.read('k8s')]);
    // One probe is one request: the role of the unit is read first.
    expect(seen.length - asked).toBe(1);
    await expect(device.read('k8s')).rejects.toMatchObject({ code: 'BIP508', after: 10_000 });
    clock.move(10_000);
    back();
    expect(await Promise.all([device.read('k8s'), device.read('k8s')])).toHaveLength(2);
  });

  test.each([
    ['back', -3_600_000],
    ['ahead', 3_600_000],
  ])('is not called for the same pause when the clock is set %s by an hour', async (_way, step) => {
    const bigip = await lab();
    const clock = stepClock();
    const device = connect(bigip, { clock, random: () => 1 });
    await device.read('k8s');
    const back = bigip.faults.inject({
      times: Infinity,
      response: { kind: 'html', status: 503 },
    });
    for (let i = 0; i < 3; i += 1)
      await expect(device.read('k8s')).rejects.toMatchObject({ code: 'BIP504' });
    back();
    clock.step(step);
    await expect(device.read('k8s')).rejects.toMatchObject({ code: 'BIP508', after: 5_000 });
    clock.move(5_000);
    await device.read('k8s');
  });

  test('gets few requests in ten minutes, however often it is used', async () => {
    const bigip = await lab();
    const clock = stepClock();
    const device = connect(bigip, { clock, random: () => 0.5 });
    await device.read('k8s');
    const seen = recordRequests(bigip);
    bigip.faults.inject({ times: Infinity, response: { kind: 'html', status: 503 } });
    for (let second = 0; second < 600; second += 1) {
      await expect(device.read('k8s')).rejects.toMatchObject({ fault: 'transient' });
      clock.move(1_000);
    }
    // Three per minute; the promise allows six.
    expect(seen.length).toBeLessThan(36);
  });

  test('a wrong password is not tried until the account is locked', async () => {
    const bigip = await lab();
    const seen = recordRequests(bigip);
    const device = connect(bigip, { password: 'wrong', clock: stepClock() });
    for (let i = 0; i < 20; i += 1) await device.read('k8s').catch(() => undefined);
    expect(seen).toHaveLength(3);
  });

  test('busy is not unreachable: the device can still be called', async () => {
    const bigip = await lab();
    const device = connect(bigip);
    await declare(device, wanted());
    bigip.faults.lockHeldFor(60_000);
    for (let i = 0; i < 5; i += 1)
      await expect(declare(device, wanted(wanted(), 2, [5]))).rejects.toMatchObject({
        code: 'BIP503',
      });
    expect(await device.read('k8s')).toMatchObject({ kind: 'ours' });
  });
});
