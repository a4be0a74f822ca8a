/** Whether an address can be taken over or given back, and what that takes. Pure. */
import type { AskedExposure, AskingGateway } from './asked.ts';
import type { MigrationFacts } from './facts.ts';
import type { CisOwned } from './owned.ts';
import { isWithSluice, migrationRows, type MigrationRow } from './rows.ts';

/** BIG-IP has an address in one partition only, so all its ports move together. */
export interface AddressPlan {
  readonly address: string;
  readonly rows: readonly MigrationRow[];
  /** Objects that F5 CIS has to let go of. */
  readonly objects: readonly CisOwned[];
  /** Objects that an earlier take handed over, which stay so if this one fails. */
  readonly away: readonly CisOwned[];
  /** Those of Sluice on the device. */
  readonly partitions: readonly string[];
  /** Exposures that Sluice declares for it, or gives up. */
  readonly exposures: readonly AskedExposure[];
  /** Why its Gateways cannot be withheld without another address; empty: they can. */
  readonly shared: readonly string[];
  /** Why it is not possible; empty: it is. */
  readonly problems: readonly string[];
}

/** What taking over takes. Objects that were handed over before are not handed over again. */
export function planTake(facts: MigrationFacts, address: string): AddressPlan {
  const all = migrationRows(facts);
  const rows = all.filter((row) => row.address === address);
  const owned = objectsAt(facts, address);
  const live = rows.filter(({ cis }) => cis !== undefined);
  const exposures = exposuresIn(rows);
  const unended = notEnded(facts, address);
  return {
    address,
    rows,
    objects: owned.filter(({ isAway }) => !isAway),
    away: owned.filter(({ isAway }) => isAway),
    partitions: [...facts.declared.keys()],
    exposures,
    shared: exposures.flatMap((one) => servedElsewhere(facts, one)),
    problems:
      rows.length === 0
        ? [unknownAddress(all, address)]
        : [
            ...new Set([
              ...unended,
              ...rows.flatMap(({ problems }) => problems),
              ...(live.length === 0
                ? []
                : [...notRunning(facts), ...ownNodes(facts, all, address)]),
            ]),
          ],
  };
}

/** What giving back takes; only objects with the annotation can be given back. */
export function planUndo(facts: MigrationFacts, address: string): AddressPlan {
  const rows = migrationRows(facts).filter((row) => row.address === address);
  const objects = facts.owned.filter(({ handedOver }) => handedOver?.address === address);
  const exposures = facts.asked.filter(
    (one) => one.exposure.address === address && isWithSluice(facts, one),
  );
  const shared = exposures.flatMap((one) => servedElsewhere(facts, one));
  return {
    address,
    rows,
    objects,
    away: [],
    partitions: [...facts.declared.keys()],
    exposures,
    shared,
    problems:
      objects.length === 0
        ? [
            `no object in this cluster was handed over for ${address}; "sluice migrate cis plan" lists those that were`,
          ]
        : [...notRunning(facts), ...shared],
  };
}

/** Gateways are withheld for F5 CIS, so nobody waits for the address. */
function notEnded({ owned }: MigrationFacts, address: string): readonly string[] {
  const isOpen = owned.some(
    ({ handedOver }) => handedOver?.address === address && handedOver.withheld !== undefined,
  );
  return isOpen
    ? [
        `Sluice withholds ${address} since a take or an undo that did not end: ` +
          `run "sluice migrate cis undo ${address}" first`,
      ]
    : [];
}

function objectsAt({ owned }: MigrationFacts, address: string): readonly CisOwned[] {
  return owned.filter(({ servers }) => servers.some((one) => one.address === address));
}

function exposuresIn(rows: readonly MigrationRow[]): readonly AskedExposure[] {
  const all = rows.flatMap(({ sluice }) => sluice ?? []);
  return [...new Map(all.map((one) => [one.key, one])).values()];
}

function unknownAddress(all: readonly MigrationRow[], address: string): string {
  const known = [...new Set(all.map((row) => row.address))];
  return (
    `F5 CIS has nothing at ${address}; ` +
    (known.length === 0 ? 'it has no address in this cluster' : `it has ${known.join(', ')}`)
  );
}

/** Only F5 CIS itself removes or restores its virtual servers. */
function notRunning({ controllers }: MigrationFacts): readonly string[] {
  if (controllers.some(({ running }) => running)) return [];
  const names = controllers.map(({ name }) => name).join(', ');
  return [
    (names === ''
      ? 'no Deployment of F5 CIS is in this cluster'
      : `Deployment ${names} has no ready pod`) +
      ', so nobody would change its virtual servers; start it. If it is gone for good, remove its ' +
      'partition from the device, and Sluice takes the addresses by itself',
  ];
}

/** With this agent, nodes stay in the partition of CIS, where Sluice cannot share them. */
function ownNodes(
  { controllers }: MigrationFacts,
  all: readonly MigrationRow[],
  address: string,
): readonly string[] {
  const others = all.filter((row) => row.cis !== undefined && row.address !== address);
  const found = controllers.find(({ agent }) => agent === 'cccl');
  if (found === undefined || others.length === 0) return [];
  return [
    `${found.name} runs with the agent cccl, which keeps the nodes in its own partition: Sluice cannot ` +
      `have them before F5 CIS has let go of ${[...new Set(others.map((row) => row.address))].join(', ')} too; ` +
      'see docs/operations/migrate-from-cis.md for the way with one interruption',
  ];
}

/** Giving back withholds whole Gateways. */
function servedElsewhere(
  { asked }: MigrationFacts,
  { key, exposure, gateways }: AskedExposure,
): readonly string[] {
  const names = new Set(gateways.map(gatewayName));
  return asked
    .filter((one) => one.exposure.address !== exposure.address)
    .filter((one) => one.gateways.some((gateway) => names.has(gatewayName(gateway))))
    .map(
      (one) =>
        `${key} and ${one.key} belong to one Gateway, ${[...names].join(', ')}; ` +
        'give the ports Gateways of their own first',
    );
}

function gatewayName({ api, gateway }: AskingGateway): string {
  return `${api === 'istio' ? 'Gateway' : 'Gateway API Gateway'} ${gateway}`;
}
