/**
 * The failure store under concurrent writes and lost writes or blobs, and what it reads for a list.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import { ownEvidence } from '../../../shared/failures/evidence.ts';
import { digest, ownerDigit } from '../../../shared/failures/identity.ts';
import { isKey } from '../../../shared/failures/keys.ts';
import type { Failure, FailureRecord, FailureStore } from '../../../shared/failures/port.ts';
import { resolveFailures } from '../../../shared/failures/resolve-failures.ts';
import { createFailureStore } from '../../../shared/failures/store.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { sighting, T0 } from '../../fixtures/failures/sighting.ts';

type Operation = 'get' | 'put' | 'delete' | 'list';

let blobs: Blobs;
let now: number;
let store: FailureStore;
/** `put index/ab.json`, in order; only writes that took effect. */
let did: string[];
/** Called before an operation, to simulate another process. */
let meanwhile: (operation: Operation, key: string) => Promise<void>;

function spied(): Blobs {
  const before = async (operation: Operation, key: string): Promise<void> => {
    // Every adapter refuses an invalid name.
    if (operation !== 'list' && !isKey(key)) throw new TypeError(`no key: ${key}`);
    await meanwhile(operation, key);
    if (operation !== 'put') did.push(`${operation} ${key}`);
  };
  return {
    ...blobs,
    get: (key) => before('get', key).then(() => blobs.get(key)),
    list: (prefix) => before('list', prefix).then(() => blobs.list(prefix)),
    delete: (key) => before('delete', key).then(() => blobs.delete(key)),
    put: async (key, text, condition) => {
      await before('put', key);
      const tag = await blobs.put(key, text, condition);
      if (tag !== undefined) did.push(`put ${key}`);
      return tag;
    },
  };
}

const theirs = (): FailureStore => createFailureStore(blobs, () => now);
const count = (what: string): number => did.filter((one) => one.startsWith(what)).length;
/** Runs once, before the first operation of this kind on a matching key. */
function once(operation: Operation, prefix: string, work: () => Promise<unknown>): void {
  let done = false;
  meanwhile = async (each, key) => {
    if (done || each !== operation || !key.startsWith(prefix)) return;
    done = true;
    await work();
  };
}
const evidences = async (): Promise<readonly string[]> =>
  (await blobs.list('evidence/')).map(({ key }) => key);

beforeEach(() => {
  blobs = memoryBlobs();
  now = T0;
  did = [];
  meanwhile = () => Promise.resolve();
  store = createFailureStore(spied(), () => now);
});

describe('a message that is parked again', () => {
  test('adds no attempt and no count, and writes nothing', async () => {
    const { id } = await store.record(sighting(1));
    did = [];
    await store.record(sighting(1));
    expect([count('put'), (await store.get(id))?.details.attempts.length]).toEqual([0, 1]);
  });

  test('by two processes at once counts once, and is written once', async () => {
    once('put', 'index/', () => theirs().record(sighting(1)));
    const head = await store.record(sighting(1));
    expect([head.count, count('put index/')]).toEqual([1, 0]);
    expect((await store.get(head.id))?.details.event.body).toBe('event 1.1 ☃');
  });

  test('long after it was seen keeps the evidence that it writes again', async () => {
    const first = sighting(1, { counter: 9, message: 'first' });
    const { id } = await store.record(first);
    for (let n = 1; n <= 6; n++) await store.record(sighting(1, { counter: n }));
    await store.record(first);
    expect((await store.get(id))?.details.event.body).toBe('event 1.9 ☃');
    expect(await evidences()).toHaveLength(1);
  });
});

