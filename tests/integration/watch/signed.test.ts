import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ClusterConfig } from '../../../shared/config/schema.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SNAPSHOT_EVENTS } from '../../../shared/queue/events.ts';
import { isSignedBy, newKeyPair, readVerifyKey } from '../../../shared/queue/signature.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { gatewayPod, ingressService, startBench, until, type Bench } from './support.ts';

let at: Bench;
beforeEach(async () => {
  at = await startBench();
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
});
afterEach(() => at.close());

function runtimeWith(
  keys: Partial<ClusterConfig>,
  resolve: (reference: string) => Promise<string>,
): Runtime {
  const { config } = at.runtime;
  return {
    ...at.runtime,
    config: { ...config, clusters: config.clusters.map((cluster) => ({ ...cluster, ...keys })) },
    secrets: { resolve },
  };
}

const { privatePem, publicPem } = newKeyPair();

/** The number of sent messages that are signed with the key. */
function signed(): number {
  const key = readVerifyKey(publicPem);
  return at.queues.sent.filter(({ message }) => {
    const event = parseEvent(message.body, SNAPSHOT_EVENTS);
    return (
      'ok' in event &&
      event.ok.signature !== undefined &&
      'ok' in key &&
      isSignedBy(event.ok.signature, key.ok)
    );
  }).length;
}

test('a watcher with a key signs snapshots and inventories, and needs no public key for it', async () => {
  const asked: string[] = [];
  const resolve = async (reference: string): Promise<string> => {
    asked.push(reference);
    return privatePem;
  };
  await at.watcher({ runtime: runtimeWith({ signKey: 'file:k' }, resolve) }).start();
  await until(() => at.snapshots().length === 1 && at.inventories().length === 1);
  expect(signed()).toBe(2);
  expect(new Set(asked)).toEqual(new Set(['file:k']));
});

test('without a readable key nothing is sent, the log says why, and it recovers by itself', async () => {
  let away = true;
  const resolve = (): Promise<string> =>
    away ? Promise.reject(new Error('secret file:k: is not there')) : Promise.resolve(privatePem);
  await at.watcher({ runtime: runtimeWith({ signKey: 'file:k' }, resolve) }).start();
  await at.passUntil(() =>
    at.logs.some(
      ({ level, fields }) =>
        level === 'warn' && JSON.stringify(fields).includes('secret file:k: is not there'),
    ),
  );
  expect(at.queues.sent).toEqual([]);
  away = false;
  await at.passUntil(() => at.snapshots().length > 0 && at.inventories().length > 0);
  expect(signed()).toBe(at.queues.sent.length);
});

test('a watcher whose cluster wants signatures and that has no key is refused before anything is touched', () => {
  const runtime = runtimeWith({ verifyKeys: ['file:k.pub'] }, () =>
    Promise.reject(new Error('not asked')),
  );
  expect(() => at.watcher({ runtime })).toThrow(
    'clusters[].verifyKeys is set for cluster east, so its events must be signed, and ' +
      'this watcher has no signing key; set clusters[].signKey of east in its ' +
      'configuration',
  );
});
