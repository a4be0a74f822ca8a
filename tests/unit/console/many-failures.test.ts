/** Ten thousand failures are filtered as one types: what did not change is not read again. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/console/main.ts';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { fillIndex } from '../../fixtures/failures/many.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';
import { sighting } from '../../fixtures/failures/sighting.ts';

const COUNT = 10_000;
let other: Failures;
let reads: string[];
let get: (path: string) => Promise<Readonly<Record<string, unknown>>>;

beforeEach(async () => {
  const blobs = memoryBlobs();
  const runtime = testRuntime();
  await fillIndex(blobs, COUNT, runtime.clock.now());
  reads = [];
  const counted: Blobs = {
    ...blobs,
    get: (key) => {
      reads.push(key);
      return blobs.get(key);
    },
  };
  other = failuresOver(blobs, runtime);
  const { fetch } = create({
    runtime,
    failures: failuresOver(counted, runtime),
    live: 'polling',
    who: 'ada',
    role: 'viewer',
    call: () => Promise.resolve(),
  });
  get = async (path) => {
    const request = new Request(`http://localhost/api/v1/${path}`, {
      headers: { Host: 'localhost' },
    });
    return (await (await fetch(request)).json()) as Readonly<Record<string, unknown>>;
  };
});

describe('ten thousand failures', () => {
  test('are read once; then filters, lists and counts read nothing', async () => {
    expect(await get('failures')).toMatchObject({ total: COUNT });
    expect(reads).toHaveLength(256);
    reads = [];
    expect(await get('failures?filter=geo')).toMatchObject({ total: Math.ceil(COUNT / 3) });
    expect(await get('failures?filter=geo%20cluster:east')).toMatchObject({ total: 834 });
    const { groups } = await get('failures/groups?by=code,cluster');
    expect((groups as readonly { readonly failures: number }[]).map((one) => one.failures)).toEqual(
      Array.from({ length: 12 }, () => expect.closeTo(COUNT / 12, -1)),
    );
    expect(reads).toEqual([]);
  });

  test('and one more of another process cost one read, and are all there', async () => {
    await get('failures');
    const { id } = await other.store.record(sighting(1));
    reads = [];
    expect(await get('failures?limit=1')).toMatchObject({ total: COUNT + 1 });
    expect(reads).toEqual([`index/${id.slice(0, 2)}.json`]);
    expect(await get('failures?filter=gateway:team/gw-1')).toMatchObject({ failures: [{ id }] });
  });
});
