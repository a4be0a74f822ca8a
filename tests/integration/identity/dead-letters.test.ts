/**
 * A message in a dead-letter queue is attributed to the owner that it claims only if its origin was
 * verified: results of other owners do not close it, and it opens, changes and leads nothing of the
 * claimed owner. Seen red with `judged` (failure-record.ts) returning its input, and with
 * `readFoundDeadLetter` (failure-record.ts) taking a message that the queue moved for a dead letter
 * of Sluice.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parkInto } from '../../../functions/park/handler.ts';
import { resolveFailures } from '../../../shared/failures/resolve-failures.ts';
import { failuresOver, type Failures } from '../../../shared/failures/open.ts';
import { sendDeadLetter } from '../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import { CLUSTER_INVENTORY, INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { MAX_RECEIVE_COUNT } from '../../../shared/queue/limits.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import type { EventSigner } from '../../../shared/queue/signature.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';
import { owner, startSite, type Site } from './support.ts';

const VICTIM = owner('east');
const AT = '2026-11-23T03:00:00Z';

let site: Site;
let failures: Failures;
beforeEach(async () => {
  site = await startSite({ kind: 'sqlite' });
  failures = failuresOver(memoryBlobs(), {
    clock: { now: () => 1, monotonic: () => 1, sleep: () => Promise.resolve() },
    id: () => 'id',
  });
});
afterEach(() => site.close());

/** Every way of forging a message that claims to be the victim's. */
type Forge = (signer: Site['signers']) => string;
const meta = (over: Partial<EventMeta> = {}): EventMeta => ({
  id: 'forged',
  cluster: 'east',
  subject: VICTIM,
  time: AT,
  ...over,
});
const broken = (text: string): string =>
  JSON.stringify({
    ...(JSON.parse(serialiseEvent(INGRESS_OBSERVED, {}, meta())) as object),
    data: undefined,
    dataencoding: 'gzip',
    data_base64: text,
  });
const FORGED: readonly (readonly [string, string, Forge])[] = [
  ['of an unknown type', 'Q612', () => serialiseEvent('sluice.ingress.observed.v9', {}, meta())],
  [
    'with data that does not match the schema',
    'Q613',
    () => serialiseEvent(INGRESS_OBSERVED, { nonsense: true }, meta()),
  ],
  ['with data that cannot be unpacked', 'Q614', () => broken('bm90IGd6aXA=')],
  [
    'with an envelope that cannot be read',
    'Q611',
    () => JSON.stringify({ subject: VICTIM, source: '/clusters/east' }),
  ],
  [
    'signed by another cluster',
    'Q613',
    ({ west }) => serialiseEvent(INGRESS_OBSERVED, { nonsense: true }, meta(), west),
  ],
  [
    'from another cluster, signed by it, with the subject of the victim',
    'Q613',
    ({ west }) =>
      serialiseEvent(INGRESS_OBSERVED, { nonsense: true }, meta({ cluster: 'west' }), west),
  ],
  [
    'an inventory in the name of the victim',
    'Q613',
    () => serialiseEvent(CLUSTER_INVENTORY, { nonsense: true }, meta()),
  ],
];

async function park(
  queue: 'snapshots' | 'slices',
  message: Partial<QueueMessage> & { readonly body: string },
): Promise<void> {
  const runtime = {
    ...testRuntime(site.config),
    secrets: { resolve: async (name: string) => site.secrets.get(name) ?? '' },
  };
  const whole: QueueMessage = {
    id: 'm',
    receipt: 'r',
    group: VICTIM,
    deduplicationId: 'd',
    receiveCount: 1,
    sentAt: 1,
    ...message,
  };
  const answer = await parkInto(runtime, failures)(
    { Records: [toRecord(whole, `arn:aws:sqs:local:0:${queue}-dead.fifo`)] },
    {
      awsRequestId: 'r',
      functionName: 'park',
      functionVersion: '1',
      getRemainingTimeInMillis: () => 1_000,
    },
  );
  expect(answer).toEqual({ batchItemFailures: [] });
}

/** As map or apply writes it; 0.1.0 wrote the claimed owner beside it. */
async function letterOf(code: string, body: string, over: object = {}): Promise<string> {
  let written = '';
  const queue = {
    send: async (message: { readonly body: string }) => void (written = message.body),
  };
  const message: QueueMessage = {
    id: 'm0',
    receipt: 'r',
    group: VICTIM,
    deduplicationId: 'd',
    body,
    receiveCount: 1,
    sentAt: 1,
  };
  await sendDeadLetter({ queue: () => queue } as never, {
    code,
    reason: `${code} says no; correct it`,
    queue: 'snapshots',
    message,
    functionVersion: '1',
    now: 1,
    owner: VICTIM,
    ...over,
  });
  return written;
}

