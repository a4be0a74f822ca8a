/**
 * Approves removals that are held because no deletion was observed, and moves of nodes to /Common
 * that exposures wait for.
 */
import { sharedFleet } from '../../config/fleets.ts';
import type { SluiceConfig } from '../../config/schema.ts';
import type { SameFleet } from '../../domain/plan/fleet.ts';
import type { HeldByNodes } from '../../domain/plan/node-sharing.ts';
import { heldByNodes } from '../../domain/plan/node-sharing.ts';
import { countPools } from '../../domain/plan/nodes-elsewhere.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { EMPTY_STATE } from '../../domain/declared/declared.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { Approval } from '../../domain/steering/steering.ts';
import { compareVersions } from '../../domain/revision.ts';
import type { Version } from '../../domain/revision.ts';
import { sendOrders } from '../../queue/steering.ts';
import type { Author, OperationContext } from '../context.ts';
import { statesByPartition, statesOf } from '../clusters/rows.ts';
import { pathApprovals } from './paths.ts';
import { chooseDevices } from '../devices/declared-partitions.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';
import { ChoiceError } from '../choice.ts';

/** What to approve. */
export interface WantedApproval {
  /** `cluster/namespace/service` */
  readonly owner: string;
  /** `address:port/protocol`; default: all that are held now. */
  readonly keys?: readonly string[] | undefined;
  /** Only this device; default: all. */
  readonly device?: string | undefined;
}

/** An approval with what it interrupts. */
export interface PlannedApproval {
  readonly approval: Approval;
  /** Partitions whose nodes move to /Common; absent for removals. */
  readonly moving?: HeldByNodes['moving'];
}

/**
 * The approvals that would be sent now: for each device one for removals and one for moves. Throws
 * an explanation if the request is invalid.
 */
export async function planApprovals(
  { runtime, readPartitions }: Pick<OperationContext, 'runtime' | 'readPartitions'>,
  wanted: WantedApproval,
): Promise<readonly PlannedApproval[]> {
  const { config } = runtime;
  checkWords(config, wanted.owner, wanted);
  const devices = chooseDevices(config, wanted.device);
  const declared = await readPartitions(devices);
  const looked = { declared, ...wanted, keys: wanted.keys, sameFleet: sharedFleet(config) };
  const ofPaths = await pathApprovals(runtime, devices, wanted);
  const approvals = [...heldFor(looked), ...ofPaths];
  if (approvals.length === 0) throw nothingHeld(looked);
  return approvals.map((approval) => ({ approval, ...interruptedBy(approval, declared) }));
}

/** The partitions of a move with the number of pools that it empties for a moment. */
function interruptedBy(
  { device, shareNodes }: Approval,
  declared: readonly DeclaredPartitionView[],
): Pick<PlannedApproval, 'moving'> {
  if (shareNodes === undefined) return {};
  const states = statesByPartition(declared, device);
  const moving = shareNodes.map((partition) => ({
    partition,
    pools: countPools(states.get(partition) ?? EMPTY_STATE),
  }));
  return { moving };
}

/** In order with the slices of each device; the audit log keeps it. */
export async function giveApprovals(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  approvals: readonly Approval[],
  { owner, who, why }: Author & Pick<WantedApproval, 'owner'>,
): Promise<void> {
  const what = approvals.map(
    ({ device, keys = [], shareNodes }) =>
      `${keys.join(', ')} on ${device}` +
      (shareNodes === undefined ? '' : ` (nodes of ${shareNodes.join(', ')} to /Common)`),
  );
  const devices = new Set(approvals.map(({ device }) => device)).size;
  const entry = { who, action: 'approve', selection: `${owner}: ${what.join('; ')}`, why };
  await audit.record(entry, async () => {
    await sendOrders(runtime, approvals);
    const result = `sent to ${devices === 1 ? 'one device' : `${devices} devices`}`;
    return { result, value: undefined };
  });
}

