/** To which owner an imported message is attributed, and how it is refused. */
import { describe, expect, test } from '@jest/globals';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { parseAttributes } from '../../../shared/queue/envelope-attributes.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { createKeyring } from '../../../shared/queue/keyring.ts';
import { checkOrigin, refusedInTheNameOf, type Origin } from '../../../shared/queue/origin.ts';
import { proofOfHandedOver, proofOfReceived, type Proof } from '../../../shared/queue/proof.ts';
import { newKeyPair } from '../../../shared/queue/signature.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const { publicPem } = newKeyPair();

/** Listed clusters accept events from these senders only, all others from any sender. */
function rulesWith(
  senders: Readonly<Record<string, readonly string[]>>,
  verifyKeys: string[] = [],
) {
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'one',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['k8s'],
      },
    ],
    clusters: ['east', 'west'].map((id) => ({ id, senders: senders[id] ?? [], verifyKeys })),
    ingresses: [
      { cluster: 'east', service: 'a/b', devices: ['one'], virtualAddress: '172.16.100.1' },
    ],
    queue: { kind: 'sqs', region: 'eu-central-1' },
    failures: { kind: 'fs', replayers: ['REPLAYER'] },
  });
  const keys = createKeyring({ resolve: () => Promise.resolve(publicPem) }, { monotonic: () => 0 });
  return { config, keys };
}

const sealed = (cluster: string, owner: string, more: object = {}): string =>
  JSON.stringify({
    ...(JSON.parse(
      serialiseEvent(INGRESS_DESIRED, slice(1, [exposure()], { owner }), {
        id: 'e-1',
        cluster,
        subject: owner,
        time: '2026-11-23T02:59:00Z',
      }),
    ) as object),
    ...more,
  });
const EAST = 'east/istio-system/gw';
const GUARDED = { west: ['WEST'] };

describe('a slice of unknown origin', () => {
  test.each<
    [string, string, Readonly<Record<string, readonly string[]>>, Proof['kind'], string | undefined]
  >([
    [
      'of a cluster that requires no proof of origin is accepted',
      sealed('east', EAST),
      GUARDED,
      'free',
      'east',
    ],
    [
      'of a cluster that requires one is not',
      sealed('west', 'west/a/b'),
      GUARDED,
      'unproven',
      undefined,
    ],
    [
      'in the name of a cluster that requires one is not',
      sealed('east', 'west/a/b'),
      GUARDED,
      'unproven',
      undefined,
    ],
    [
      'sent by a cluster that requires one is not',
      sealed('west', EAST),
      GUARDED,
      'unproven',
      undefined,
    ],
    ['of an unknown cluster is not', sealed('north', 'north/a/b'), GUARDED, 'unproven', undefined],
    ['that cannot be read is not', 'nonsense', GUARDED, 'unproven', undefined],
    [
      'of an unknown cluster is accepted if nothing is required',
      sealed('north', 'north/a/b'),
      {},
      'free',
      'north',
    ],
    ['that cannot be read has no owner in that case', 'nonsense', {}, 'free', ''],
  ])('%s', async (_what, body, senders, kind, cluster) => {
    const proof = await proofOfHandedOver('slices', body, rulesWith(senders));
    expect(proof).toMatchObject(cluster === undefined ? { kind } : { kind, cluster });
  });
});

test('an unreadable snapshot proves nothing', async () => {
  expect(await proofOfHandedOver('snapshots', 'nonsense', rulesWith(GUARDED))).toMatchObject({
    kind: 'unproven',
  });
});

describe('a message from a queue', () => {
  test.each<[string, string, string, Proof]>([
    [
      'needs no proof where none is required',
      sealed('east', EAST),
      'ANYBODY',
      { kind: 'free', cluster: 'east' },
    ],
    [
      'is proven by a sender of its cluster',
      sealed('west', 'west/a/b'),
      'WEST',
      { kind: 'proven', cluster: 'west' },
    ],
    [
      'of a stranger proves nothing',
      sealed('west', 'west/a/b'),
      'EAST',
      { kind: 'unproven', reason: expect.stringContaining('EAST') as never },
    ],
    [
      'that cannot be read proves nothing',
      'nonsense',
      'WEST',
      { kind: 'unproven', reason: expect.stringContaining('cannot be parsed') as never },
    ],
  ])('%s', async (_what, body, sender, proof) => {
    expect(await proofOfReceived(body, sender, rulesWith(GUARDED))).toEqual(proof);
  });
});

describe('the sender that a queue reports', () => {
  const originOf = async (
    sender: string | undefined,
    senders: Readonly<Record<string, readonly string[]>>,
  ): Promise<Origin['kind']> => {
    const read = parseAttributes(sealed('east', EAST));
    if ('refused' in read) throw new Error(read.refused.reason);
    return (await checkOrigin({ claimed: read.ok, sender, ...rulesWith(senders) })).kind;
  };

  test.each<[string | undefined, readonly string[], Origin['kind']]>([
    ['ANYBODY', [], 'trusted'],
    ['EAST', ['EAST'], 'trusted'],
    ['REPLAYER', ['EAST'], 'trusted'],
    ['ANYBODY', ['EAST'], 'refused'],
    [undefined, ['EAST'], 'refused'],
  ])('%s, with senders %j, is %s', async (sender, east, kind) => {
    expect(await originOf(sender, { east })).toBe(kind);
  });
});

describe('the sentence of a refusal', () => {
  test('quotes at most 200 characters of the owner, and at most 64 of the key', async () => {
    const refused = refusedInTheNameOf('o'.repeat(512), {
      kind: 'refused',
      code: 'X',
      reason: 'no',
    });
    expect(refused).toMatchObject({ reason: expect.stringMatching(/o{200}(?!o)/) });
    expect(refused).not.toMatchObject({ reason: expect.stringMatching(/o{201}/) });
    const read = parseAttributes(sealed('east', EAST, { signature: 's', keyid: 'k'.repeat(100) }));
    if ('refused' in read) throw new Error(read.refused.reason);
    const origin = await checkOrigin({
      claimed: read.ok,
      sender: undefined,
      ...rulesWith({}, ['env:KEY']),
    });
    expect(origin).toMatchObject({ code: 'OWN323', reason: expect.stringMatching(/"k{64}"/) });
  });

  test('applies to refusals only: what cannot be checked yet has no owner', () => {
    const away: Origin = { kind: 'away', code: 'GW102', reason: 'no key today' };
    expect(refusedInTheNameOf('an owner', away)).toBe(away);
  });
});
