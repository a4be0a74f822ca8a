/** The objects that Events are about. */
import type { KubernetesObjects, Meta } from '../../shared/domain/ingress/objects.ts';
import type { Resource } from '../../shared/kubernetes/index.ts';
import type { About } from './occurrences.ts';
import type { Target } from './recorder.ts';

export const SERVICES: Resource = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };

export function serviceTarget(meta: Meta): Target {
  return targetOf('v1', 'Service', meta);
}

/** Undefined where it is gone: nobody can read an Event about it any more. */
export function findTarget(objects: KubernetesObjects, about: Exclude<About, { readonly kind: 'Ingress' }>): Target | undefined {
  const [namespace = '', name = ''] = about.key.split('/');
  const find = (all: readonly { readonly meta: Meta }[]): Meta | undefined => all.find(({ meta }) => meta.name === name && meta.namespace === namespace)?.meta;
  if (about.kind !== 'Gateway') return targetOf('v1', about.kind, find(about.kind === 'Service' ? objects.services : objects.configMaps));
  const istio = about.api === 'gateway-api' ? undefined : find(objects.gateways);
  const api = about.api === 'istio' ? undefined : find(objects.apiGateways);
  return targetOf('networking.istio.io/v1', 'Gateway', istio) ?? targetOf('gateway.networking.k8s.io/v1', 'Gateway', api);
}

function targetOf(apiVersion: string, kind: string, meta: Meta): Target;
function targetOf(apiVersion: string, kind: string, meta: Meta | undefined): Target | undefined;
function targetOf(apiVersion: string, kind: string, meta: Meta | undefined): Target | undefined {
  if (meta === undefined) return undefined;
  const { namespace, name, uid } = meta;
  return { apiVersion, kind, namespace, name, uid };
}
