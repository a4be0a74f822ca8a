/** Notes on gateways without a server that could carry a verdict. */
import { compareByCodeUnits, namespacedName } from './object-age.ts';
import type { WorkloadContext } from './server-selection.ts';
import { gatewayConfigsFor } from './server-selection.ts';
import type { ApiGatewayView, GatewayConfig, ClusterModel } from './cluster-model.ts';
import type { GatewayNote } from './port-mapping.ts';

const EMPTY = 'GW116';

/** A Gateway without servers opens no port. */
function emptyIstio(config: GatewayConfig): GatewayNote[] {
  if (config.api !== 'istio' || config.servers.length > 0) return [];
  return [
    {
      gateway: namespacedName(config.gateway.meta),
      code: EMPTY,
      message: `Gateway ${namespacedName(config.gateway.meta)} has no servers, so it opens no port`,
    },
  ];
}

/** The note for a Gateway of the Gateway API without listeners. */
function emptyApi(view: ApiGatewayView): GatewayNote {
  return {
    gateway: view.key,
    code: EMPTY,
    message: `Gateway ${view.key} has no listeners, so it opens no port`,
  };
}

/** Equal notes once, sorted by Gateway. */
function byGateway(notes: readonly GatewayNote[]): GatewayNote[] {
  const unique = new Map(notes.map((note) => [note.message, note]));
  return [...unique.values()].sort((a, b) => compareByCodeUnits(a.gateway, b.gateway));
}

/** For gateways that select these pods. */
export function gatewayNotesFor(stages: readonly WorkloadContext[]): GatewayNote[] {
  const services = new Set(
    stages.flatMap((stage) => stage.services.map(({ meta }) => namespacedName(meta))),
  );
  const [world] = stages.map((stage) => stage.world);
  const api = (world === undefined ? [] : gatewaysWithoutListeners(world)).filter(
    ({ deployment }) =>
      deployment.mode !== 'none' && deployment.services.some((service) => services.has(service)),
  );
  return byGateway([
    ...stages.flatMap((stage) => gatewayConfigsFor(stage).flatMap(emptyIstio)),
    ...api.map(emptyApi),
  ]);
}

/**
 * Gateway API Gateways without a listener, on which notes are reported because there is no verdict.
 */
export function gatewaysWithoutListeners(world: ClusterModel): ApiGatewayView[] {
  const withListeners = new Set(
    world.configs.flatMap((config) => (config.api === 'gateway-api' ? [config.view.key] : [])),
  );
  return world.apiViews.filter(({ key }) => !withListeners.has(key));
}

/** For all gateways, whichever pods they select. */
export function allGatewayNotes(world: ClusterModel): GatewayNote[] {
  return byGateway([
    ...world.configs.flatMap(emptyIstio),
    ...gatewaysWithoutListeners(world).map(emptyApi),
  ]);
}
