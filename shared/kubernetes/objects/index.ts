/**
 * Conversion of raw objects to domain objects, one function for each kind; the watcher and the
 * commands share it.
 */
export {
  normaliseConfigMap,
  normaliseEndpointSlice,
  normaliseNamespace,
  normaliseNode,
  normaliseService,
} from './core.ts';
export {
  normaliseApiGateway,
  normaliseApiRoute,
  normaliseListenerSet,
  normaliseReferenceGrant,
} from './gateway-api.ts';
export { normaliseGateway, normaliseVirtualService } from './istio.ts';
export { normaliseBlockAffinity, normaliseCiliumNode } from './cni.ts';
export { changesListeners, normaliseEnvoyFilter, normaliseIngress } from './envoy-filter.ts';
export { isMeshConfig, meshConfigName, normaliseMeshConfig } from './mesh-config.ts';
export { keptAnnotations } from './meta.ts';
export type { Ignored, KindRef, Normalised } from './objects.ts';
export { normalise, normaliseObjects } from './objects.ts';
export { normalisePod } from './pod.ts';