/** An exposure or a path as commands print it; the device checks whether it exists. */
const KEY =
  /^((\d+(\.\d+){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}\/(tcp|udp)|(route|fdb|arp|ndp) \S+( \S+)?)$/;

/** Throws an explanation if the request is invalid. */
export function checkWords(
  config: SluiceConfig,
  owner: string,
  { keys, device }: Pick<WantedApproval, 'keys' | 'device'>,
): void {
  const { cluster, ingress } = parseOwner(owner);
  const known = config.ingresses.map((one) => `${one.cluster}/${one.service}`);
  if (!known.includes(`${cluster}/${ingress.namespace}/${ingress.service}`))
    throw new Error(
      `${owner}: no such ingress in ingresses[]; known ingresses: ${known.join(', ')}`,
    );
  const wrong = keys?.find((key) => !KEY.test(key));
  if (wrong !== undefined)
    throw new ChoiceError(
      ['exposures'],
      `exposure ${wrong}: write it as address:port/protocol, such as 172.16.100.195:32400/tcp, ` +
        'or as the note names a path, such as "route 10.244.3.0/24"',
    );
  chooseDevices(config, device);
}

/**
 * One approval of removals per device, including devices that the ingress left, and one of moves.
 * They contain what is held now and the version of the owner, so that a delayed order never does
 * anything that was not shown.
 */
export function approvalsFor(
  declared: readonly DeclaredPartitionView[],
  owner: string,
  keys: readonly string[] | undefined,
  sameFleet: SameFleet = () => false,
): readonly Approval[] {
  const looked = { declared, owner, keys, sameFleet };
  const approvals = heldFor(looked);
  if (approvals.length === 0) throw nothingHeld(looked);
  return approvals;
}

/** The error for an approval of nothing, with the devices that were asked. */
function nothingHeld({ owner, declared }: Looked): Error {
  return new Error(
    `no removal of ${owner} is held on ` +
      `${[...new Set(declared.map(({ device }) => device))].join(', ')}, ` +
      'and no exposure of it waits for a move of nodes; ' +
      '"sluice cluster list" shows how much is held',
  );
}

/** Throws an explanation if a device does not answer and what it holds is to be listed. */
function heldFor(looked: Looked): readonly Approval[] {
  const { declared, keys } = looked;
  const away = declared.find((one) => 'problem' in one);
  if (away && 'problem' in away && keys === undefined)
    throw new ChoiceError(
      ['exposures', 'device'],
      `${away.device}, partition ${away.partition}: ${away.code}: ${away.problem}; ` +
        'removals held there cannot be listed. Name the exposures, or select a reachable device',
    );
  return [...new Set(declared.map(({ device }) => device))].flatMap((device) =>
    approvalsOn(device, looked),
  );
}

/** What was read, and what the operator asked for. */
interface Looked {
  readonly declared: readonly DeclaredPartitionView[];
  readonly owner: string;
  readonly keys: readonly string[] | undefined;
  readonly sameFleet: SameFleet;
}

/** Nothing for a device that answers and holds nothing; one that does not answer may hold it. */
function approvalsOn(device: string, looked: Looked): readonly Approval[] {
  const { declared, owner, keys, sameFleet } = looked;
  const held = heldByNodes(statesByPartition(declared, device), sameFleet).filter(
    (one) => one.owner === owner && keys?.includes(one.key) !== false,
  );
  const waiting = new Set(held.map(({ key }) => key));
  return [...removalsOn(device, looked, waiting), ...movesOn(device, looked, held)];
}

/** All moves that the exposures wait for, and the version of the owner that was shown. */
function movesOn(
  device: string,
  { declared, owner }: Looked,
  held: readonly HeldByNodes[],
): readonly Approval[] {
  if (held.length === 0) return [];
  const version = newestVersion(statesOf(declared, device), owner);
  const moving = held.flatMap((one) => one.moving.map(({ partition }) => partition));
  return [
    Approval.parse({
      action: 'approve',
      device,
      owner,
      keys: [...new Set(held.map(({ key }) => key))],
      ...(version && { version }),
      shareNodes: [...new Set(moving)],
    }),
  ];
}

/** An approval names the version that was shown, so that removals held later are not covered. */
function newestVersion(states: readonly DeclaredState[], owner: string): Version | undefined {
  return states
    .flatMap(({ owners }) => owners[owner]?.version ?? [])
    .toSorted(compareVersions)
    .at(-1);
}

/** `waiting`: exposures that wait for a move; their removal is not meant. */
function removalsOn(
  device: string,
  { declared, owner, keys }: Looked,
  waiting: ReadonlySet<string>,
): readonly Approval[] {
  const states = statesOf(declared, device);
  const records = states.flatMap(({ owners }) => owners[owner] ?? []);
  const isThere = (key: string): boolean =>
    states.some(
      ({ exposures }) => exposures[key]?.contributions.some((c) => c.owner === owner) === true,
    );
  const answers = states.length === declared.filter((one) => one.device === device).length;
  const meant =
    keys === undefined
      ? [...new Set(records.flatMap(({ held = [] }) => held))]
      : keys.filter((key) => !waiting.has(key) && (!answers || isThere(key)));
  if (meant.length === 0) return [];
  const version = newestVersion(states, owner);
  return [
    Approval.parse({ action: 'approve', device, owner, keys: meant, ...(version && { version }) }),
  ];
}
