/**
 * `kubectl` prints the message of an Event as it is, so it contains no control characters. Seen red
 * without `withVisibleText`.
 */
import { expect, test } from '@jest/globals';
import { EventRecorder } from '../../../functions/watch/report/event-recorder.ts';
import { silent } from './event-recorder-support.ts';
import type { KubernetesClient, RawObject } from '../../../shared/kubernetes/index.ts';

const TARGET = { apiVersion: 'v1', kind: 'Service', namespace: 'a', name: 'b', uid: 'u' };
const HOSTILE = 'rule \u001B]0;owned\u0007\u202Egnp\r\nWarning  Forged';

function recorder(): { readonly written: RawObject[]; readonly say: () => Promise<void> } {
  const written: RawObject[] = [];
  const client = {
    create: async (_: unknown, event: RawObject) => void written.push(event),
    pages: async function* pages() {
      yield { items: [...written] };
    },
  } as unknown as KubernetesClient;
  const one = new EventRecorder({
    client,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    random: () => 0,
    log: silent,
  });
  return {
    written,
    say: () => {
      one.report(TARGET, 's', [
        { subject: `s ${HOSTILE}`, type: 'Warning', reason: 'ApplyFailed', message: HOSTILE },
      ]);
      return one.idle();
    },
  };
}

test('an Event shows what others wrote, and is one line', async () => {
  const { written, say } = recorder();
  await say();
  expect(written).toMatchObject([
    { message: String.raw`rule \x1b]0;owned\x07\u202egnp\r\nWarning  Forged` },
  ]);
});

test('an Event is not repeated because of that', async () => {
  const { written, say } = recorder();
  await say();
  await say();
  expect(written).toHaveLength(1);
});