describe('a failure that occurs again', () => {
  test('keeps the evidence of the newest event alone, whatever order they come in', async () => {
    const { id } = await store.record(sighting(1, { counter: 2 }));
    await store.record(sighting(1, { counter: 1 }));
    expect((await store.get(id))?.details.event.body).toBe('event 1.2 ☃');
    await store.record(sighting(1, { counter: 2, message: 'again', body: 'once more' }));
    expect((await store.get(id))?.details.event.body).toBe('once more');
    expect(await evidences()).toHaveLength(1);
  });

  test('counts as equally new if one of the two has no revision', async () => {
    const bare = (message: string): FailureRecord => {
      const seen = sighting(1, { message, body: message });
      return { ...seen, head: { ...seen.head, revision: undefined } };
    };
    const { id } = await store.record(sighting(1, { counter: 5 }));
    await store.record(bare('without'));
    expect((await store.get(id))?.details.event.body).toBe('without');
    await store.record(sighting(1, { counter: 1 }));
    expect((await store.get(id))?.details.event.body).toBe('event 1.1 ☃');
  });

  test('keeps twenty attempts and five messages', async () => {
    let id = '';
    for (let n = 1; n <= 25; n++) ({ id } = await store.record(sighting(1, { counter: n })));
    const whole = await store.get(id);
    expect(whole).toMatchObject({ count: 25 });
    expect([whole?.details.attempts.length, whole?.seen.length]).toEqual([20, 5]);
    expect(whole?.seen.at(-1)).toBe(digest('m1-25').slice(0, 12));
  });

  test('keeps the replays of policies until one has succeeded', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    await store.change([id], () => ({ state: 'open', note: 'n', replays: ['job1'] }));
    expect(await store.record(sighting(1, { counter: 2 }))).toMatchObject({
      note: 'n',
      replays: ['job1'],
    });
    for (const state of ['healed', 'replayed'] as const) {
      await store.change([id], () => ({ state, note: 'n', replays: ['job1'] }));
      now += 1;
      const again = await store.record(sighting(1, { message: state, at: now }));
      expect(again).toMatchObject({ state: 'open', changed: now });
      expect([again.note, again.replays]).toEqual([undefined, undefined]);
    }
  });

  test('while it is quarantined stays quarantined', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    await store.change([id], () => ({ state: 'quarantined' }));
    expect(await store.record(sighting(1, { counter: 2 }))).toMatchObject({ state: 'quarantined' });
  });
});

describe('the list', () => {
  test('is sorted again only if something changed, here or elsewhere', async () => {
    await store.record(sighting(1));
    const first = await store.list();
    expect(await store.list()).toBe(first);
    await theirs().record(sighting(2));
    const second = await store.list();
    expect(second.map(({ sentence }) => sentence)).toEqual(['failure 2', 'failure 1']);
    await store.change([second[0]!.id], () => ({ state: 'archived' }));
    expect((await store.list()).map(({ state }) => state)).toEqual(['archived', 'open']);
    expect(second[0]!.state).toBe('open');
  });
});

describe('a change', () => {
  test('affects only the selected failures', async () => {
    const heads = [await store.record(sighting(1)), await store.record(sighting(2))];
    now += 1_000;
    const changed = await store.change(
      heads.map(({ id }) => id),
      ({ id }) => (id === heads[0]!.id ? { state: 'archived' } : undefined),
    );
    expect(changed.map(({ id }) => id)).toEqual([heads[0]!.id]);
    expect((await store.heads([heads[1]!.id])).get(heads[1]!.id)).toEqual(heads[1]);
  });

  test('that changes nothing writes nothing', async () => {
    const { id } = await store.record(sighting(1));
    did = [];
    expect(await store.change([id], () => undefined)).toEqual([]);
    expect(count('put')).toBe(0);
  });

  test('is repeated on the version that another process wrote meanwhile', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    once('put', 'index/', () => theirs().record(sighting(1, { counter: 2 })));
    expect(await store.change([id], () => ({ state: 'archived' }))).toMatchObject([
      { state: 'archived', count: 2 },
    ]);
  });

  test('is given up with RPL700 after fifty lost races, because then the server ignores conditions', async () => {
    const { id } = await store.record(sighting(1));
    let tried = 0;
    const losing = createFailureStore(
      { ...blobs, put: async () => ((tried += 1), undefined) },
      () => now,
    );
    await expect(losing.change([id], () => ({ state: 'archived' }))).rejects.toMatchObject({
      code: 'RPL700',
      message: expect.stringMatching(/changed 50 times .*If-Match/),
    });
    expect(tried).toBe(50);
  });

  test('never touches an index that a newer version wrote', async () => {
    const { id } = await store.record(sighting(1));
    const key = `index/${id.slice(0, 2)}.json`;
    await blobs.put(key, '{"format":2,"heads":[]}');
    const refused = { code: 'RPL710', message: expect.stringContaining('format 2') };
    const other = theirs();
    await expect(other.list()).rejects.toMatchObject(refused);
    await expect(other.record(sighting(1, { counter: 2 }))).rejects.toMatchObject(refused);
    await expect(other.change([id], () => ({ state: 'healed' }))).rejects.toMatchObject(refused);
    expect((await blobs.get(key))?.text).toBe('{"format":2,"heads":[]}');
  });
});

