/** istio-port-mapping.md §1.1: which gateways a gateway pod reads. */
import { namespacedName } from './object-age.ts';
import type { MeshOptions } from './mesh.ts';
import type { CodedReason } from './model.ts';
import type { IstioGateway, Pod } from '../snapshot/objects.ts';
import { matchesRevision, revisionLabelOf } from './mesh.ts';
import type { Workload } from './workload.ts';

/** The gateway pods in question, and the mesh that they belong to. */
export interface SelectionContext {
  /** Its options decide whether Gateways of other namespaces count. */
  readonly mesh: MeshOptions;
  /** Pods that the rules do not distinguish. */
  readonly workload: Workload;
  /** `namespace/name` of a managed Gateway API Gateway that applies to these pods. */
  readonly managedBy: string | undefined;
}

/** One reason why a Gateway selects no pods; the first that applies is reported. */
interface Obstacle {
  readonly code: string;
  readonly applies: (gateway: IstioGateway, context: SelectionContext) => boolean;
  /** A clause that names what to change. */
  readonly says: (gateway: IstioGateway, context: SelectionContext) => string;
}

/** The reason for pods that have the labels of a gateway but run as sidecars. */
function sidecarSentence(pod: Pod | undefined): string {
  const name = pod === undefined ? '' : ` (such as ${namespacedName(pod.meta)})`;
  return (
    `the pods that match its selector${name} run as sidecars, ` +
    'and only pods started as "proxy router" read Gateways'
  );
}

/** Reasons why pods do not read a gateway although the labels match. */
const OBSTACLES: readonly Obstacle[] = [
  {
    code: 'MAP205',
    applies: (_, { workload }) => workload.sidecar,
    says: (_, { workload }) => sidecarSentence(workload.pods[0]),
  },
  {
    code: 'MAP203',
    applies: (gateway, { workload }) => !matchesRevision(gateway.meta, workload),
    says: (gateway, { workload }) =>
      `label istio.io/rev is ${revisionLabelOf(gateway.meta) ?? ''}, ` +
      `but revision ${workload.revision} serves the gateway pods`,
  },
  {
    code: 'MAP202',
    applies: (gateway, { mesh, workload }) =>
      mesh.scopeGatewayToNamespace && gateway.meta.namespace !== workload.namespace,
    says: (_, { workload }) =>
      'Gateways are scoped to their namespace (PILOT_SCOPE_GATEWAY_TO_NAMESPACE), ' +
      `and the gateway pods are in ${workload.namespace}`,
  },
  {
    code: 'MAP204',
    applies: (gateway, { mesh, workload, managedBy }) =>
      mesh.strictGatewayMerging &&
      managedBy !== undefined &&
      gateway.meta.namespace !== workload.namespace,
    says: (_, { managedBy }) =>
      `the pods belong to the managed Gateway API Gateway ${managedBy ?? ''}, ` +
      'and strict merging (PILOT_ENABLE_STRICT_GATEWAY_MERGING) drops Istio Gateways of ' +
      'other namespaces',
  },
];

/** Undefined if the pods read the gateway. Its selector must match. */
export function whyNotRead(
  gateway: IstioGateway,
  context: SelectionContext,
): CodedReason | undefined {
  const obstacle = OBSTACLES.find(({ applies }) => applies(gateway, context));
  return obstacle === undefined
    ? undefined
    : {
        code: obstacle.code,
        reason: `Gateway ${namespacedName(gateway.meta)} is not read: ${obstacle.says(gateway, context)}`,
      };
}

/** For a gateway that no pod reads. */
export function selectsNothing(gateway: IstioGateway): CodedReason {
  const labels = Object.entries(gateway.selector).map(([key, value]) => `${key}=${value}`);
  const reason =
    labels.length === 0
      ? 'there are no gateway pods'
      : `no gateway pod has all labels of its selector (${labels.sort().join(', ')})`;
  return {
    code: 'MAP201',
    reason: `Gateway ${namespacedName(gateway.meta)} opens no port: ${reason}`,
  };
}

/** For a gateway whose labels only sidecars have. */
export function selectsSidecars(gateway: IstioGateway, pod: Pod): CodedReason {
  return {
    code: 'MAP205',
    reason: `Gateway ${namespacedName(gateway.meta)} is not read: ${sidecarSentence(pod)}`,
  };
}
