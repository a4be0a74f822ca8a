/** Gateways that have no server to carry a verdict. */
import { compareText, keyOf } from './age.ts';
import type { Stage } from './reading.ts';
import { configsFor } from './reading.ts';
import type { ApiView, Config, World } from './world.ts';
import type { GatewayNote } from './verdict.ts';

const EMPTY = 'GW116';

function emptyIstio(config: Config): GatewayNote[] {
  if (config.api !== 'istio' || config.servers.length > 0) return [];
  return [
    {
      gateway: keyOf(config.gateway.meta),
      code: EMPTY,
      message: `Gateway ${keyOf(config.gateway.meta)} has no servers, so it opens no port`,
    },
  ];
}

function emptyApi(view: ApiView): GatewayNote {
  return {
    gateway: view.key,
    code: EMPTY,
    message: `Gateway ${view.key} has no listeners, so it opens no port`,
  };
}

function byGateway(notes: readonly GatewayNote[]): GatewayNote[] {
  const unique = new Map(notes.map((note) => [note.message, note]));
  return [...unique.values()].sort((a, b) => compareText(a.gateway, b.gateway));
}

/** Of the gateways that point at these pods. */
export function notesFor(stages: readonly Stage[]): GatewayNote[] {
  const services = new Set(
    stages.flatMap((stage) => stage.services.map(({ meta }) => keyOf(meta))),
  );
  const [world] = stages.map((stage) => stage.world);
  const api = (world === undefined ? [] : emptyViews(world)).filter(
    ({ deployment }) =>
      deployment.mode !== 'none' && deployment.services.some((service) => services.has(service)),
  );
  return byGateway([
    ...stages.flatMap((stage) => configsFor(stage).flatMap(emptyIstio)),
    ...api.map(emptyApi),
  ]);
}

export function emptyViews(world: World): ApiView[] {
  const withListeners = new Set(
    world.configs.flatMap((config) => (config.api === 'gateway-api' ? [config.view.key] : [])),
  );
  return world.apiViews.filter(({ key }) => !withListeners.has(key));
}

/** Of all gateways, whichever pods they point at. */
export function allNotes(world: World): GatewayNote[] {
  return byGateway([...world.configs.flatMap(emptyIstio), ...emptyViews(world).map(emptyApi)]);
}
