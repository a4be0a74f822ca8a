/** Approves removals that are held because no deletion was observed. */
import type { SluiceConfig } from '../../config/schema.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { Approval } from '../../domain/steering/steering.ts';
import { compareVersions } from '../../domain/revision.ts';
import type { Runtime } from '../../host/runtime.ts';
import { sendOrders } from '../../queue/steering.ts';
import type { Author, OperationContext } from '../context.ts';
import { statesOf } from '../clusters/rows.ts';
import { chooseDevices, readDeclaredPartitions } from '../devices/declared-partitions.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';

/** What to approve. */
export interface WantedApproval {
  /** `cluster/namespace/service` */
  readonly owner: string;
  /** `address:port/protocol`; default: all that are held now. */
  readonly keys?: readonly string[] | undefined;
  /** Only this device; default: all. */
  readonly device?: string | undefined;
}

/**
 * The approvals that would be sent now, one per device; throws an explanation if the request is
 * invalid.
 */
export async function planApprovals(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  wanted: WantedApproval,
): Promise<readonly Approval[]> {
  const { config } = runtime;
  checkWords(config, wanted.owner, wanted);
  const devices = [...chooseDevices(config, wanted.device)];
  const declared = await readDeclaredPartitions({ ...runtime, config: { ...config, devices } });
  return approvalsFor(declared, wanted.owner, wanted.keys);
}

/** In order with the slices of each device; the audit log keeps it. */
export async function giveApprovals(
  { runtime, audit }: Pick<OperationContext, 'runtime' | 'audit'>,
  approvals: readonly Approval[],
  { owner, who, why }: Author & Pick<WantedApproval, 'owner'>,
): Promise<void> {
  await sendOrders(runtime, approvals);
  const what = approvals.map(({ device, keys = [] }) => `${keys.join(', ')} on ${device}`);
  await audit.append({
    who,
    action: 'approve',
    selection: `${owner}: ${what.join('; ')}`,
    why,
    result: `sent to ${approvals.length === 1 ? 'one device' : `${approvals.length} devices`}`,
  });
}

/** An exposure as commands print it; the device checks whether it exists. */
const KEY = /^(\d+(\.\d+){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}\/(tcp|udp)$/;

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
    throw new Error(
      `--keys ${wrong}: write it as address:port/protocol, such as 172.16.100.195:32400/tcp`,
    );
  chooseDevices(config, device);
}

/**
 * One approval per device, including devices that the ingress left. It contains the removals held
 * now and the version of the owner, so that a delayed order never removes anything that was not
 * shown.
 */
export function approvalsFor(
  declared: readonly DeclaredPartitionView[],
  owner: string,
  keys: readonly string[] | undefined,
): readonly Approval[] {
  const away = declared.find((one) => 'problem' in one);
  if (away && 'problem' in away && keys === undefined)
    throw new Error(
      `${away.device}, partition ${away.partition}: ${away.code}: ${away.problem}; ` +
        'removals held there cannot be listed. ' +
        'Name the exposures with --keys, or select a reachable device with --device',
    );
  const approvals = [...new Set(declared.map(({ device }) => device))].flatMap((device) =>
    approvalOn(device, { declared, owner, keys }),
  );
  if (approvals.length === 0)
    throw new Error(
      `no removal of ${owner} is held on ` +
        `${[...new Set(declared.map(({ device }) => device))].join(', ')}; ` +
        '"sluice cluster list" shows the number of held removals',
    );
  return approvals;
}

/** What was read, and what the operator asked for. */
interface Looked {
  readonly declared: readonly DeclaredPartitionView[];
  readonly owner: string;
  readonly keys: readonly string[] | undefined;
}

/**
 * Undefined for a device that answers and holds none of the removals; a device that does not answer
 * may hold them.
 */
function approvalOn(device: string, { declared, owner, keys }: Looked): readonly Approval[] {
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
      : keys.filter((key) => !answers || isThere(key));
  if (meant.length === 0) return [];
  const version = records
    .map((record) => record.version)
    .toSorted(compareVersions)
    .at(-1);
  return [
    Approval.parse({ action: 'approve', device, owner, keys: meant, ...(version && { version }) }),
  ];
}
