import { beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { cancelOrder, waitingView } from '../../../shared/operations/waiting/waiting.ts';
import { waitingText } from '../../../functions/cli/waiting/tables.ts';
import { markedAway, markedReturning } from '../../../shared/failures/waiting/away.ts';
import type { StoredChange, DeviceMark } from '../../../shared/failures/waiting/entry.ts';
import { failuresOver, type Failures } from '../../../shared/failures/open.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const HOUR = 3_600_000;
const clock = { now: () => NOW, monotonic: () => NOW, sleep: () => Promise.resolve() };
const OWNER = 'east/istio-system/istio-ingressgateway';
const order: Omit<StoredChange, 'format' | 'id'> = {
  kind: 'order',
  device: 'bigip-1',
  subject: 'east',
  what: 'drain cluster east: power',
  group: 'e1',
  sentAt: NOW - 2 * HOUR,
  since: NOW - HOUR,
  body: '{}',
  deduplicationId: 'd',
  attempts: [],
};
const slice: typeof order = {
  ...order,
  kind: 'slice',
  subject: OWNER,
  what: '3 exposures at revision 7.4',
  group: OWNER,
  version: { epoch: 7, counter: 4, generation: 1 },
  sentAt: NOW - 3 * HOUR,
};

let failures: Failures;
beforeEach(async () => {
  failures = failuresOver(memoryBlobs(), { clock, id: randomUUID });
  await failures.waiting.updateMark('bigip-1', (mark): DeviceMark =>
    markedAway(mark, 'bigip-1', { code: 'BIP501', reason: 'not reachable', now: NOW - HOUR }),
  );
  await failures.waiting.keep(slice);
  await failures.waiting.keep(order);
});

const text = async (): Promise<string> =>
  waitingText(waitingView(await failures.waiting.marks(), await failures.waiting.list()), NOW);

describe('sluice waiting', () => {
  test('shows for each device the start and reason of its outage, and what waits for it, orders first', async () => {
    const lines = (await text()).split('\n');
    expect(lines[0]).toBe(
      'bigip-1 has been unreachable or failing for 60m, since 2026-11-23T09:00:00.000Z ' +
        '(BIP501: not reachable); 1 ingress and 1 order are waiting, and Sluice applies ' +
        'them when the device works again',
    );
    expect(lines.slice(3).map((line) => line.replace(/^\w+ +/, ''))).toEqual([
      expect.stringMatching(/^bigip-1 +order +east +2h ago +60m +drain cluster east: power$/),
      expect.stringMatching(
        /^bigip-1 +slice +east\/istio-system\/istio-ingressgateway +3h ago +60m +3 exposures at revision 7\.4$/,
      ),
    ]);
  });

  test('cancels an order, and records the author in the audit log', async () => {
    const [found] = (await failures.waiting.list()).filter(({ entry }) => entry.kind === 'order');
    await cancelOrder(failures, found!, { who: 'alice', why: 'called off' });
    expect((await failures.waiting.list()).map(({ entry }) => entry.kind)).toEqual(['slice']);
    expect(await failures.audit.list()).toMatchObject([
      {
        who: 'alice',
        action: 'waiting cancel',
        selection: `${found!.entry.id} on bigip-1: drain cluster east: power`,
        why: 'called off',
      },
    ]);
  });

  test('cancels nothing that is already being sent', async () => {
    const [found] = (await failures.waiting.list()).filter(({ entry }) => entry.kind === 'order');
    await failures.waiting.updateMark('bigip-1', (mark): DeviceMark => markedReturning(mark!, NOW));
    await expect(cancelOrder(failures, found!, { who: 'alice', why: 'late' })).rejects.toThrow(
      'bigip-1 answers again',
    );
    expect(await failures.audit.list()).toEqual([]);
    expect(await text()).toContain(
      'bigip-1 answers again; 1 ingress and 1 order are being sent to it',
    );
  });
});
