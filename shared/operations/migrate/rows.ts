/** Compares what F5 CIS has on a device with what Sluice would have there. Pure. */
import type { ForeignServer } from '../../device/foreign-server.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import type { AskedExposure } from './asked.ts';
import { trafficDifferences } from './differences.ts';
import type { MigrationFacts } from './facts.ts';
import { type CisWish, rowProblems } from './row-problems.ts';

/** One virtual server of F5 CIS, or what took its place. */
export interface MigrationRow {
  /** `address:port/protocol` */
  readonly key: string;
  readonly address: string;
  /** Objects of F5 CIS in this cluster, `Kind namespace/name`. */
  readonly objects: readonly string[];
  /** As it is on the device now; absent if nobody but Sluice has it. */
  readonly cis?: ForeignServer;
  /** What Sluice has, or asks for, at this address and port. */
  readonly sluice?: AskedExposure;
  /** Keys at other addresses where Sluice serves the same port of the Service. */
  readonly beside: readonly string[];
  /**
   * `cis`: served by F5 CIS, and not ready; `ready`: Sluice waits for it; `sluice`: taken over;
   * `nobody`: nothing serves it.
   */
  readonly state: 'cis' | 'ready' | 'sluice' | 'nobody';
  /** What changes for clients and members. */
  readonly differences: readonly string[];
  /** Why it cannot be taken over. */
  readonly problems: readonly string[];
}

/** By address and port. */
export function migrationRows(facts: MigrationFacts): readonly MigrationRow[] {
  const wishes = facts.owned.flatMap((owned) =>
    owned.servers.map((server): CisWish => ({ ...server, owned })),
  );
  const addresses = new Set(wishes.flatMap(({ address }) => address ?? []));
  const partitions = partitionsOfCis(facts, wishes);
  const theirs = facts.foreign.filter(
    (one) => partitions.has(one.partition) || addresses.has(withoutDomain(one.address)),
  );
  const byKey = new Map<string, { wishes: CisWish[]; cis?: ForeignServer }>();
  for (const wish of wishes) {
    if (wish.address === undefined) continue;
    const key = exposureKey({ address: wish.address, port: wish.port, protocol: 'tcp' });
    const found = byKey.get(key) ?? { wishes: [] };
    byKey.set(key, { ...found, wishes: [...found.wishes, wish] });
  }
  for (const cis of theirs) {
    const key = keyOfForeign(cis);
    byKey.set(key, { ...(byKey.get(key) ?? { wishes: [] }), cis });
  }
  return [...byKey]
    .map(([key, found]) => rowOf(facts, key, found))
    .toSorted((a, b) => COLLATOR.compare(a.key, b.key));
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Without route domain. */
export function withoutDomain(address: string): string {
  return address.replace(/%\d+$/, '');
}

/** `address:port/protocol` of a virtual server of others. */
export function keyOfForeign({ address, port, protocol }: ForeignServer): string {
  return exposureKey({
    address: withoutDomain(address),
    port,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  });
}

/** Named by its arguments, or seen where an object asks for it. */
function partitionsOfCis(
  { controllers, foreign }: MigrationFacts,
  wishes: readonly CisWish[],
): ReadonlySet<string> {
  const asked = new Set(wishes.map(({ address, port }) => `${address ?? ''} ${port}`));
  return new Set([
    ...controllers.flatMap(({ partitions }) => partitions),
    ...foreign
      .filter(({ address, port }) => asked.has(`${withoutDomain(address)} ${port}`))
      .map(({ partition }) => partition),
  ]);
}

function rowOf(
  facts: MigrationFacts,
  key: string,
  { wishes, cis }: { readonly wishes: readonly CisWish[]; readonly cis?: ForeignServer },
): MigrationRow {
  const address = cis === undefined ? (wishes[0]?.address ?? '') : withoutDomain(cis.address);
  const sluice = sluiceAt(facts, { key, address, wishes });
  const claimed = sluice !== undefined && isClaimed(facts, sluice);
  const problems = rowProblems(facts, { key, wishes, cis, sluice, claimed });
  const isOurs = sluice !== undefined && isWithSluice(facts, sluice);
  return {
    key,
    address,
    objects: [...new Set(wishes.map(({ owned }) => owned.object))],
    ...(cis && { cis }),
    ...(sluice && { sluice }),
    beside: besideOf(facts, wishes, key),
    state: stateOf({ isTheirs: cis !== undefined, isOurs, isReady: problems.length === 0 }),
    differences:
      cis === undefined || sluice?.key !== key ? [] : trafficDifferences(cis, sluice.exposure),
    problems,
  };
}

/** For a port that only redirects, what redirects at the address. */
function sluiceAt(
  { asked }: MigrationFacts,
  {
    key,
    address,
    wishes,
  }: { readonly key: string; readonly address: string; readonly wishes: readonly CisWish[] },
): AskedExposure | undefined {
  const own = asked.find((one) => one.key === key);
  const isRedirect = wishes.length > 0 && wishes.every((one) => one.servicePort === undefined);
  if (own !== undefined || !isRedirect) return own;
  return asked.find(
    ({ exposure }) => exposure.address === address && exposure.settings.redirect80 === true,
  );
}

function stateOf({
  isTheirs,
  isOurs,
  isReady,
}: Readonly<Record<'isTheirs' | 'isOurs' | 'isReady', boolean>>): MigrationRow['state'] {
  if (isTheirs) return isReady ? 'ready' : 'cis';
  return isOurs ? 'sluice' : 'nobody';
}

/** Where Sluice has declared the same port of the Service at another address. */
function besideOf(
  facts: MigrationFacts,
  wishes: readonly CisWish[],
  key: string,
): readonly string[] {
  const same = facts.asked.filter(
    (one) =>
      one.key !== key &&
      wishes.some(
        ({ service, servicePort }) =>
          one.service === service && one.servicePorts?.includes(servicePort ?? 0) === true,
      ),
  );
  return same.filter((one) => isWithSluice(facts, one)).map((one) => one.key);
}

/** Whether its owner has it on the device. */
export function isWithSluice(
  { declared }: Pick<MigrationFacts, 'declared'>,
  { owner, key }: Pick<AskedExposure, 'owner' | 'key'>,
): boolean {
  return [...declared.values()].some(({ exposures }) =>
    exposures[key]?.contributions.some((one) => one.owner === owner),
  );
}

/** Whether apply has noted on the device that its owner waits for it. */
function isClaimed(
  { declared }: Pick<MigrationFacts, 'declared'>,
  { owner, key }: Pick<AskedExposure, 'owner' | 'key'>,
): boolean {
  return [...declared.values()].some(({ owners }) => owners[owner]?.claims?.[key] !== undefined);
}