describe('a result that resolves a failure', () => {
  const settled = {
    owner: 'east/istio-system/istio-ingressgateway',
    clusterUid: 'uid',
    version: { epoch: 1, counter: 5, generation: 1 },
    device: 'bigip-1',
    devices: ['bigip-1'],
    servers: [],
    notes: [],
    exposures: [],
  };

  test('does not if the failure has recurred with a newer revision meanwhile', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    const newer = { ...sighting(1, { counter: 9 }) };
    once('get', 'index/', () => theirs().record(newer));
    expect(await resolveFailures(store, settled)).toEqual([]);
    expect(await store.get(id)).toMatchObject({ state: 'open', revision: { counter: 9 } });
  });
});

describe('a read', () => {
  test('of a failure whose evidence is replaced meanwhile returns the newer evidence', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    once('get', 'evidence/', () => theirs().record(sighting(1, { counter: 2 })));
    expect((await store.get(id))?.details.event.body).toBe('event 1.2 ☃');
  });

  test('of a failure whose evidence is lost returns nothing; the failure stays in the list', async () => {
    const { id, evidence } = await store.record(sighting(1));
    await blobs.delete(evidence);
    expect(await store.get(id)).toBeUndefined();
    expect((await store.list()).map((head) => head.id)).toEqual([id]);
    expect(await store.record(sighting(1, { counter: 2 }))).toMatchObject({ count: 2 });
    expect((await store.get(id))?.details.attempts).toHaveLength(1);
  });

  test('of a list reads again only the parts that were written', async () => {
    const heads = [await store.record(sighting(1)), await store.record(sighting(2))];
    did = [];
    // A store knows its own writes.
    await store.list();
    expect(count('get')).toBe(0);
    await theirs().change([heads[1]!.id], () => ({ state: 'archived' }));
    await store.list();
    await store.list();
    expect(did.filter((one) => one.startsWith('get'))).toEqual([
      `get index/${heads[1]!.id.slice(0, 2)}.json`,
    ]);
  });

  test('of a list in a new process reads every part once', async () => {
    await theirs().record(sighting(1));
    await store.list();
    await store.list();
    expect(count('get')).toBe(1);
  });

  test('of a list omits a blob that is deleted between listing and reading', async () => {
    const { id } = await theirs().record(sighting(1));
    once('get', 'index/', () => blobs.delete(`index/${id.slice(0, 2)}.json`));
    expect(await store.list()).toEqual([]);
  });

  test('of a large store reads it in parts, each once', async () => {
    const ids = new Set<string>();
    for (let n = 0; n < 100; n++)
      ids.add((await theirs().record(sighting(n, { owner: `east/a/${n}` }))).id);
    let [open, most] = [0, 0];
    const slow: Blobs = {
      ...blobs,
      get: async (key) => {
        most = Math.max(most, (open += 1));
        await Promise.resolve();
        const found = await blobs.get(key);
        open -= 1;
        return found;
      },
    };
    const heads = await createFailureStore(slow, () => now).list();
    expect(heads.map(({ id }) => id).toSorted()).toEqual([...ids].toSorted());
    expect(most).toBe(32);
  });
});

describe('the order of a list', () => {
  const at = (id: string, last: number, owner: string): FailureRecord => {
    const seen = sighting(1, { message: id, at: last });
    return { ...seen, head: { ...seen.head, id, owner } };
  };

  test('is newest first, then by id; the list of an owner has no failures of others', async () => {
    const owner = 'east/a/gw';
    const digit = ownerDigit(owner);
    const ids = ['3', '1', '2'].map((n) => `${digit}0000000000000${n}0`);
    for (const id of ids) await store.record(at(id, T0, owner));
    await store.record(at(`${digit}f00000000000000`, T0 + 1, owner));
    // Its id has the same first digit, as every sixteenth owner has.
    await store.record(at(`${digit}100000000000000`, T0 + 2, 'west/b/gw'));
    const ordered = [`${digit}f00000000000000`, ...ids.toSorted()];
    expect((await store.ofOwner(owner)).map(({ id }) => id)).toEqual(ordered);
    expect((await store.list()).map(({ id }) => id)).toEqual([
      `${digit}100000000000000`,
      ...ordered,
    ]);
  });
});

