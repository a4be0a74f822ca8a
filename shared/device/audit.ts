/**
 * Audits one device: differences from its declaration, and exposures of unknown owners. Only reads.
 */
import type { DeviceConfig, SluiceConfig } from '../config/schema.ts';
import { describeSilence, findSilent, silencePolicies } from '../domain/steering/silence.ts';
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { describeOverride } from '../domain/plan/overrides.ts';
import type { Heard, SilentCluster } from '../domain/steering/silence.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AbandonedPartition, Device } from './device.ts';
import type { Difference, DifferenceKind } from './difference.ts';
import { DeviceError } from './errors.ts';
import type { AuditFinding } from './finding.ts';
import { auditPaths } from './path-audit.ts';
import type { PathFigures } from './path-figures.ts';
import type { SizeFinding } from '../domain/plan/sizes.ts';
import { sizeFindings } from '../domain/plan/sizes.ts';

/** The code of each kind of difference. */
const CODE: Readonly<Record<DifferenceKind, string>> = {
  missing: 'BIP450',
  differs: 'BIP451',
  orphan: 'BIP452',
};
/** A concurrent declare looks like drift, so the comparison is repeated; pause in milliseconds. */
const LOOKS = { most: 20, pause: 3_000 } as const;

/** Maximum number of exposures named in a message; the device lists all. */
const MAX_NAMED = 5;

/** The device to audit, and the configuration that its owners should be in. */
export interface AuditScope {
  readonly device: Device;
  /** Owners that it does not have are reported as orphans (BIP453). */
  readonly config: SluiceConfig;
  /** `now` judges silence; `sleep` is the pause between two comparisons. */
  readonly clock: Pick<Clock, 'sleep' | 'now'>;
  /** When the clusters of a device were heard outside of its declaration. */
  readonly heard: (device: string) => Promise<Heard>;
}

/** What an audit of one device says. */
export interface DeviceAudit {
  /** Of all partitions, in the order of the configuration, then those of the device as a whole. */
  readonly findings: readonly AuditFinding[];
  /** Absent without paths, or if their journal cannot be read. */
  readonly paths?: PathFigures;
}

/** Rejects if the device is unavailable. A partition that cannot be read is a finding. */
export async function auditDevice(
  { device, config, clock, heard }: AuditScope,
  audited: Pick<DeviceConfig, 'name' | 'partitions' | 'networks'>,
): Promise<DeviceAudit> {
  const { name, partitions } = audited;
  const findings: AuditFinding[] = [];
  const states = new Map<string, DeclaredState>();
  for (const partition of partitions) {
    const look = await lookAt(device, partition, clock);
    if ('refused' in look)
      findings.push({
        device: name,
        partition,
        kind: 'foreign',
        ...look.refused,
        object: `/${partition}`,
        repairable: false,
      });
    else {
      states.set(partition, look.state);
      findings.push(
        ...look.differences.map((d) => ofDifference(name, partition, d)),
        ...keptIn(name, partition, look.state),
        ...strangers(config, name, partition, look.state),
      );
    }
  }
  const all = [...states.values()];
  const silent = await findSilent(all, silencePolicies(config.clusters), clock.now(), () =>
    heard(name),
  );
  const abandoned = (await device.abandoned())
    .filter((one) => isOfOurs(config, one))
    .map((one) => ofAbandoned(name, one));
  const paths = await auditPaths({ device, config: audited, site: config, states, clock });
  findings.push(
    ...abandoned,
    ...paths.findings,
    ...silent.map((one) => ofSilence(name, partitions, one)),
    ...sizeFindings(states, device.capabilities.bytesOf).map((found) => ofSize(name, found)),
  );
  return { findings, ...(paths.figures && { paths: paths.figures }) };
}

/** The state of a partition with its differences, or why it cannot be read. */
type Look =
  | { readonly state: DeclaredState; readonly differences: readonly Difference[] }
  | { readonly refused: { readonly code: string; readonly message: string } };

/** The readings before and after must be equal, otherwise a declare came in between. */
async function lookAt(
  device: Device,
  partition: string,
  clock: Pick<Clock, 'sleep'>,
): Promise<Look> {
  for (let look = 1; ; look += 1) {
    const before = await device.read(partition);
    if (before.kind === 'refused')
      return { refused: { code: before.code, message: before.reason } };
    // Nothing was declared, so nothing can differ.
    if (before.declared.lockKey === undefined)
      return { state: before.declared.state, differences: [] };
    const differences = await quiet(device.drift(partition, before.declared.state));
    const after = await device.read(partition);
    if (
      differences !== 'busy' &&
      after.kind === 'ours' &&
      after.declared.lockKey === before.declared.lockKey
    )
      return { state: before.declared.state, differences };
    if (look === LOOKS.most)
      throw new DeviceError(
        'BIP503',
        'transient',
        `${device.name}, partition ${partition}: its declaration kept changing during the audit; try again later`,
      );
    await clock.sleep(LOOKS.pause);
  }
}

