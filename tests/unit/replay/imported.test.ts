/**
 * Imported failures can be inspected and planned, and are sent only if their own bytes prove the
 * origin, or no proof is required. Seen red with `isImported` returning false, and with
 * `proofOfHandedOver` accepting the sender that is written beside the event.
 */
import { describe, expect, test } from '@jest/globals';
import { isEligible } from '../../../shared/failures/replay/policy.ts';
import { createPreviewer } from '../../../shared/failures/replay/preview.ts';
import { freezeSelection } from '../../../shared/failures/replay/select.ts';
import type { Evidence, FailureHead } from '../../../shared/failures/port.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { newKeyPair, readSigner, type EventSigner } from '../../../shared/queue/signature.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { configOf, testRuntime } from '../../fixtures/failures/runtime.ts';

const pair = newKeyPair();
const signerFrom = (pem: string): EventSigner => {
  const read = readSigner(pem);
  if ('problem' in read) throw new Error(read.problem);
  return read.ok;
};
const signer = signerFrom(pair.privatePem);
const OTHER = signerFrom(newKeyPair().privatePem);
const SENDERS = { senders: ['AROAEAST'] };
const KEYS = { verifyKeys: ['env:east.pub'] };

const meta = (cluster = 'east') => ({
  id: 'e',
  cluster,
  subject: `${cluster}/istio-system/istio-ingressgateway`,
  time: '2026-11-23T00:00:00Z',
});
const snapshot = (by?: EventSigner, cluster = 'east'): Partial<Evidence['event']> => ({
  queue: 'snapshots',
  body: serialiseEvent(INGRESS_OBSERVED, { any: 'thing' }, meta(cluster), by),
  sender: 'AROAEAST',
  verification: 'verified',
});
const wish = (cluster = 'east', data: object = {}): Partial<Evidence['event']> => ({
  queue: 'slices',
  body: serialiseEvent(
    INGRESS_DESIRED,
    slice(1, [exposure()], { sender: 'AROAEAST', ...data }),
    meta(cluster),
  ),
  sender: 'AROAEAST',
});

function asked(event: Partial<Evidence['event']>, demands: object, where = 'imported') {
  const runtime = {
    ...testRuntime(
      configOf({
        clusters: [{ id: 'east', ...demands }, { id: 'west' }, { id: 'north' }, { id: 'south' }],
      }),
    ),
    secrets: { resolve: async () => pair.publicPem },
  };
  const previewer = createPreviewer({
    runtime,
    map: async () => ({ slices: [slice(1, [exposure()])] }),
    connect: async () => memoryDevice(),
  });
  const whole: Evidence['event'] = {
    queue: 'slices',
    group: 'g',
    id: 'm',
    sentAt: 0,
    receiveCount: 1,
    verification: 'unchecked',
    body: '',
    ...event,
  };
  return previewer.preview(
    { evidence: `${where}/00/0000000000000000/000000000000.json`, details: { event: whole } },
    {},
  );
}

describe('an event of a bundle is not sent', () => {
  test.each([
    ['when a sender is required, even if the bundle names one', snapshot(), SENDERS],
    ['when a signature is required and missing', snapshot(), KEYS],
    [
      'when a signature is required and made with another key',
      snapshot({ ...OTHER, keyid: signer.keyid }),
      KEYS,
    ],
    ['when it is a slice, which map creates after the check', wish(), KEYS],
    [
      'when it is a slice in the name of a cluster without requirements, for one that has them',
      wish('west'),
      SENDERS,
    ],
    ['when it is of an unknown cluster', snapshot(undefined, 'nowhere'), SENDERS],
  ])('%s', async (_, event, demands) => {
    const { verdict, code, reason, difference } = await asked(event, demands);
    expect({ verdict, code }).toEqual({ verdict: 'invalid', code: 'RPL715' });
    expect(reason).toMatch(/came in a bundle.*in the lab.*create 172\.16\.100\.195:32400\/tcp/);
    expect(difference).toHaveLength(1);
  });
});

describe('an event of a bundle is sent', () => {
  test.each([
    ['signed by its cluster', snapshot(signer), KEYS],
    ['signed by its cluster, which also names senders', snapshot(signer), { ...KEYS, ...SENDERS }],
    ['where no proof is required, as in the lab', snapshot(), {}],
    ['a slice, where no proof is required', wish(), {}],
  ])('%s', async (_, event, demands) => {
    expect(await asked(event, demands)).toMatchObject({ verdict: 'would-apply' });
  });

  test('and what was parked here needs no proof again', async () => {
    expect(await asked(wish(), SENDERS, 'evidence')).toMatchObject({ verdict: 'would-apply' });
  });
});

const head = (id: string, over: Partial<FailureHead> = {}): FailureHead => ({
  id,
  code: 'BIP501',
  class: 'device',
  sentence: 's',
  queue: 'slices',
  owner: 'east/a/gw',
  device: 'bigip-1',
  gateways: [],
  revision: { epoch: 1, counter: 1 },
  state: 'open',
  count: 1,
  first: 1,
  last: 1,
  changed: 1,
  seen: [],
  evidence: `evidence/${id.slice(0, 2)}/${id}/000000000000.json`,
  ...over,
});
const HERS = head('aaaaaaaaaaaaaaaa');
const FORGED = head('bbbbbbbbbbbbbbbb', {
  revision: { epoch: 9_000_000_000_000, counter: 9 },
  evidence: 'imported/bb/bbbbbbbbbbbbbbbb/000000000000.json',
});

describe('a bundle blocks nothing else', () => {
  test('it replaces no other event, however new it claims to be', () => {
    const units = Map.groupBy(freezeSelection([HERS, FORGED]), ({ unit }) => unit);
    expect([...units.values()].map((items) => items.map(({ failure }) => failure).join())).toEqual(
      expect.arrayContaining([HERS.id, FORGED.id]),
    );
  });

  test('no policy selects it, so it cannot fail a turn', () => {
    const policy = {
      name: 'p',
      classes: ['device' as const],
      everyMinutes: 5,
      olderThanMinutes: 0,
      canary: 1,
      rate: 1,
      atMost: 3,
    };
    expect([HERS, FORGED].map((one) => isEligible(policy, one, 10))).toEqual([true, false]);
  });
});
