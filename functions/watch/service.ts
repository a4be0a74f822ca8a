import type { Meta } from '../../shared/domain/ingress/objects.ts';
import type { ServerReport } from '../../shared/domain/ingress/verdict.ts';
import type { Resource } from '../../shared/kubernetes/index.ts';
import type { Target } from './recorder.ts';

export const SERVICES: Resource = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };

const GATEWAY_VERSIONS = { istio: 'networking.istio.io/v1', 'gateway-api': 'gateway.networking.k8s.io/v1' };

export function serviceTarget({ namespace, name, uid }: Meta): Target {
  return { apiVersion: 'v1', kind: 'Service', namespace, name, uid };
}

export function gatewayTarget(api: ServerReport['api'], { namespace, name, uid }: Meta): Target {
  return { apiVersion: GATEWAY_VERSIONS[api], kind: 'Gateway', namespace, name, uid };
}
