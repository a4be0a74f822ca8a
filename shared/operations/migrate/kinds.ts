/** The kinds that a migration from F5 CIS reads and writes. */
import type { KubernetesClient, RawObject, Resource, Selection } from '../../kubernetes/index.ts';

/** How a kind is found; the first version that is served is used. */
interface MigrationKind {
  readonly group: string;
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly selection?: Selection;
}

const CIS_KINDS = {
  VirtualServer: 'virtualservers',
  TransportServer: 'transportservers',
  IngressLink: 'ingresslinks',
  TLSProfile: 'tlsprofiles',
  Policy: 'policies',
} as const;

const KINDS: readonly MigrationKind[] = [
  {
    group: '',
    versions: ['v1'],
    kind: 'ConfigMap',
    plural: 'configmaps',
    selection: { labelSelector: 'f5type' },
  },
  { group: '', versions: ['v1'], kind: 'Service', plural: 'services' },
  { group: 'apps', versions: ['v1'], kind: 'Deployment', plural: 'deployments' },
  ...Object.entries(CIS_KINDS).map(([kind, plural]) => ({
    group: 'cis.f5.com',
    versions: ['v1'],
    kind,
    plural,
  })),
];

/** Gateways by their API. */
export const GATEWAY_KINDS = {
  istio: { group: 'networking.istio.io', versions: ['v1', 'v1beta1', 'v1alpha3'] },
  'gateway-api': { group: 'gateway.networking.k8s.io', versions: ['v1', 'v1beta1'] },
} as const;

type Reader = Pick<KubernetesClient, 'discover' | 'pages'>;

/** Objects of F5 CIS, its Deployments, and all Services, in all namespaces. */
export function readCisObjects(client: Reader): Promise<readonly RawObject[]> {
  return readKinds(client, KINDS);
}

/** Objects that F5 CIS finds by a label, so that they can be handed over, in all namespaces. */
export function readLabelledCisObjects(client: Reader): Promise<readonly RawObject[]> {
  return readKinds(
    client,
    KINDS.filter(({ kind }) => kind === 'ConfigMap' || kind in CIS_KINDS),
  );
}

async function readKinds(
  client: Reader,
  kinds: readonly MigrationKind[],
): Promise<readonly RawObject[]> {
  const lists = await Promise.all(
    kinds.map(async ({ selection, ...kind }) => {
      const served = await client.discover(kind);
      if (served === undefined) return [];
      const found: RawObject[] = [];
      const resource = { ...kind, ...served, namespaced: true };
      for await (const page of client.pages(resource, selection)) found.push(...page.items);
      return found;
    }),
  );
  return lists.flat();
}

/** The resource of an object that {@link readCisObjects} returned. */
export function resourceOfObject({ apiVersion = 'v1', kind = '' }: RawObject): Resource {
  const at = apiVersion.indexOf('/');
  const known = KINDS.find((one) => one.kind === kind);
  return {
    group: at < 0 ? '' : apiVersion.slice(0, at),
    version: apiVersion.slice(at + 1),
    kind,
    plural: known?.plural ?? `${kind.toLowerCase()}s`,
    namespaced: true,
  };
}

/** Where the cluster serves Gateways of this API; throws if it does not. */
export async function gatewayResource(
  client: Pick<KubernetesClient, 'discover'>,
  api: keyof typeof GATEWAY_KINDS,
): Promise<Resource> {
  const served = await client.discover({ ...GATEWAY_KINDS[api], plural: 'gateways' });
  if (served === undefined)
    throw new Error(`the cluster serves no gateways of ${GATEWAY_KINDS[api].group}`);
  return { ...served, kind: 'Gateway', plural: 'gateways', namespaced: true };
}

/** Objects of one kind in one namespace. */
interface PatchTarget extends Pick<Resource, 'group' | 'plural'> {
  readonly namespace: string | undefined;
}

/** Throws before anything is changed if this account may not patch all of these. */
export async function requireRights(
  client: Pick<KubernetesClient, 'may'>,
  targets: readonly PatchTarget[],
): Promise<void> {
  const each = new Map(
    targets.map(({ group, plural, namespace }) => [
      `${plural}${group === '' ? '' : `.${group}`} in ${namespace ?? 'default'}`,
      { group, resource: plural, verb: 'patch', namespace },
    ]),
  );
  const refused: string[] = [];
  for (const [name, access] of each) if (!(await client.may(access))) refused.push(name);
  if (refused.length > 0)
    throw new Error(`this account may not patch ${refused.join(', ')}; nothing was changed`);
}
