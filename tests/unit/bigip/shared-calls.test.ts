import { describe, expect, test } from '@jest/globals';
import { createBreaker } from '../../../shared/bigip/rest/breaker.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { perDevice } from '../../../shared/device/per-device.ts';
import type {
  DeviceRequest,
  DeviceResponse,
  Transport,
} from '../../../shared/bigip/rest/transport.ts';
import { createUnit } from '../../../shared/bigip/rest/unit.ts';
import { DeviceConfig } from '../../../shared/config/schema.ts';
import { shareCall } from '../../../shared/runtime/shared-call.ts';

const never = <T>(): Promise<T> => new Promise(() => undefined);
const config = DeviceConfig.parse({
  name: 'bigip-1',
  url: 'https://bigip-1.example.com',
  username: 'sluice',
  password: 'env:X',
  partitions: ['k8s'],
});
const clock = { monotonic: () => 0 };
const TOO_LONG = new Error('too long');
const tooLong = (): Error => TOO_LONG;

describe('a call with several callers', () => {
  test('is made once for all of them', async () => {
    let made = 0;
    const call = shareCall(() => Promise.resolve((made += 1)), {
      limitMs: 1_000,
      lateMs: 1_000,
      tooLong,
    });
    expect(await Promise.all([call.get(), call.get()])).toEqual([1, 1]);
    expect(await call.get()).toBe(2);
  });

  test('that hangs is abandoned for all callers, and repeated for the next one', async () => {
    const signals: AbortSignal[] = [];
    const call = shareCall(
      (signal) => (signals.push(signal) === 1 ? never<string>() : Promise.resolve('well')),
      { limitMs: 20, lateMs: 1_000, tooLong },
    );
    expect(await Promise.allSettled([call.get(), call.get()])).toEqual([
      { status: 'rejected', reason: TOO_LONG },
      { status: 'rejected', reason: TOO_LONG },
    ]);
    expect(signals[0]?.aborted).toBe(true);
    expect(await call.get()).toBe('well');
  });

  test('a caller that joined late does not share its failure', async () => {
    const results = [Promise.reject(new Error('of before')), Promise.resolve('well')];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const call = shareCall(() => gate.then(() => results.shift()!), {
      limitMs: 5_000,
      lateMs: 0,
      tooLong,
    });
    const [first, joined] = [call.get(), call.get()];
    results[0]?.catch(() => undefined);
    open();
    await expect(first).rejects.toThrow('of before');
    expect(await joined).toBe('well');
  });
});

describe('a login', () => {
  const login: DeviceResponse = { status: 200, text: '{}', json: { token: { token: 'abc' } } };
  const fine: DeviceResponse = { status: 200, text: '{}', json: {} };
  const unit = (send: Transport['send'], password = (): Promise<string> => Promise.resolve('x')) =>
    createUnit({
      device: 'bigip-1',
      url: config.url,
      transport: { send, close: () => Promise.resolve() },
      credentials: { username: 'u', loginProvider: 'tmos', password },
      clock,
      timeoutMs: 20,
    });
  const isLogin = ({ kind }: DeviceRequest): boolean => kind === 'login';

  test('that hangs is abandoned, its request aborted, and the next request logs in again', async () => {
    let hang = true;
    let broken: AbortSignal | undefined;
    const device = unit((request) => {
      if (!isLogin(request)) return Promise.resolve(fine);
      if (!hang) return Promise.resolve(login);
      broken = request.signal;
      return never();
    });
    const looks = [
      device.send({ method: 'GET', path: '/a' }),
      device.send({ method: 'GET', path: '/b' }),
    ];
    for (const look of await Promise.allSettled(looks))
      expect(look).toMatchObject({ reason: { code: 'BIP502', fault: 'transient' } });
    expect(broken?.aborted).toBe(true);
    hang = false;
    expect(await device.send({ method: 'GET', path: '/a' })).toBe(fine);
  });

  test('whose password never arrives is abandoned too, and does not delay the exit of the process', async () => {
    const device = unit(() => Promise.resolve(login), never);
    await expect(device.send({ method: 'GET', path: '/a' })).rejects.toMatchObject({
      code: 'BIP502',
      message: expect.stringContaining('devices[].password'),
    });
    const waiting = device.send({ method: 'GET', path: '/a' }).catch((error: unknown) => error);
    await device.close();
    expect(await waiting).toMatchObject({ code: 'BIP502' });
  });
});

describe('the session of a device', () => {
  test('that hangs while it is opened is replaced, and closed if it opens later', async () => {
    let closed = 0;
    const thing = { close: () => Promise.resolve(void (closed += 1)) };
    const { promise: late, resolve: come } = Promise.withResolvers<typeof thing>();
    const makes = [late, Promise.resolve(thing)];
    const things = perDevice(() => makes.shift()!, 20);
    const both = await Promise.allSettled([things.get(config), things.get(config)]);
    expect(both).toMatchObject([{ reason: { code: 'BIP502' } }, { reason: { code: 'BIP502' } }]);
    expect(await things.get(config)).toBe(thing);
    come({ close: () => Promise.resolve(void (closed += 10)) });
    await new Promise(setImmediate);
    expect(closed).toBe(10);
    await things.close();
    expect(closed).toBe(11);
  });
});

describe('a device that is not called, because it failed', () => {
  test('whose probe hangs fails for other callers without waiting', async () => {
    const breaker = createBreaker('bigip-1', clock, () => 0, 20);
    const away = (): Promise<never> =>
      Promise.reject(new DeviceError('BIP501', 'transient', 'away'));
    for (let i = 0; i < 3; i += 1)
      await expect(breaker.run(away)).rejects.toMatchObject({ code: 'BIP501' });
    clock.monotonic = () => 60_000;
    void breaker.run(never);
    await expect(breaker.run(() => Promise.resolve('well'))).rejects.toMatchObject({
      code: 'BIP508',
      fault: 'transient',
    });
  });
});
