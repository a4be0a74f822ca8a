/** What the present code writes for the golden inputs, and the files that 0.1.0 wrote. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leasePlace, leaseWith } from '../../../shared/kubernetes/lease.ts';
import { renderTenant, wrapTenants } from '../../../shared/bigip/as3/render.ts';
import { createFileBlobs } from '../../../shared/failures/fs/blobs.ts';
import { writeBundle } from '../../../shared/failures/bundle.ts';
import type { Failure } from '../../../shared/failures/port.ts';
import { STATES } from './inputs/declared.ts';
import { EVENTS, LETTERS, PUBLIC_PEM, sealed, sentLetter } from './inputs/events.ts';
import { fill, goldenFailures, NOW } from './inputs/failures.ts';
import { fingerprints } from './inputs/fingerprints.ts';

export const GOLDEN = fileURLToPath(new URL('../../fixtures/golden/0.1.0/', import.meta.url));

/** Relative paths of all files below a directory, sorted; hidden ones left out. */
export function filesIn(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, ''))
    .toSorted();
}

export function golden(path: string): string {
  return readFileSync(join(GOLDEN, path), 'utf8');
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The text as it is posted, because AS3 keeps the order of keys. */
export function declaration(name: string): string {
  const state = STATES[name]!;
  return JSON.stringify(wrapTenants({ k8s: renderTenant(state, { shareNodes: false }) }, true));
}

const PLACE = leasePlace('sluice', 'east', 'sluice-watch-0');

/** In sequence: claims a new Lease, renews it, takes it over, raises its epoch, releases it. */
export function leases(): readonly object[] {
  const durationMs = 15_000;
  const created = leaseWith(PLACE, undefined, {
    holder: 'sluice-watch-0',
    epoch: NOW,
    durationMs,
    now: NOW,
  });
  const renewed = leaseWith(
    PLACE,
    {
      ...created,
      metadata: {
        ...created.metadata,
        resourceVersion: '2',
        uid: 'uid-lease',
        labels: { team: 'edge' },
      },
    },
    { holder: 'sluice-watch-0', epoch: NOW, durationMs, now: NOW + 2_000 },
  );
  const taken = leaseWith({ ...PLACE, holder: 'sluice-watch-1' }, renewed, {
    holder: 'sluice-watch-1',
    epoch: NOW + 20_000,
    durationMs,
    now: NOW + 20_000,
  });
  const raised = leaseWith({ ...PLACE, holder: 'sluice-watch-1' }, taken, {
    holder: 'sluice-watch-1',
    epoch: NOW + 90_000,
    durationMs,
    now: NOW + 21_000,
  });
  const released = leaseWith({ ...PLACE, holder: 'sluice-watch-1' }, raised, {
    holder: '',
    epoch: NOW + 90_000,
    durationMs: 1_000,
    now: NOW + 22_000,
  });
  return [created, renewed, taken, raised, released];
}

export async function writeStore(root: string): Promise<string> {
  const failures = goldenFailures(createFileBlobs(root, () => 'temporary'));
  await fill(failures);
  const heads = await failures.store.list();
  const all = await Promise.all(heads.map(({ id }) => failures.store.get(id)));
  await failures.close();
  return writeBundle(
    all.filter((one): one is Failure => one !== undefined),
    NOW,
  );
}

/** All but the queue file, which SQLite lays out, and the store, which is a directory. */
export async function textFiles(): Promise<ReadonlyMap<string, string>> {
  const letters = await Promise.all(
    Object.entries(LETTERS).map(
      async ([name, input]) =>
        [`letters/${name}.json`, JSON.stringify(await sentLetter(input))] as const,
    ),
  );
  return new Map<string, string>([
    ...Object.keys(STATES).map((name) => [`declarations/${name}.json`, declaration(name)] as const),
    ...Object.entries(EVENTS).map(
      ([name, event]) => [`events/${name}.json`, sealed(name, event)] as const,
    ),
    ...letters,
    ['events/watcher.pub.pem', PUBLIC_PEM],
    ['leases.json', `${JSON.stringify(leases(), null, 2)}\n`],
    ['fingerprints.json', `${JSON.stringify(fingerprints(), null, 2)}\n`],
  ]);
}
