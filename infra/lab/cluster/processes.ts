import { isRouter, meshListeners, type MeshListener } from './mesh.ts';
import { nodePorts } from './kube-proxy.ts';
import type { RawPod } from './raw.ts';
import { nextTarget, type RoundRobin } from './routes.ts';
import { echoLines, forward, fromRoutes, readiness, type Serve } from './serve.ts';
import type { Listening } from './sockets.ts';
import { fullName, podAddress, type World } from './world.ts';

/** Containers with this image answer lines. */
export const ECHO_IMAGE = 'docker.io/istio/tcp-echo-server:1.3';

function serveOf(world: World, listener: MeshListener, turns: RoundRobin): Serve {
  switch (listener.kind) {
    case 'status':
      return readiness(listener.ready);
    case 'http':
      return fromRoutes(listener.answers);
    case 'tcp':
      return forward(() => nextTarget(world, listener.route, turns));
  }
}

/** Arguments of the echo server: its ports, and the prefix for each line. */
function echoPorts(pod: RawPod): readonly Listening[] {
  return pod.spec.containers
    .filter((c) => c.image === ECHO_IMAGE)
    .flatMap(({ args: [ports = '', prefix = ''] = [] }) =>
      ports.split(',').map((port) => ({
        owner: fullName(pod),
        address: podAddress(pod),
        port: Number(port),
        serve: echoLines(prefix),
      })),
    );
}

function onPod(world: World, pod: RawPod, turns: RoundRobin): readonly Listening[] {
  if (!isRouter(pod)) return echoPorts(pod);
  return meshListeners(world, pod).map((l) => ({
    owner: fullName(pod),
    address: podAddress(pod),
    port: l.port,
    serve: serveOf(world, l, turns),
  }));
}

/** Every address on which the cluster's processes listen now. */
export function processes(world: World, turns: RoundRobin): readonly Listening[] {
  return [
    ...world.pods.filter((p) => p.status?.podIP).flatMap((pod) => onPod(world, pod, turns)),
    ...nodePorts(world, turns),
  ];
}

/** Pods (`namespace/name`) and nodes whose sockets may be open. */
export function owners(world: World): ReadonlySet<string> {
  return new Set([...world.pods.map(fullName), ...world.nodes.map((n) => n.metadata.name)]);
}