/** A declaration in progress (BIP503) is no failure of an audit: it looks again. */
async function quiet(
  looking: Promise<readonly Difference[]>,
): Promise<readonly Difference[] | 'busy'> {
  return looking.catch((error: unknown) => {
    if (error instanceof DeviceError && error.code === 'BIP503') return 'busy' as const;
    throw error;
  });
}

/** The finding for a difference from the declaration. */
function ofDifference(
  device: string,
  partition: string,
  { kind, path, message, heal, adopt }: Difference,
): AuditFinding {
  return {
    device,
    partition,
    kind,
    code: CODE[kind],
    object: path,
    message,
    repairable: heal !== 'told',
    heal,
    ...(adopt && { adopt }),
  };
}

/** Manual changes that the policy keeps, as findings that need no repair. */
function keptIn(
  device: string,
  partition: string,
  { overrides = {} }: DeclaredState,
): readonly AuditFinding[] {
  return Object.entries(overrides).flatMap(([key, override]) =>
    describeOverride(override).map((words): AuditFinding => ({
      device,
      partition,
      kind: 'kept',
      code: 'BIP455',
      object: key,
      message: `${words}, kept since ${override.since}`,
      repairable: false,
    })),
  );
}

/** The finding for a silent cluster. */
function ofSilence(
  device: string,
  partitions: readonly string[],
  silence: SilentCluster,
): AuditFinding {
  const { cluster, order, unknown } = silence;
  return {
    device,
    partition: partitions.join(', '),
    kind: 'silent',
    code: unknown ? 'RPL700' : 'OWN331',
    object: `cluster ${cluster}`,
    message: describeSilence(silence),
    repairable: false,
    ...(order && { order: { ...order, device } }),
  };
}

/** Another Sluice installation may use the device for other clusters. */
function isOfOurs({ clusters }: SluiceConfig, { state }: AbandonedPartition): boolean {
  return Object.keys(state.owners).some((owner) =>
    clusters.some(({ id }) => id === parseOwner(owner).cluster),
  );
}

/** A partition with a declaration of Sluice that is no longer configured. */
function ofAbandoned(device: string, { partition, state }: AbandonedPartition): AuditFinding {
  const serves = Object.keys(state.exposures);
  const rest = serves.length > MAX_NAMED ? ` and ${serves.length - MAX_NAMED} more` : '';
  const message =
    `serves ${serves.slice(0, MAX_NAMED).join(', ')}${rest} from a declaration of Sluice, ` +
    `but devices[].partitions of ${device} does not list the partition, ` +
    'so nothing updates it. Add it to the end of devices[].partitions until its exposures ' +
    'have moved; if another Sluice manages it for the same cluster, leave it as it is';
  return {
    device,
    partition,
    kind: 'abandoned',
    code: 'BIP456',
    object: `/${partition}`,
    message,
    repairable: false,
  };
}

/** The finding for a device above a recommended limit. */
function ofSize(device: string, { partition, code, message }: SizeFinding): AuditFinding {
  return {
    device,
    partition: partition ?? '*',
    kind: 'size',
    code,
    object: partition === undefined ? device : `/${partition}`,
    message,
    repairable: false,
  };
}

/** Owners that are not in the configuration, whose exposures would never be removed. */
function strangers(
  { ingresses }: SluiceConfig,
  device: string,
  partition: string,
  state: DeclaredState,
): readonly AuditFinding[] {
  const owners = new Map<string, number>();
  for (const { owner } of Object.values(state.exposures).flatMap((e) => e.contributions))
    owners.set(owner, (owners.get(owner) ?? 0) + 1);
  const known = (owner: string): boolean => {
    const { cluster, ingress } = parseOwner(owner);
    return ingresses.some(
      (entry) =>
        entry.cluster === cluster && entry.service === `${ingress.namespace}/${ingress.service}`,
    );
  };
  return [...owners]
    .filter(([owner]) => !known(owner))
    .map(([owner, count]) => ({
      device,
      partition,
      kind: 'orphan',
      code: 'BIP453',
      object: owner,
      message: `is not in ingresses of sluice.yaml, but ${count} of its exposures are still declared`,
      repairable: false,
    }));
}
