/** What the scenes ask of BIG-IP. */
import type { DeclareRecord, WriteRecord } from '../../bigip/index.ts';
import { tunnelsOf } from '../../networks.ts';
import type { ClustersScene } from '../fleet/scene.ts';
import { networkEntriesOf, entryTable, type NetworkEntry } from './entries.ts';

/** All entries that lead to pods. */
export function entries({ lab }: ClustersScene): Promise<readonly NetworkEntry[]> {
  return networkEntriesOf(lab.bigip, Object.values(tunnelsOf(lab.sites) ?? {}));
}

/** Shows the entries of one cluster, as the device has them. */
export async function showEntries(scene: ClustersScene, id: string): Promise<void> {
  const own = (await entries(scene)).filter(
    ({ at }) => at === `/Common/${id}-pods` || at.startsWith(`sluice ${id}/`),
  );
  scene.say.lines(entryTable(own));
}

type Wanted = Pick<NetworkEntry, 'kind' | 'goal' | 'to'>;

function inWords({ kind, goal, to }: Wanted): string {
  const [name, between] = {
    route: ['a route for', 'through'],
    arp: ['an ARP entry for', 'at'],
    fdb: ['a record for', 'at the node'],
  }[kind];
  return `${name} ${goal} ${between} ${to}`;
}

/** Expects these entries on the device, among others. */
export async function checkEntries(scene: ClustersScene, wanted: readonly Wanted[]): Promise<void> {
  const all = wanted.map(inWords).join(', ');
  await scene.checks.check({
    expected: `BIG-IP has ${all}`,
    where: `${scene.lab.files.log} (apply's lines "path written" and "path not written")`,
    see: async () => {
      const there = await entries(scene);
      const missing = wanted.filter(
        ({ kind, goal, to }) =>
          !there.some((one) => one.kind === kind && one.goal === goal && one.to === to),
      );
      return missing.length === 0
        ? { ok: true, say: `BIG-IP has ${all}` }
        : { instead: `it lacks ${missing.map(inWords).join(', ')}` };
    },
  });
}

/** The writes of paths from a time on; without the journal. */
export function pathWrites({ lab }: ClustersScene, since: number): readonly WriteRecord[] {
  return lab.bigip.writes.filter(
    ({ path, time }) => time >= since && /\/tm\/net\/(route|arp|fdb)\//.test(`${path}/`),
  );
}

/**
 * The declares from a time on that gave virtual servers other members or settings. At its start,
 * each cluster causes declares that change nothing.
 */
export function changingDeclares({ lab }: ClustersScene, since: number): readonly DeclareRecord[] {
  return lab.bigip.declares.filter(
    ({ began, servers, outcome }) => began >= since && servers > 0 && outcome !== 'unchanged',
  );
}

/** Expects that everything that leads to new members was written before they were declared. */
export async function checkOrder(scene: ClustersScene, since: number): Promise<void> {
  await scene.checks.check({
    expected: 'all paths were written before the declare with the new members',
    where: `${scene.lab.files.log} (apply's lines)`,
    see: () => {
      const writes = pathWrites(scene, since);
      const [declare] = changingDeclares(scene, since);
      if (declare === undefined || writes.length === 0)
        return { instead: `${writes.length} entries, and ${declare ? 'a' : 'no'} declare` };
      const late = writes.filter(({ time }) => time > declare.began);
      return late.length === 0
        ? {
            ok: true,
            say: `BIG-IP got ${writes.length} entries first, and then the declare with the new members`,
          }
        : { instead: `later: ${late.map(({ method, path }) => `${method} ${path}`).join(', ')}` };
    },
  });
}