describe('a key of evidence that the store did not make', () => {
  const id = 'ab00000000000001';

  test.each([
    [`evidence/ab/${id}/0123456789ab.json`, true],
    [`imported/ab/${id}/0123456789ab.json`, true],
    [`evidence/ab/ab00000000000002/0123456789ab.json`, false],
    [`evidence/cd/${id}/0123456789ab.json`, false],
    [`elsewhere/ab/${id}/0123456789ab.json`, false],
    ['index/ab.json', false],
  ])('%s is its own: %s', (evidence, own) => {
    expect(ownEvidence({ id, evidence })).toBe(own ? evidence : undefined);
  });

  test('is neither read nor deleted', async () => {
    const mine = await store.record(sighting(1));
    const other = await store.record(sighting(2));
    const key = `index/${other.id.slice(0, 2)}.json`;
    await blobs.put(
      key,
      JSON.stringify({ format: 1, heads: [{ ...other, evidence: mine.evidence }] }),
    );
    expect(await store.get(other.id)).toBeUndefined();
    await store.change([other.id], () => ({ state: 'archived' }));
    expect(await store.prune(T0 + 10_000)).toBe(1);
    expect((await store.get(mine.id))?.details.event.body).toBe('event 1.1 ☃');
  });
});

describe('a bundle', () => {
  const elsewhere = async (n: number): Promise<Failure> => {
    const other = createFailureStore(memoryBlobs(), () => now);
    const { id } = await other.record(sighting(n, { body: 'theirs' }));
    return (await other.get(id))!;
  };

  test('replaces nothing that is parked locally during the import', async () => {
    const whole = await elsewhere(1);
    once('put', 'imported/', () => theirs().record(sighting(1, { body: 'mine' })));
    expect(await store.adopt([whole])).toEqual([]);
    expect(await store.get(whole.id)).toMatchObject({ details: { event: { body: 'mine' } } });
    expect(count('put index/')).toBe(0);
  });

  test.each(['refused', 'verified', 'unchecked'] as const)(
    'does not say that a sender was checked here: %s',
    async (verification) => {
      const whole = await elsewhere(1);
      const { details } = whole;
      const said = { ...details, event: { ...details.event, verification } };
      await store.adopt([{ ...whole, details: said }]);
      expect((await store.get(whole.id))?.details.event.verification).toBe(
        verification === 'refused' ? 'refused' : 'unchecked',
      );
    },
  );
});

describe('retention', () => {
  test.each(['archived', 'healed', 'replayed'] as const)(
    'removes %s failures with their evidence, but none that changed at that time or later',
    async (state) => {
      const heads = [1, 2, 3].map((n) => ({ ...sighting(n), at: T0 }));
      for (const each of heads) await store.record(each);
      const [first, second, third] = heads.map(({ head }) => head.id) as [string, string, string];
      now = T0 + 100;
      await store.change([first, second], () => ({ state }));
      now = T0 + 101;
      await store.change([third], () => ({ state }));
      expect(await store.prune(T0 + 100)).toBe(0);
      expect(await store.prune(T0 + 101)).toBe(2);
      expect((await store.list()).map(({ id }) => id)).toEqual([third]);
      expect(await evidences()).toHaveLength(1);
    },
  );

  test('removes several of one part of the index at once', async () => {
    const ids = ['aa00000000000001', 'aa00000000000002'];
    for (const id of ids) {
      const seen = sighting(1, { message: id });
      await store.record({ ...seen, head: { ...seen.head, id } });
    }
    await store.change(ids, () => ({ state: 'archived' }));
    expect(await store.prune(T0 + 10_000)).toBe(2);
    expect(await store.list()).toEqual([]);
  });

  test.each(['open', 'quarantined'] as const)('never removes %s failures', async (state) => {
    const { id } = await store.record(sighting(1));
    await store.change([id], () => ({ state }));
    expect(await store.prune(T0 + 1_000 * 86_400_000)).toBe(0);
    expect(await store.get(id)).toBeDefined();
  });

  test('does not remove a failure that has just recurred', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    await store.change([id], () => ({ state: 'archived' }));
    await store.record(sighting(1, { counter: 2, at: T0 + 50_000 }));
    expect(await store.prune(T0 + 10_000)).toBe(0);
  });

  test('does not remove a failure that recurs during the removal', async () => {
    const { id } = await store.record(sighting(1, { counter: 1 }));
    await store.change([id], () => ({ state: 'healed' }));
    await store.list();
    did = [];
    once('get', 'index/', () => theirs().record(sighting(1, { counter: 2 })));
    expect(await store.prune(T0 + 10_000)).toBe(0);
    expect(count('put')).toBe(0);
    expect(await store.get(id)).toMatchObject({ state: 'open', count: 2 });
  });
});
