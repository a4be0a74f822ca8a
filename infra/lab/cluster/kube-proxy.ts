/** Node ports: each node address forwards connections to the pods of the Service. */
import { nextOf, targets, type RoundRobin } from './routes.ts';
import type { RawNode, RawPod, RawService } from './raw.ts';
import { forward, httpAnswer, type Serve } from './serve.ts';
import type { Listening } from './sockets.ts';
import { fullName, isReady, isTerminating, podsOf, type World } from './world.ts';

/** The InternalIP; empty without one. */
export function nodeAddress(node: RawNode): string {
  return node.status?.addresses?.find((a) => a.type === 'InternalIP')?.address ?? '';
}

/** With `Local` a node answers only for its own pods. */
function behind(world: World, service: RawService, node: RawNode): readonly RawPod[] {
  const pods = podsOf(world, service);
  return service.spec.externalTrafficPolicy === 'Local'
    ? pods.filter((p) => p.spec.nodeName === node.metadata.name)
    : pods;
}

function health(service: RawService, local: number): Serve {
  const body = {
    service: { namespace: service.metadata.namespace, name: service.metadata.name },
    localEndpoints: local,
    serviceProxyHealthy: true,
  };
  return httpAnswer((_request, response) =>
    response
      .writeHead(local > 0 ? 200 : 503, { 'content-type': 'application/json', connection: 'close' })
      .end(JSON.stringify(body)),
  );
}

function onNode(
  world: World,
  service: RawService,
  node: RawNode,
  turns: RoundRobin,
): readonly Listening[] {
  const at = { owner: node.metadata.name, address: nodeAddress(node) };
  const pods = behind(world, service, node);
  const listening: Listening[] = [];
  for (const port of service.spec.ports ?? []) {
    const { nodePort } = port;
    if (nodePort === undefined || (port.protocol ?? 'TCP') !== 'TCP') continue;
    const choice = targets(pods, port);
    listening.push({
      ...at,
      port: nodePort,
      serve: forward(() => nextOf(choice, `${at.address}:${nodePort}`, turns)),
    });
  }
  const check = service.spec.healthCheckNodePort;
  if (check && service.spec.externalTrafficPolicy === 'Local') {
    listening.push({
      ...at,
      port: check,
      serve: health(service, pods.filter((p) => isReady(p) && !isTerminating(p)).length),
    });
  }
  return listening;
}

/**
 * One socket for each node and node port. Services in the order of their names, so that ports are
 * given out in the same way each time.
 */
export function nodePorts(world: World, turns: RoundRobin): readonly Listening[] {
  const open = world.services
    .filter((s) => ['NodePort', 'LoadBalancer'].includes(s.spec.type ?? ''))
    .sort((a, b) => fullName(a).localeCompare(fullName(b)));
  const nodes = world.nodes.filter((n) => nodeAddress(n) !== '');
  return open.flatMap((service) => nodes.flatMap((node) => onNode(world, service, node, turns)));
}
