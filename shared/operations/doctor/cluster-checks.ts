/** The cluster, as the account of a kubeconfig sees it. */
import type { SluiceConfig } from '../../config/schema.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { chooseCluster } from '../clusters/clusters.ts';
import { LOAD_BALANCER_CLASS } from '../../domain/exposure/pool-claims.ts';
import { cniObjectsOf, type NetworkConfig } from '../../domain/paths/network-config.ts';
import { SERVICES } from '../../kubernetes/index.ts';
import type { KubernetesClient, RawObject } from '../../kubernetes/index.ts';
import { normaliseService } from '../../kubernetes/objects/index.ts';
import { readOwnership, writersOf } from '../../kubernetes/ownership.ts';
import { openCluster, readCluster } from '../objects/read-cluster.ts';
import { serverFindings } from './encryption-checks.ts';
import { badFinding, okFinding, runCheck } from './finding.ts';
import type { CheckedObject, DoctorFinding } from './finding.ts';
import { rightsChecks } from './rights-checks.ts';
import { versionCheck } from './version-checks.ts';
import type { ReleaseSight } from './version-checks.ts';

/** The cluster to check, and the account to check it with. */
export interface ClusterCheckOptions {
  readonly kubeconfig: string;
  /** One of `clusters[].id`; absent: the only one. Of several, ingresses are not checked. */
  readonly cluster?: string | undefined;
  /** Absent: as `sluice up` finds it. */
  readonly leaseNamespace?: string | undefined;
}

/** The configured ingresses of the checked cluster. */
type Ingresses = SluiceConfig['ingresses'];

/**
 * Asks for the rights of the shipped roles, reads what the watcher reads where it reads it, and
 * looks for the ingress Services.
 */
export async function clusterChecks(
  { config }: Pick<Runtime, 'config'>,
  options: ClusterCheckOptions,
  sight: ReleaseSight,
): Promise<readonly DoctorFinding[]> {
  const unknown = options.cluster === undefined && config.clusters.length > 1;
  const id = unknown ? undefined : chooseCluster(config, options.cluster).id;
  const ingresses = config.ingresses.filter(({ cluster }) => cluster === id);
  const network = config.clusters.find((cluster) => cluster.id === id)?.network;
  const rights = await accountChecks({ id, ingresses, network }, options, sight);
  const objects = await objectChecks(ingresses, options.kubeconfig);
  const hint = okFinding(
    { id: 'ingress-service', what: 'ingress Services' },
    'not checked: name the cluster of this kubeconfig with --cluster',
  );
  const encryption = serverFindings(options.kubeconfig);
  return [...objects, ...(unknown ? [hint] : []), ...rights, ...encryption];
}

/** `service` is `namespace/name`. */
function namespaceOf({ service }: Ingresses[number]): string {
  return service.split('/')[0] ?? '';
}

/** The cluster, if it is known which one it is. */
interface CheckedCluster {
  readonly id: string | undefined;
  readonly ingresses: Ingresses;
  readonly network: NetworkConfig | undefined;
}

/** The permissions of the kubeconfig's account, and the release that the watcher's Lease names. */
async function accountChecks(
  { id, ingresses, network }: CheckedCluster,
  { kubeconfig, leaseNamespace }: ClusterCheckOptions,
  sight: ReleaseSight,
): Promise<readonly DoctorFinding[]> {
  const places = [...Map.groupBy(ingresses, namespaceOf)].map(
    ([namespace, group]) =>
      [namespace, { manages: group.some((one) => one.servicePorts === 'manage') }] as const,
  );
  try {
    const client = openCluster(kubeconfig);
    try {
      const namespace = leaseNamespace ?? client.namespace ?? 'default';
      const rights = await rightsChecks({
        may: (access) => client.may(access),
        ingresses: new Map(places),
        leaseNamespace: namespace,
        network: network && cniObjectsOf(network),
      });
      if (id === undefined) return rights;
      const place = { cluster: id, leaseNamespace: namespace };
      return [...rights, await versionCheck(client, place, sight)];
    } finally {
      await client.close();
    }
  } catch (error) {
    return [badFinding({ id: 'rights', what: 'rights' }, errorMessage(error))];
  }
}

/**
 * If the cluster cannot be read, the Services are not looked for: each would fail for the same
 * reason.
 */
async function objectChecks(
  ingresses: Ingresses,
  kubeconfig: string,
): Promise<readonly DoctorFinding[]> {
  const read = await runCheck({ id: 'cluster', what: 'cluster' }, async () => {
    const namespaces = [...new Set(ingresses.map(namespaceOf))];
    const { objects } = await readCluster(kubeconfig, { namespaces });
    return [
      formatCount(objects.gateways.length + objects.apiGateways.length, 'Gateway'),
      formatCount(objects.services.length, 'Service'),
      formatCount(objects.pods.length, 'Pod'),
    ].join(', ');
  });
  if (!read.ok) return [read];
  const client = openCluster(kubeconfig);
  try {
    const services = await Promise.all(ingresses.map((ingress) => serviceCheck(client, ingress)));
    return [read, ...services];
  } finally {
    await client.close();
  }
}

/** Whether the configured Service exists, and whose external address it has. */
async function serviceCheck(
  client: Pick<KubernetesClient, 'get'>,
  ingress: Ingresses[number],
): Promise<DoctorFinding> {
  const checked = { id: 'ingress-service', what: `ingress Service ${ingress.service}` };
  const [namespace, name = ''] = ingress.service.split('/');
  try {
    const raw = await client.get(SERVICES, name, namespace);
    if (raw !== undefined) return statusFinding(checked, raw, ingress);
  } catch (error) {
    return badFinding(checked, errorMessage(error));
  }
  return badFinding(checked, 'is not in the cluster', {
    remedy: 'correct ingresses[].service, or create the Service',
  });
}

/** Names who else wrote the external address, because the watcher leaves that in place. */
function statusFinding(
  checked: CheckedObject,
  raw: RawObject,
  { cluster, writeStatus }: Ingresses[number],
): DoctorFinding {
  const service = normaliseService(raw);
  const owned = readOwnership(raw);
  const addresses = service.loadBalancerIngress.map(({ ip, hostname }) => ip ?? hostname ?? '');
  const isOurs =
    service.loadBalancerClass === LOAD_BALANCER_CLASS ||
    (owned.status && (owned.statusCluster ?? cluster) === cluster);
  if (addresses.length === 0 || isOurs) return okFinding(checked, 'is there');
  const says = `its external address ${addresses.join(', ')} was written by ${writersOf(owned)}`;
  if (!writeStatus) return okFinding(checked, `is there; ${says}, and writeStatus is off`);
  const { namespace, name } = service.meta;
  return badFinding(checked, `${says}, so Sluice does not change it`, {
    state: 'warn',
    remedy:
      `if no controller maintains it any more, remove it: kubectl -n ${namespace} patch service ` +
      `${name} --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":null}}}'`,
  });
}
