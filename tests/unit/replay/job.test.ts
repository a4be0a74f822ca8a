/** What a replay job checks before it sends an event, and after its driver crashed. */
import { describe, expect, test } from '@jest/globals';
import { DRIVER_LEASE_MS } from '../../../shared/failures/replay/job.ts';
import { owner, startSite, type Site } from '../../fixtures/failures/site.ts';

class Crash extends Error {}

async function siteWith(count: number): Promise<Site> {
  const site = startSite();
  for (let n = 0; n < count; n++) await site.fail(owner(n), 1, [1_000 + n]);
  return site;
}

const results = async (site: Site, job: { readonly id: string }): Promise<(string | undefined)[]> =>
  (await site.failures.jobs.items(job.id)).map(({ result, status }) => result?.kind ?? status);

/** An event of `who` arrives in the queue of the device. */
async function speak(
  site: Site,
  who: string,
  counter: number,
  ports: readonly number[],
): Promise<void> {
  await site.runtime.queues.queue('slices').send({
    group: 'bigip-1',
    deduplicationId: `${who}.${counter}.spoken`,
    body: site.body(who, counter, ports),
  });
}

describe('a replay that crashed between sending an event and recording it', () => {
  /**
   * Red without `arrived` (send.ts): the event, which has failed again already, would be sent a
   * second time.
   */
  test('does not send it again when it has failed again since', async () => {
    const site = await siteWith(1);
    site.poison.add(1_000);
    const job = await site.plan('code:BIP421');
    site.step = (what) => {
      if (what === 'after send slices') throw new Crash(what);
    };
    await expect(site.run(job)).rejects.toThrow(Crash);
    site.step = () => undefined;
    // The functions continue by themselves, and so does the deduplication of the queue.
    await site.runtime.clock.sleep(DRIVER_LEASE_MS + 10 * 60_000);
    expect((await site.failures.store.list()).map(({ count }) => count)).toEqual([2]);
    expect(await site.run(job)).toMatchObject({ state: 'done' });
    expect([site.sent.length, await results(site, job)]).toEqual([1, ['quarantined']]);
  });

  /**
   * Red when the time limit counts from the first try: the job would stop waiting before the result
   * could arrive.
   */
  test('sends it if it was never sent, and waits for its result', async () => {
    const site = await siteWith(1);
    const job = await site.plan('code:BIP421');
    site.step = (what) => {
      if (what === 'before send slices') throw new Crash(what);
    };
    await expect(site.run(job)).rejects.toThrow(Crash);
    site.step = () => undefined;
    await site.runtime.clock.sleep(DRIVER_LEASE_MS + 10 * 60_000);
    expect(await site.run(job)).toMatchObject({ state: 'done' });
    expect([site.sent.length, await results(site, job)]).toEqual([1, ['applied']]);
  });
});

describe('before an event is sent', () => {
  /**
   * Red without the refreshed reading in `sendUnit` (send.ts): it is judged by what the device
   * declared when the job began.
   */
  test('it is judged by the device as it is at that moment, however slow the job is', async () => {
    const site = await siteWith(2);
    const job = await site.plan('code:BIP421', { rate: 0.01 });
    const working = site.work;
    let spoken = false;
    // Between the two events, which are a hundred seconds apart, the owner of the second one sends
    // something newer.
    site.work = async () => {
      await working();
      if (spoken || site.sent.length === 0 || site.runtime.clock.now() - site.sent[0]!.at < 60_000)
        return;
      spoken = true;
      await speak(site, owner(1), 5, [1_001]);
      await working();
    };
    await site.run(job);
    expect([spoken, site.sent.length, await results(site, job)]).toEqual([
      true,
      1,
      ['applied', 'superseded'],
    ]);
  });

  /**
   * Red without the state in `whyGone` (send.ts): a failure that was discarded in the meantime
   * would still be sent.
   */
  test('it is skipped if it was quarantined since it was selected', async () => {
    const site = await siteWith(2);
    const job = await site.plan('code:BIP421');
    const [first] = await site.items(job);
    await site.failures.store.change([first!.failure], () => ({
      state: 'quarantined',
      note: 'poisonous',
    }));
    await site.run(job);
    expect([site.sent.length, await results(site, job)]).toEqual([1, ['skipped', 'applied']]);
    expect((await site.items(job))[0]?.result?.reason).toBe('poisonous');
    expect((await site.failures.store.heads([first!.failure])).get(first!.failure)?.state).toBe(
      'quarantined',
    );
  });

  test('it is skipped if it was healed since, or removed', async () => {
    const site = await siteWith(3);
    const job = await site.plan('code:BIP421');
    const [healed, old] = await site.items(job);
    await site.failures.store.change([healed!.failure], () => ({
      state: 'healed',
      note: 'healed by 1.2',
    }));
    await site.failures.store.change([old!.failure], () => ({ state: 'archived' }));
    await site.failures.store.prune(site.runtime.clock.now() + 1);
    await site.run(job);
    expect([site.sent.length, await results(site, job)]).toEqual([
      1,
      ['skipped', 'skipped', 'applied'],
    ]);
  });

  test('one that is selected by name is released from quarantine, and sent', async () => {
    const site = await siteWith(1);
    const [head] = await site.failures.store.list();
    await site.failures.store.change([head!.id], () => ({ state: 'quarantined' }));
    const job = await site.plan('state:quarantined');
    await site.run(job);
    expect([site.sent.length, await results(site, job)]).toEqual([1, ['applied']]);
  });
});
