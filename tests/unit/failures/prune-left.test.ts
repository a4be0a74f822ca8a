/** What people leave in the failure store goes away in time, beside audits. */
import { describe, expect, test } from '@jest/globals';
import { createAuditPruner } from '../../../functions/audit/prune.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { startAudits } from '../../../shared/host/schedules.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

const DAY = 86_400_000;

function start(over: { readonly dryRun?: boolean } = {}) {
  const runtime = testRuntime();
  const blobs = memoryBlobs(() => runtime.clock.now());
  let ids = 0;
  const failures = failuresOver(blobs, { clock: runtime.clock, id: () => `id-${(ids += 1)}` });
  const prune = createAuditPruner({ ...runtime, ...over }, () => Promise.resolve(failures));
  const keys = async (): Promise<readonly string[]> =>
    (await blobs.list(''))
      .map(({ key }) => key.split('/')[0]!)
      .filter((part) => part !== 'schedules');
  return { runtime, blobs, failures, prune, keys };
}

async function leave({ failures: { asks, acts, audit } }: ReturnType<typeof start>) {
  await asks.create({ id: 'q', by: 'ada', why: 'w', wanted: { kind: 'look' } });
  await acts.begin('ada', 'key', {});
  await audit.append({ who: 'ada', action: 'a', selection: 's', why: 'w', result: 'r' });
}

describe('what people left', () => {
  test('stays for a day if it is a question or an act, and for 400 days in the audit log', async () => {
    const site = start();
    await leave(site);
    await site.prune();
    expect(await site.keys()).toEqual(['acts', 'asks', 'audit']);
    site.runtime.advance(DAY + 1);
    await site.prune();
    expect(await site.keys()).toEqual(['audit']);
    site.runtime.advance(400 * DAY);
    await site.failures.audit.append({
      who: 'b',
      action: 'b',
      selection: 's',
      why: 'w',
      result: 'r',
    });
    await site.prune();
    expect((await site.failures.audit.list()).map(({ who }) => who)).toEqual(['b']);
  });

  test('stays while it is a run that is under way, so that replay can continue it', async () => {
    const site = start();
    const { asks } = site.failures;
    const wanted = { kind: 'replay-run', action: 'start', job: 'j', hash: 'h' } as const;
    await asks.create({ id: 'run', by: 'ada', why: 'w', wanted });
    await asks.update('run', () => ({ state: 'running' }));
    site.runtime.advance(3 * DAY);
    await site.prune();
    expect(await asks.open()).toMatchObject([{ id: 'run', state: 'running' }]);
    await asks.update('run', () => ({ state: 'done' }));
    site.runtime.advance(DAY);
    await site.prune();
    expect(await site.keys()).toEqual([]);
  });

  test('takes nothing else with it', async () => {
    const site = start();
    await leave(site);
    const [own] = await site.blobs.list('asks/');
    const { text } = (await site.blobs.get(own!.key))!;
    // Somebody copied a file by hand.
    await site.blobs.put('asks/copy.json', text.replace('"id":"q"', '"id":"new"'));
    site.runtime.advance(DAY + 1);
    await site.failures.asks.create({ id: 'new', by: 'ada', why: 'w', wanted: { kind: 'look' } });
    await site.prune();
    expect((await site.blobs.list('asks/')).map(({ key }) => key)).toEqual(['asks/new.json']);
  });

  test('goes after a day from its last write if another version wrote it, be it newer or older', async () => {
    const site = start();
    const newer = JSON.stringify({ format: 2, at: 0 });
    for (const key of ['acts/newer.json', 'asks/newer.json']) await site.blobs.put(key, newer);
    site.runtime.advance(DAY);
    await site.prune();
    expect(await site.keys()).toEqual(['acts', 'asks']);
    site.runtime.advance(DAY);
    await site.prune();
    expect(await site.keys()).toEqual([]);
  });

  test('is looked through once a day, and in a dry run never', async () => {
    const site = start();
    await site.prune();
    await leave(site);
    site.runtime.advance(DAY - 1);
    await site.prune();
    expect(await site.keys()).toHaveLength(3);
    const dry = start({ dryRun: true });
    await leave(dry);
    dry.runtime.advance(2 * DAY);
    await dry.prune();
    expect(await dry.keys()).toHaveLength(3);
  });

  test('stays if the store is away, and the audit is not disturbed', async () => {
    const runtime = testRuntime();
    const prune = createAuditPruner(runtime, () => Promise.reject(new Error('away')));
    await expect(prune()).resolves.toBeUndefined();
  });
});

test.each([
  ['audits are off', 0, ['tidy']],
  ['they run', 60_000, ['audit']],
])('it goes away on a host also where %s', async (_, every, wanted) => {
  const { runtime } = start();
  const done: string[] = [];
  const { promise: worked, resolve } = Promise.withResolvers<void>();
  const note = (what: string) => async () => {
    done.push(what);
    resolve();
  };
  let waits = 0;
  // The first wait ends at once, and the second one when the host stops.
  const sleep = (_ms: number, signal?: AbortSignal): Promise<void> =>
    (waits += 1) === 1 || signal?.aborted === true
      ? Promise.resolve()
      : new Promise((end) => signal?.addEventListener('abort', () => end()));
  const auditor = {
    turn: note('audit'),
    tidy: note('tidy'),
    lookBack: note('look back'),
    close: async () => undefined,
  };
  const host = startAudits(
    { ...runtime, clock: { ...runtime.clock, sleep } },
    { create: () => auditor },
    every,
  );
  await worked;
  await host.stop();
  expect(done).toEqual(wanted);
});
