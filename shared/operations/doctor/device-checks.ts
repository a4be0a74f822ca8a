/** The device checks of `sluice doctor`. */
import { capabilitiesOf } from '../../host/devices.ts';
import { sizeFindings } from '../../domain/plan/sizes.ts';
import { modulesOf } from '../../device/references.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { Runtime } from '../../host/runtime.ts';
import { replacedIn } from '../clusters/rows.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { badFinding, okFinding, clockFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';
import { partitionsFromDevices } from '../devices/declared-partitions.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';

type Read = Extract<DeclaredPartitionView, { readonly state: unknown }>;

/** One read checks name, certificate, login, permissions and AS3 at once. */
export async function deviceChecks(runtime: Runtime): Promise<readonly DoctorFinding[]> {
  const declared = await partitionsFromDevices(runtime)(runtime.config.devices);
  const read = declared.filter((d): d is Read => 'state' in d);
  const now = runtime.clock.now();
  return [
    ...declared.map(reachable),
    ...modules(read),
    ...clocks(read),
    ...epochs(read, now),
    ...clusterIdChecks(read),
    ...sizes(read),
  ];
}

/** One finding for each partition; the code says what kept it from being read. */
function reachable(d: DeclaredPartitionView): DoctorFinding {
  const checked = { id: 'device', what: `device ${d.device}, partition ${d.partition}` };
  if (!('state' in d)) return badFinding(checked, `${d.problem} (${d.code})`);
  const { hostname = 'a unit without a name', software = 'unknown' } = d.facts ?? {};
  return okFinding(
    checked,
    `${hostname} is active with AS3 ${software}; ` +
      `${formatCount(Object.keys(d.state.exposures).length, 'exposure')} of ` +
      `${formatCount(Object.keys(d.state.owners).length, 'owner')}, ` +
      `read in ${d.milliseconds ?? 0} ms`,
  );
}

/** Modules that declared settings need, for instance after one was taken away. */
function modules(read: readonly Read[]): readonly DoctorFinding[] {
  return read.flatMap(({ device, partition, state, lacking = [] }) =>
    lacking.map(({ path, response }) => {
      const users = Object.values(state.exposures).flatMap((e) =>
        modulesOf(e.settings)
          .filter((one) => one.modules.join() === path)
          .map(({ setting }) => `${setting} of ${exposureKey(e)}`),
      );
      return badFinding(
        { id: 'modules', what: `modules of device ${device}, partition ${partition}` },
        `${response}, and ${users[0]}${users.length === 1 ? '' : ` and ${users.length - 1} more`} ` +
          'need it (BIP425)',
        { remedy: 'provision it on the device, or remove the setting' },
      );
    }),
  );
}

/** One check per device. */
function clocks(read: readonly Read[]): readonly DoctorFinding[] {
  const devices = new Map(read.map((d) => [d.device, d.facts?.ahead]));
  return [...devices].flatMap(([device, ahead]) => {
    if (ahead === undefined) return [];
    return [
      clockFinding(
        { id: 'device-clock', what: `clock of device ${device}` },
        ahead,
        `configure NTP on ${device} or here`,
      ),
    ];
  });
}

/** An epoch ahead of the clock blocks nothing, but shows that a clock is or was wrong. */
function epochs(read: readonly Read[], now: number): readonly DoctorFinding[] {
  return read.flatMap(({ device, partition, state }) => {
    const ahead = Object.entries(state.owners).find(
      ([, { version }]) => version.epoch > now + 5 * 60_000,
    );
    if (ahead === undefined) return [];
    const [owner, { version }] = ahead;
    return [
      okFinding(
        { id: 'epochs', what: `epochs on device ${device}, partition ${partition}` },
        `the epoch of ${owner} lies ahead of this host's clock ` +
          `(${new Date(version.epoch).toISOString()}): a clock is or was wrong. ` +
          'Its watcher continues above that epoch, so nothing waits',
      ),
    ];
  });
}

/** Checks that each id is used by one cluster, identified by its kube-system UID. */
export function clusterIdChecks(read: readonly Read[]): readonly DoctorFinding[] {
  const owners = read.flatMap(({ state }) =>
    Object.entries(state.owners).flatMap(([owner, { clusterUid, rival }]) =>
      [clusterUid, ...(rival === undefined ? [] : [rival.clusterUid])].map((uid) => ({
        cluster: parseOwner(owner).cluster,
        owner,
        clusterUid: uid,
      })),
    ),
  );
  const owning = new Set(
    read.flatMap(({ state }) => Object.values(state.owners).map(({ clusterUid }) => clusterUid)),
  );
  return [...Map.groupBy(owners, ({ cluster }) => cluster)].map(([cluster, list]) => {
    const uids = [...Map.groupBy(list, ({ clusterUid }) => clusterUid)];
    const checked = { id: 'cluster-id', what: `cluster id ${cluster}` };
    if (uids.length === 1)
      return okFinding(
        checked,
        `one cluster uses it (kube-system UID ${uids[0]![0]}), ` +
          formatCount(new Set(list.map(({ owner }) => owner)).size, 'owner'),
      );
    const who = uids
      .map(
        ([uid, own]) =>
          `${uid} sends events of ${own[0]!.owner}${own.length === 1 ? '' : ` and ${own.length - 1} more`}`,
      )
      .join('; ');
    const known = replacedIn(
      cluster,
      read.map(({ state }) => state),
    );
    const replaced = uids.map(([uid]) => uid).filter((uid) => known.has(uid) && !owning.has(uid));
    return badFinding(checked, `${uids.length} clusters use it: ${who}`, {
      remedy: adviceOn(cluster, replaced, uids.length),
    });
  });
}

/** Never advises to adopt a cluster that was replaced. */
function adviceOn(cluster: string, replaced: readonly string[], all: number): string {
  const stop =
    replaced.length === 0
      ? []
      : [
          `${replaced.join(', ')} was replaced by adoption: stop its watcher, or give that cluster its own id`,
        ];
  const adopt =
    all - replaced.length < 2
      ? []
      : [
          'give each cluster its own id in clusters[] and in its watcher; ' +
            `if a cluster was rebuilt, run "sluice cluster adopt ${cluster}"`,
        ];
  return [...stop, ...adopt].join('; ');
}

/** Reports partitions above the recommended limits, although nothing is refused. */
function sizes(read: readonly Read[]): readonly DoctorFinding[] {
  return [...Map.groupBy(read, ({ device }) => device)].flatMap(([device, partitions]) =>
    sizeFindings(
      new Map(partitions.map(({ partition, state }) => [partition, state])),
      capabilitiesOf({ name: device }).bytesOf,
    ).map(({ partition, code, message }) =>
      badFinding(
        {
          id: 'size',
          what: `size of device ${device}${partition === undefined ? '' : `, partition ${partition}`}`,
        },
        `${message} (${code})`,
        { state: 'warn' },
      ),
    ),
  );
}
