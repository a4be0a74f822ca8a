/** Known holders of addresses on a device. */
import type { Slice } from '../exposure/exposure.ts';
import { formatIp, parseIp } from '../net/ip.ts';
import type { SameFleet } from '../plan/fleet.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { AddressHolder } from '../plan/foreign.ts';
import { poolOfAutoAddress } from '../address-pools/auto-address.ts';

/** Who has an address, in which partition: an owner has it in one partition only. */
interface Occupant {
  readonly owner: string;
  readonly partition: string;
}

/**
 * An address that an owner has declared in a partition, and its keys (`port/protocol`) with their
 * gateways.
 */
export interface Holding extends Occupant {
  readonly address: string;
  readonly ports: ReadonlyMap<string, readonly string[]>;
}

/** Mutable while addresses are assigned. */
export interface AllocationTable {
  /** By owner. */
  readonly holdings: ReadonlyMap<string, readonly Holding[]>;
  /** All owners that use an address or wait for it. */
  readonly occupants: Map<string, Occupant[]>;
  /** Addresses of other tools on the device, if they were read. */
  readonly foreign: ReadonlySet<string>;
  /**
   * Whether two owners share: members of one fleet whose ingresses have the same namespace and
   * name.
   */
  readonly share: SameFleet;
}

/**
 * What is known of a device: declared states, and addresses that other objects hold. `holders` is
 * undefined if they were not read.
 */
export interface DeviceAddresses {
  /** By partition. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  readonly holders: readonly AddressHolder[] | undefined;
  readonly sameFleet: SameFleet;
}

/** `port/protocol`, for instance `443/tcp`. */
export function portKey({
  port,
  protocol,
}: Pick<Slice['exposures'][number], 'port' | 'protocol'>): string {
  return `${port}/${protocol}`;
}

/**
 * Collects who uses or requests each address: declared exposures, exposures that wait, literal
 * addresses in the slices, and foreign objects.
 */
export function buildAllocationTable(
  { states, holders = [], sameFleet }: DeviceAddresses,
  slices: readonly Slice[],
): AllocationTable {
  const holdings = [...states].flatMap(([partition, state]) => holdingsIn(partition, state));
  const occupants = new Map<string, Occupant[]>();
  const all = [
    ...holdings,
    ...[...states].flatMap(([partition, state]) => waitingIn(partition, state)),
    ...slices.flatMap(named),
  ];
  for (const { address, owner, partition } of all)
    allocate({ occupants }, address, { owner, partition });
  const foreign = new Set([
    ...holders.flatMap(({ address }) => plain(address)),
    ...[...states.values()].flatMap(refusedAddresses),
  ]);
  return {
    holdings: Map.groupBy(holdings, ({ owner }) => owner),
    occupants,
    foreign,
    share: (a, b) => ingressOf(a) === ingressOf(b) && sameFleet(a, b),
  };
}

type Placed = Occupant & { readonly address: string };

/** Who holds which address and port in a partition. */
function holdingsIn(partition: string, { exposures }: DeclaredState): readonly Holding[] {
  const parts = Object.values(exposures).flatMap((e) =>
    e.contributions.map(({ owner, gateways }) => ({
      owner,
      address: e.address,
      port: portKey(e),
      gateways,
    })),
  );
  return [...Map.groupBy(parts, ({ owner, address }) => `${owner} ${address}`).values()].flatMap(
    (group) => {
      const [first] = group;
      return first === undefined
        ? []
        : [
            {
              owner: first.owner,
              partition,
              address: first.address,
              ports: new Map(group.map(({ port, gateways }) => [port, gateways])),
            },
          ];
    },
  );
}

/**
 * Requests that wait for an address, because the port is taken or the device refused it; they may
 * succeed at any time.
 */
function waitingIn(partition: string, { owners }: DeclaredState): readonly Placed[] {
  return Object.entries(owners).flatMap(([owner, { claims = {}, quarantine = {} }]) =>
    [...Object.keys(claims), ...Object.keys(quarantine)].map((key) => ({
      owner,
      partition,
      address: addressOf(key),
    })),
  );
}

/** BIG-IP reports these addresses as used by objects that it does not list. */
const IN_USE: ReadonlySet<string> = new Set(['BIP422', 'BIP423']);

/** Addresses that BIG-IP reported as in use, although nothing that Sluice can list has them. */
function refusedAddresses({ owners }: DeclaredState): readonly string[] {
  return Object.values(owners).flatMap(({ quarantine = {} }) =>
    Object.entries(quarantine).flatMap(([key, { code }]) =>
      IN_USE.has(code) ? [addressOf(key)] : [],
    ),
  );
}

/** Addresses that a slice names itself; they are never given to others. */
function named({ owner, exposures }: Slice): readonly Placed[] {
  return exposures
    .filter(({ address }) => poolOfAutoAddress(address) === undefined)
    .map(({ address, partition }) => ({ owner, partition, address }));
}

/** The address in an exposure key. */
function addressOf(key: string): string {
  return /^\[?([^\]]+?)\]?:\d+\//.exec(key)?.[1] ?? '';
}

/** Without route domain and mask, in canonical form. */
function plain(address: string): readonly string[] {
  const ip = parseIp(address.replace(/[%/].*$/, ''));
  return ip === undefined ? [] : [formatIp(ip)];
}

function ingressOf(owner: string): string {
  return owner.slice(owner.indexOf('/'));
}

/**
 * Whether no one else uses the address: no other owner, not this owner in another partition, and no
 * other tool.
 */
export function isAddressFree(
  { occupants, foreign, share }: AllocationTable,
  address: string,
  { owner, partition }: Occupant,
): boolean {
  if (foreign.has(address)) return false;
  return (occupants.get(address) ?? []).every(
    (other) =>
      other.partition === partition && (other.owner === owner || share(other.owner, owner)),
  );
}

/** Records an assignment, so that later requests see it. */
export function allocate(
  { occupants }: Pick<AllocationTable, 'occupants'>,
  address: string,
  occupant: Occupant,
): void {
  const there = occupants.get(address);
  if (there === undefined) occupants.set(address, [occupant]);
  else if (
    !there.some((other) => other.owner === occupant.owner && other.partition === occupant.partition)
  )
    there.push(occupant);
}
