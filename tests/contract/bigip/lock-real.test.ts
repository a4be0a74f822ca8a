/**
 * AS3's lock, which apply looks at before it tries a busy device again: on the lab, and on F5's AS3
 * if AS3_DEVICE is the URL of such a device.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Device } from '../../../shared/device/device.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import { real, REAL_URL, realDevice, realFingerprint, type RealAnswer } from './real-device.ts';
import { closeAll, connect, declare, lab, wanted } from './support.ts';

const GROUPS = '/mgmt/tm/ltm/data-group/internal';
const LOCK = `${GROUPS}/~Common~appsvcs~____appsvcs_lock`;
const DECLARE = '/mgmt/shared/appsvcs/declare';

type Call = (method: string, path: string, body?: unknown) => Promise<RealAnswer>;

interface Subject {
  readonly device: Device;
  readonly call: Call;
  close(): Promise<void>;
}

async function theLab(): Promise<Subject> {
  const bigip = await lab({ timings: { declare: 200, memberWrite: 1 } });
  return {
    device: connect(bigip),
    call: (method, path, body) => call(bigip, method, path, { body }),
    close: closeAll,
  };
}

async function theEngine(): Promise<Subject> {
  const device = realDevice(await realFingerprint());
  return {
    device,
    call: real,
    close: async () => {
      await real('DELETE', LOCK);
      await real('DELETE', DECLARE);
      await device.close();
    },
  };
}

/** As another client's AS3 makes it. */
const lockOf = (since: number): object => ({
  name: '/Common/appsvcs/____appsvcs_lock',
  description: since,
  type: 'string',
});

const SUBJECTS = [
  ['the lab', theLab, { skipped: false, takesTime: false }],
  ['F5’s AS3', theEngine, { skipped: REAL_URL === undefined, takesTime: true }],
] as const;

describe.each(SUBJECTS)('the lock of %s', (_, open, { skipped, takesTime }) => {
  const tested = skipped ? test.skip : test;
  let subject: Subject;
  beforeEach(async () => {
    if (!skipped) subject = await open();
  });
  afterEach(async () => {
    if (!skipped) await subject.close();
  });

  /** What looks at the lock said while the work went on. */
  async function seenDuring(work: Promise<unknown>): Promise<ReadonlySet<boolean>> {
    const seen = new Set<boolean>();
    const progress = { isDone: false };
    const done = work.finally(() => (progress.isDone = true));
    while (!progress.isDone) seen.add(await subject.device.isHeld());
    await done;
    return seen;
  }

  tested('is held during a declare, and free before and after it', async () => {
    expect(await subject.device.isHeld()).toBe(false);
    const seen = await seenDuring(declare(subject.device, wanted()));
    expect(seen).toContain(true);
    expect(await subject.device.isHeld()).toBe(false);
  });

  /** The present declaration of the device. */
  async function declared(): Promise<object> {
    const { body } = await subject.call('GET', `${DECLARE}/k8s`);
    return { class: 'ADC', schemaVersion: '3.50.0', ...(body as object) };
  }

  tested('is held during a declare that changes nothing', async () => {
    await declare(subject.device, wanted());
    const work = subject.call('POST', DECLARE, await declared());
    expect(await seenDuring(work)).toContain(true);
    expect(await subject.device.isHeld()).toBe(false);
  });

  // A dry run of the lab holds it for no time at all.
  (takesTime ? tested : test.skip)('is held during a dry run', async () => {
    await declare(subject.device, wanted());
    const dry = { class: 'AS3', action: 'dry-run', declaration: await declared() };
    expect(await seenDuring(subject.call('POST', DECLARE, dry))).toContain(true);
    expect(await subject.device.isHeld()).toBe(false);
  });

  tested('of another client refuses a declare as transient, until it is removed', async () => {
    expect((await subject.call('POST', GROUPS, lockOf(Date.now()))).status).toBe(200);
    expect(await subject.device.isHeld()).toBe(true);
    await expect(declare(subject.device, wanted())).rejects.toMatchObject({
      code: 'BIP503',
      fault: 'transient',
    });
    expect(await subject.device.isHeld()).toBe(true);
    await subject.call('DELETE', LOCK);
    expect(await subject.device.isHeld()).toBe(false);
    await declare(subject.device, wanted());
  });

  tested('cannot be made twice', async () => {
    await subject.call('POST', GROUPS, lockOf(Date.now()));
    expect((await subject.call('POST', GROUPS, lockOf(Date.now()))).status).toBe(409);
  });

  tested('that is older than two minutes stays until somebody declares', async () => {
    await subject.call('POST', GROUPS, lockOf(Date.now() - 121_000));
    expect(await subject.device.isHeld()).toBe(true);
    expect((await subject.call('GET', DECLARE)).status).toBeLessThan(500);
    expect(await subject.device.isHeld()).toBe(true);
    await declare(subject.device, wanted());
    expect(await subject.device.isHeld()).toBe(false);
  });
});
