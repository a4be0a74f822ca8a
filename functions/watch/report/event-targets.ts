/** The objects of Events. */
import type { KubernetesObjects, Meta } from '../../../shared/domain/snapshot/objects.ts';
import type { ClusterIndex } from '../cache/cluster-index.ts';
import type { ObjectReference } from './event-messages.ts';
import type { EventTarget } from './event-object.ts';

const ISTIO = 'networking.istio.io/v1';
const GATEWAY_API = 'gateway.networking.k8s.io/v1';

/** The Service as the object of an Event. */
export function serviceTarget(meta: Meta): EventTarget {
  return targetOf('v1', 'Service', meta);
}

/** Undefined if it was deleted. */
export function findTarget(
  index: ClusterIndex,
  about: Exclude<ObjectReference, { readonly kind: 'Ingress' }>,
): EventTarget | undefined {
  switch (about.kind) {
    case 'Service':
      return targetOf('v1', 'Service', index.services.get(about.key)?.meta);
    case 'ConfigMap':
      return targetOf('v1', 'ConfigMap', index.configMaps.get(about.key)?.meta);
    case 'Gateway': {
      const istio = about.api === 'gateway-api' ? undefined : index.gateways.get(about.key);
      const api = about.api === 'istio' ? undefined : index.apiGateways.get(about.key);
      return targetOf(ISTIO, 'Gateway', istio?.meta) ?? targetOf(GATEWAY_API, 'Gateway', api?.meta);
    }
  }
}

/** Gateways of both APIs that an ingress reads. */
export function gatewayTargets({
  gateways,
  apiGateways,
}: Pick<KubernetesObjects, 'gateways' | 'apiGateways'>): readonly EventTarget[] {
  return [
    ...gateways.map(({ meta }) => targetOf(ISTIO, 'Gateway', meta)),
    ...apiGateways.map(({ meta }) => targetOf(GATEWAY_API, 'Gateway', meta)),
  ];
}

function targetOf(apiVersion: string, kind: string, meta: Meta): EventTarget;
function targetOf(
  apiVersion: string,
  kind: string,
  meta: Meta | undefined,
): EventTarget | undefined;
function targetOf(
  apiVersion: string,
  kind: string,
  meta: Meta | undefined,
): EventTarget | undefined {
  if (meta === undefined) return undefined;
  const { namespace, name, uid } = meta;
  return { apiVersion, kind, namespace, name, uid };
}
