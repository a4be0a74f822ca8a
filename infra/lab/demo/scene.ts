import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Lab } from '../lab.ts';
import { placeText } from '../loopback.ts';
import type { Checks, Seen } from './check.ts';
import { askEcho } from './connection.ts';
import { deviceRows, deviceTable } from './device.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { INGRESS_PODS, INGRESS_SERVICE, answered, nobodyAnswers, poolHolds } from './looks.ts';
import { manifest } from './manifests.ts';
import type { Say } from './say.ts';

/** What all scenes of the demo share. */
export interface Scene {
  readonly lab: Lab;
  readonly api: KubernetesApi;
  readonly checks: Checks;
  readonly say: Say;
  readonly clock: Clock;
}

/** As `kubectl apply` of a file in infra/lab/manifests. */
export async function applyManifest({ api, say }: Scene, name: string): Promise<void> {
  say.why(`kubectl apply -f infra/lab/manifests/${name}.yaml`);
  for (const object of manifest(name)) await api.apply(object);
}

/** A virtual server as BIG-IP shows it. */
export function virtualOf({ lab }: Scene, port: number): string {
  return `${lab.virtualAddress}:${port}/tcp`;
}

interface PodFields {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status?: { readonly podIP?: string };
}

/** The current targets of BIG-IP for a gateway port: the pods themselves, or the nodes' ports. */
export async function expectedMembers(
  { lab, api }: Scene,
  port: number,
): Promise<readonly string[]> {
  if (lab.members === 'nodes') {
    const service = (await api.get(INGRESS_SERVICE)) as {
      spec?: { ports?: readonly { port: number; nodePort?: number }[] };
    };
    const nodePort = service.spec?.ports?.find((p) => p.port === port)?.nodePort;
    return lab.nodeAddresses.map((address) => `${address}:${nodePort ?? 'none'}`);
  }
  const pods = (await api.list(INGRESS_PODS)) as readonly object[] as readonly PodFields[];
  const staying = pods.filter(
    (p) =>
      p.metadata.labels?.['istio'] === 'ingressgateway' &&
      p.metadata.deletionTimestamp === undefined,
  );
  return staying.map((p) => `${p.status?.podIP ?? 'none'}:${port}`);
}

/** Resolves with the answer to one line, or with the reason in brackets. */
export async function connects(scene: Scene, port: number, line: string): Promise<string> {
  return askEcho(scene.lab.virtualAddress, port, line);
}

/** Expects an answer through the virtual server. */
export function checkAnswer(scene: Scene, port: number, wanted: string): Promise<string> {
  const address = placeText(scene.lab.virtualAddress, port);
  return scene.checks.check({
    expected: `a connection to ${address} is answered "${wanted}"`,
    where: `is there a virtual server, are its members up (table above), does Envoy listen: ${scene.lab.files.log}`,
    see: async (): Promise<Seen<string>> =>
      answered(await connects(scene, port, wanted.replace(/^\w+ /, '')), wanted, address),
  });
}

/** Expects that nothing listens. */
export function checkNobody(scene: Scene, port: number, where: string): Promise<true> {
  const at = placeText(scene.lab.virtualAddress, port);
  return scene.checks.check({
    expected: `nothing answers at ${at}`,
    where,
    see: async () => nobodyAnswers(await connects(scene, port, 'hello'), at),
  });
}

/** The virtual port is the gateway's port, unless a setting overrides it. */
export async function checkPool(scene: Scene, port: number, virtualPort = port): Promise<void> {
  await scene.checks.check({
    expected:
      `virtual server ${virtualOf(scene, virtualPort)} whose pool holds what the cluster ` +
      `offers (${scene.lab.members})`,
    where: `${scene.lab.files.log} (apply's lines), and the dead-letter queues`,
    see: async () =>
      poolHolds(
        deviceRows(scene.lab.bigip),
        virtualOf(scene, virtualPort),
        await expectedMembers(scene, port),
      ),
  });
}

/** Prints the virtual servers with their members. */
export function showVirtualServers({ lab, say }: Scene): void {
  say.lines(deviceTable(deviceRows(lab.bigip)));
}