const RESULT = {
  owner: VICTIM,
  clusterUid: 'uid',
  version: { epoch: 9_999_999_999_999, counter: 9, generation: 1 },
  devices: [],
  servers: [],
  notes: [],
  exposures: [],
} as const;
const victims = async (): Promise<readonly unknown[]> => [
  ...(await failures.store.ofOwner(VICTIM)),
  ...(await failures.store.ofOwner('east')),
];

describe('a message that claims an owner without proof', () => {
  test.each(FORGED)(
    '%s: parked as a dead letter (%s), it has no owner and no result closes it',
    async (_, code, forge) => {
      await park('snapshots', { body: await letterOf(code, forge(site.signers)) });
      expect(await victims()).toEqual([]);
      await resolveFailures(failures.store, RESULT as never);
      expect(await failures.store.list()).toMatchObject([{ code, state: 'open' }]);
    },
  );

  test.each(FORGED)(
    '%s: moved by the queue, it has no owner and no result closes it',
    async (_, _code, forge) => {
      await park('snapshots', { body: forge(site.signers), redriven: true });
      expect(await victims()).toEqual([]);
      await resolveFailures(failures.store, RESULT as never);
      expect(await failures.store.list()).toMatchObject([{ code: 'RPL701', state: 'open' }]);
    },
  );

  test('an unsigned event of a watcher, moved by the queue, has no owner either', async () => {
    const said = JSON.parse(await site.said('east')) as object;
    await park('snapshots', {
      body: JSON.stringify({ ...said, signature: undefined, keyid: undefined }),
      redriven: true,
    });
    expect(await victims()).toEqual([]);
  });

  test('a forged dead letter that the queue moved is treated like any other event', async () => {
    const letter = await letterOf('BIP421', await site.said('east'), {
      device: 'bigip',
      revision: { epoch: 1, counter: 99 },
    });
    await park('snapshots', { body: letter, redriven: true });
    expect(await victims()).toEqual([]);
    expect(await failures.store.list()).toMatchObject([{ code: 'RPL701', class: 'never-ran' }]);
  });

  test('a dead letter of another queue has no owner', async () => {
    await park('slices', { body: await letterOf('BIP421', 'x') });
    expect(await victims()).toEqual([]);
  });

  test('it neither changes nor hides the failure of the owner that it names', async () => {
    const signer: EventSigner = site.signers.east;
    await park('snapshots', {
      id: 'true',
      body: await letterOf(
        'Q613',
        serialiseEvent(INGRESS_OBSERVED, { nonsense: true }, meta({ id: 'true' }), signer),
      ),
    });
    const [before] = await failures.store.ofOwner(VICTIM);
    for (const [i, [, code, forge]] of FORGED.entries())
      await park('snapshots', { id: `f${i}`, body: await letterOf(code, forge(site.signers)) });
    expect(await failures.store.ofOwner(VICTIM)).toEqual([before]);
  });
});

describe('a message with proof keeps its owner', () => {
  test('signed by its cluster, although its data does not fit', async () => {
    await park('snapshots', {
      body: await letterOf(
        'Q613',
        serialiseEvent(INGRESS_OBSERVED, { nonsense: true }, meta(), site.signers.east),
      ),
    });
    await resolveFailures(failures.store, RESULT as never);
    expect(await failures.store.list()).toMatchObject([{ owner: VICTIM, state: 'healed' }]);
  });

  test('signed by its cluster, and moved by the queue unread', async () => {
    await park('snapshots', { body: await site.said('east'), redriven: true });
    expect(await failures.store.list()).toMatchObject([{ code: 'RPL701', owner: VICTIM }]);
  });

  test('the queue marks messages that it moved, whatever the sender wrote', async () => {
    const queue = site.queues.queue('snapshots');
    await queue.send({
      group: VICTIM,
      deduplicationId: 'chosen',
      body: await letterOf('BIP421', 'x'),
    });
    for (let i = 0; i <= MAX_RECEIVE_COUNT; i++)
      for (const { receipt } of await queue.receive({ max: 1, waitMs: 0, visibilityMs: 1_000 }))
        await queue.changeVisibility(receipt, 0);
    expect(
      await site.queues.queue('snapshots-dead').receive({ max: 1, waitMs: 0, visibilityMs: 1_000 }),
    ).toMatchObject([{ redriven: true }]);
    await site.queues
      .queue('slices-dead')
      .send({ group: VICTIM, deduplicationId: 'chosen', body: 'x' });
    expect(
      (
        await site.queues.queue('slices-dead').receive({ max: 1, waitMs: 0, visibilityMs: 1_000 })
      )[0],
    ).not.toHaveProperty('redriven');
  });
});
