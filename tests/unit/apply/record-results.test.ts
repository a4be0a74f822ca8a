import { expect, test } from '@jest/globals';
import type { ResultRecorder, OpenStore } from '../../../functions/apply/record-results.ts';
import { createResultRecorder } from '../../../functions/apply/record-results.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import type { FailureHead, FailureHeadChange } from '../../../shared/failures/port.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';

const OWNER = 'east/istio-system/istio-ingressgateway';
const version = { epoch: 7, counter: 4, generation: 1 };
const settled: Settled = {
  owner: OWNER,
  clusterUid: 'uid',
  version,
  device: 'bigip-1',
  devices: ['bigip-1'],
  servers: [],
  notes: [],
  exposures: [
    {
      address: '172.16.100.195',
      port: 80,
      protocol: 'tcp',
      partition: 'k8s',
      gateways: ['ns/gw'],
      outcome: 'applied',
      code: 'OK',
      message: 'done',
    },
  ],
};
const WAY = { hops: [], attempt: 1, deduplicationId: 'd' };
const head: FailureHead = {
  id: 'a'.repeat(16),
  code: 'BIP421',
  class: 'device',
  sentence: 'refused',
  queue: 'slices',
  owner: OWNER,
  device: 'bigip-1',
  partition: 'k8s',
  exposure: '172.16.100.195:80/tcp',
  gateways: ['ns/gw'],
  revision: { epoch: 7, counter: 3 },
  state: 'open',
  count: 1,
  first: 1,
  last: 1,
  changed: 1,
  seen: ['m'],
  evidence: 'e',
};

interface Desk {
  readonly seen: {
    opened: number;
    away: boolean;
    state: FailureHead['state'];
    now: number;
    warnings: number;
    told: number;
  };
  readonly healing: ResultRecorder;
}

/** A failure store with one failure, which can be unavailable. */
function desk(dryRun: boolean): Desk {
  const seen: Desk['seen'] = {
    opened: 0,
    away: false,
    state: head.state,
    now: 0,
    warnings: 0,
    told: 0,
  };
  const log: Runtime['log'] = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => void (seen.warnings += 1),
    error: () => undefined,
    child: () => log,
  };
  const change = async (
    _ids: readonly string[],
    wanted: FailureHeadChange,
  ): Promise<readonly FailureHead[]> => {
    const made = wanted({ ...head, state: seen.state });
    seen.state = made?.state ?? seen.state;
    return made === undefined ? [] : [{ ...head, ...made }];
  };
  const ofOwner = (): Promise<readonly FailureHead[]> =>
    seen.away
      ? Promise.reject(new Error('no answer'))
      : Promise.resolve([{ ...head, state: seen.state }]);
  const open: OpenStore = async () => {
    seen.opened += 1;
    return {
      store: { ofOwner, change } as unknown as Awaited<ReturnType<OpenStore>>['store'],
      history: {
        note: async () => void (seen.told += 1),
        of: async () => undefined,
        all: async () => [],
      },
      close: () => Promise.resolve(),
    };
  };
  const runtime = {
    log,
    dryRun,
    clock: { now: () => seen.now, monotonic: () => seen.now, sleep: () => Promise.resolve() },
  } as unknown as Runtime;
  return { seen, healing: createResultRecorder(runtime, open) };
}

test('a newer applied version closes the failure it shows to be over', async () => {
  const { seen, healing } = desk(false);
  await healing.note(settled, WAY);
  await healing.note(settled, WAY);
  expect(seen).toMatchObject({ opened: 1, state: 'healed', warnings: 0, told: 2 });
});

test('an unavailable store fails nothing, is not called for a minute, and is updated afterwards', async () => {
  const { seen, healing } = desk(false);
  seen.away = true;
  await healing.note(settled, WAY);
  seen.away = false;
  seen.now = 59_999;
  await healing.note(settled, WAY);
  expect(seen).toMatchObject({ state: 'open', warnings: 1 });
  seen.now = 60_000;
  await healing.note(settled, WAY);
  expect(seen).toMatchObject({ state: 'healed', warnings: 1 });
});

test('a dry run never opens the store', async () => {
  const { seen, healing } = desk(true);
  await healing.note(settled, WAY);
  expect(seen).toMatchObject({ opened: 0, state: 'open' });
});
