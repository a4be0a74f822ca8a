/** The cluster, as the account of a kubeconfig sees it. */
import type { SluiceConfig } from '../../config/schema.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { chooseCluster } from '../clusters/clusters.ts';
import { openCluster, readCluster } from '../objects/read-cluster.ts';
import { badFinding, okFinding, runCheck } from './finding.ts';
import type { DoctorFinding } from './finding.ts';
import { rightsChecks } from './rights-checks.ts';

/** The cluster to check, and the account to check it with. */
export interface ClusterCheckOptions {
  readonly kubeconfig: string;
  /** One of `clusters[].id`; absent: the only one. Of several, ingresses are not checked. */
  readonly cluster?: string | undefined;
  /** Absent: as `sluice up` finds it. */
  readonly leaseNamespace?: string | undefined;
}

type Ingresses = SluiceConfig['ingresses'];

/**
 * Asks for the rights of the shipped roles, reads what the watcher reads where it reads it, and
 * looks for the ingress Services.
 */
export async function clusterChecks(
  { config }: Pick<Runtime, 'config'>,
  options: ClusterCheckOptions,
): Promise<readonly DoctorFinding[]> {
  const unknown = options.cluster === undefined && config.clusters.length > 1;
  const id = unknown ? undefined : chooseCluster(config, options.cluster).id;
  const ingresses = config.ingresses.filter(({ cluster }) => cluster === id);
  const rights = await accountChecks(ingresses, options);
  const objects = await objectChecks(ingresses, options.kubeconfig);
  const hint = okFinding(
    { id: 'ingress-service', what: 'ingress Services' },
    'not checked: name the cluster of this kubeconfig with --cluster',
  );
  return [...objects, ...(unknown ? [hint] : []), ...rights];
}

function namespaceOf({ service }: Ingresses[number]): string {
  return service.split('/')[0] ?? '';
}

async function accountChecks(
  ingresses: Ingresses,
  { kubeconfig, leaseNamespace }: ClusterCheckOptions,
): Promise<readonly DoctorFinding[]> {
  const places = [...Map.groupBy(ingresses, namespaceOf)].map(
    ([namespace, group]) =>
      [namespace, { manages: group.some((one) => one.servicePorts === 'manage') }] as const,
  );
  try {
    const client = openCluster(kubeconfig);
    try {
      return await rightsChecks({
        may: (access) => client.may(access),
        ingresses: new Map(places),
        leaseNamespace: leaseNamespace ?? client.namespace ?? 'default',
      });
    } finally {
      await client.close();
    }
  } catch (error) {
    return [badFinding({ id: 'rights', what: 'rights' }, errorMessage(error))];
  }
}

async function objectChecks(
  ingresses: Ingresses,
  kubeconfig: string,
): Promise<readonly DoctorFinding[]> {
  let services: ReadonlySet<string> = new Set();
  const read = await runCheck({ id: 'cluster', what: 'cluster' }, async () => {
    const namespaces = [...new Set(ingresses.map(namespaceOf))];
    const { objects } = await readCluster(kubeconfig, { namespaces });
    services = new Set(objects.services.map(({ meta }) => `${meta.namespace}/${meta.name}`));
    return (
      `${objects.gateways.length + objects.apiGateways.length} Gateways, ` +
      `${objects.services.length} Services, ${objects.pods.length} Pods`
    );
  });
  if (!read.ok) return [read];
  return [
    read,
    ...ingresses.map(({ service }) => {
      const checked = { id: 'ingress-service', what: `ingress Service ${service}` };
      return services.has(service)
        ? okFinding(checked, 'is there')
        : badFinding(checked, 'is not in the cluster', {
            remedy: 'correct ingresses[].service, or create the Service',
          });
    }),
  ];
}
