import { describe, expect, test } from '@jest/globals';
import { createPreparation } from '../../../functions/apply/prepare.ts';
import type { Preparation } from '../../../functions/apply/prepare.ts';
import { startRepair } from '../../../functions/apply/repair.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Device, Devices } from '../../../shared/device/device.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { ReplayError } from '../../../shared/failures/error.ts';
import type { ScheduleTurns } from '../../../shared/failures/schedule-turns.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { memoryDevice } from '../../fixtures/device.ts';

const log = createLogger('silent');
const configOf = (): SluiceConfig =>
  SluiceConfig.parse({
    generation: 1,
    devices: ['used', 'unused'].map((name) => ({
      name,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['one', 'two'],
    })),
    clusters: [{ id: 'east' }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['used'],
        virtualAddress: '172.16.100.195',
      },
    ],
  });

interface Site {
  readonly preparation: Preparation;
  readonly asked: string[];
  readonly devices: Devices;
}

interface SiteOptions {
  readonly config?: SluiceConfig;
  readonly away?: boolean;
  readonly lines?: string[];
  readonly take?: ScheduleTurns['take'];
}

function createSite(
  prepare: Device['prepare'] = () => Promise.resolve(true),
  { config = configOf(), away = false, lines = [], take }: SiteOptions = {},
): Site {
  const asked: string[] = [];
  const devices: Devices = {
    get: ({ name }) =>
      Promise.resolve({
        ...memoryDevice(name),
        prepare: (partition: string) => {
          asked.push(`${name} ${partition}`);
          return prepare(partition);
        },
      }),
    close: () => Promise.resolve(),
  };
  const waiting = {
    away: () => Promise.resolve(away ? ({ state: 'away' } as never) : undefined),
  };
  const said = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level} ${message.split('; ')[0]}`);
  const told: Logger = {
    debug: said('debug'),
    info: said('info'),
    warn: said('warn'),
    error: said('error'),
    child: () => told,
  };
  const schedules = async () => ({ schedules: { take: take ?? ((_, work) => work()) } });
  const preparation = createPreparation({ config, log: told }, waiting, schedules);
  return { preparation, asked, devices };
}

describe('the partitions of a device that an ingress uses', () => {
  test('are created once by a process', async () => {
    const { preparation, asked, devices } = createSite();
    await preparation.run(devices);
    await preparation.run(devices);
    expect(asked).toEqual(['used one', 'used two']);
  });

  test('are left to the process that has the turn, and created without turns while the store is away', async () => {
    const others = createSite(undefined, { take: async () => undefined });
    await others.preparation.run(others.devices);
    expect(others.asked).toEqual([]);
    const away = new ReplayError('RPL700', 'no store');
    const alone = createSite(undefined, { take: () => Promise.reject(away) });
    await alone.preparation.run(alone.devices);
    expect(alone.asked).toEqual(['used one', 'used two']);
  });

  test('are created without turns if the store cannot be opened, for whatever reason', async () => {
    const missing = new Error('secret PG_PASSWORD is not set');
    const { preparation, asked, devices } = createSite(undefined, {
      take: () => Promise.reject(missing),
    });
    await preparation.run(devices);
    expect(asked).toEqual(['used one', 'used two']);
  });

  test('are tried again after a failure, which stops nothing', async () => {
    let busy = 1;
    const { preparation, asked, devices } = createSite(() =>
      busy-- > 0
        ? Promise.reject(new DeviceError('BIP503', 'transient', 'busy'))
        : Promise.resolve(false),
    );
    await preparation.run(devices);
    await preparation.run(devices);
    expect(asked).toEqual(['used one', 'used one', 'used two']);
  });

  test('that the device refuses are reported and not tried again, and the others are created', async () => {
    const { preparation, asked, devices } = createSite((partition) =>
      partition === 'one'
        ? Promise.reject(new DeviceError('BIP420', 'content', 'no such name'))
        : Promise.resolve(true),
    );
    await preparation.run(devices);
    await preparation.run(devices);
    expect(asked).toEqual(['used one', 'used two']);
  });

  test('are reported when they are new, refused or not created, and not if they existed', async () => {
    const told = async (...answers: (boolean | DeviceError)[]): Promise<readonly string[]> => {
      const lines: string[] = [];
      const { preparation, devices } = createSite(
        () => {
          const answer = answers.shift() ?? false;
          return answer instanceof DeviceError ? Promise.reject(answer) : Promise.resolve(answer);
        },
        { lines },
      );
      await preparation.run(devices);
      return lines;
    };
    expect(await told(true, false)).toEqual(['info partition created']);
    expect(await told(new DeviceError('BIP420', 'content', 'no'), false)).toEqual([
      'warn the device refuses to create the partition',
    ]);
    expect(await told(new DeviceError('BIP503', 'transient', 'busy'))).toEqual([
      'debug its partitions could not be created ahead',
    ]);
    const lines: string[] = [];
    const lost = { ...memoryDevice(), prepare: () => Promise.reject(new Error('lost')) };
    expect(await createSite(undefined, { lines }).preparation.create(lost, 'k8s')).toBe(false);
    expect(lines).toEqual(['debug its partitions could not be created ahead']);
  });

  test('are left alone while the device is known to be away', async () => {
    const { preparation, asked, devices } = createSite(undefined, { away: true });
    await preparation.run(devices);
    expect(asked).toEqual([]);
  });

  test('hold up slices of the device while one is created, also of another instance', async () => {
    const config = configOf();
    const done = Promise.withResolvers<boolean>();
    const { preparation, devices } = createSite(() => done.promise, { config });
    const other = createSite(undefined, { config });
    const running = preparation.run(devices);
    const order: string[] = [];
    const idle = other.preparation.idle('used').then(() => order.push('slices'));
    await other.preparation.idle('unused');
    order.push('created');
    done.resolve(true);
    await Promise.all([running, idle]);
    expect(order).toEqual(['created', 'slices']);
    await preparation.idle('used');
  });
});

describe('the audit asks for a partition that does not exist', () => {
  const repair = async (
    device: Device,
    preparation = createSite().preparation,
  ): Promise<readonly string[]> => {
    const memory = (): never => {
      throw new Error('not needed');
    };
    const scope = { runtime: { log }, device, memory, preparation };
    return [...(await startRepair(scope, [{ partitions: ['k8s'] }])).again];
  };

  test('it is created, and not declared again', async () => {
    const device = memoryDevice();
    expect(await repair(device)).toEqual([]);
    expect(device.partitions.has('k8s')).toBe(true);
    expect(device.declares).toEqual([]);
  });

  // Red if it rejects: the device then counts as unavailable, and all of its changes wait.
  test.each([
    ['refuses it', 'BIP420', 'content', 1],
    ['fails', 'BIP509', 'transient', 2],
  ] as const)(
    'the rest of the order is carried out if the device %s',
    async (_, code, fault, tries) => {
      let count = 0;
      const prepare = (): Promise<never> => {
        count += 1;
        return Promise.reject(new DeviceError(code, fault, 'not created'));
      };
      const device = { ...memoryDevice(), prepare };
      const { preparation } = createSite();
      expect(await repair(device, preparation)).toEqual(['k8s']);
      expect(await repair(device, preparation)).toEqual(['k8s']);
      expect(count).toBe(tries);
    },
  );
});
