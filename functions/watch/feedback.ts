/** What became of an ingress, told where its users look: Events on Gateways and Service, the Service's external address. */
import type { KubernetesObjects, Service } from '../../shared/domain/ingress/objects.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import type { WatchedIngress } from './ingresses.ts';
import { statements, statusAddresses, type Statement } from './occurrences.ts';
import type { Recorder, Target } from './recorder.ts';
import type { Results } from './results.ts';
import { gatewayTarget, serviceTarget } from './service.ts';
import { decideStatus, writeStatus } from './status.ts';
import type { World } from './world.ts';

export interface FeedbackOptions {
  readonly client: KubernetesClient;
  readonly recorder: Recorder;
  readonly world: Pick<World, 'objects' | 'service'>;
  readonly ingress: WatchedIngress;
  readonly results: Results;
  readonly log: Logger;
}

/** Level-based: says and writes what the newest results mean, however often it is called. */
export async function giveFeedback(options: FeedbackOptions): Promise<void> {
  const { ingress, world, results } = options;
  const observed = world.service(ingress.ref.namespace, ingress.ref.service);
  if (observed === undefined || results.newest() === undefined) return;
  // Status and events stand for themselves: one that fails must not keep back the other.
  const done = await Promise.allSettled([reportEvents(options, observed.object), keepStatus(options, observed)]);
  for (const part of done) if (part.status === 'rejected') throw part.reason;
}

async function reportEvents({ recorder, world, ingress, results }: FeedbackOptions, service: Service): Promise<void> {
  const scope = `${ingress.ref.namespace}/${ingress.ref.service}`;
  const all = statements(scope, results.all());
  const onService = all.filter((statement) => statement.gateway === undefined);
  await recorder.report(serviceTarget(service.meta), `${scope} result `, onService.map((statement) => statement.occurrence));
  for (const { target, said } of byGateway(all, world.objects())) {
    await recorder.report(target, `${scope} result `, said.map((statement) => statement.occurrence));
  }
}

function byGateway(all: readonly Statement[], objects: KubernetesObjects): readonly { readonly target: Target; readonly said: readonly Statement[] }[] {
  const groups = Map.groupBy(
    all.filter((statement) => statement.gateway !== undefined),
    (statement) => `${statement.api} ${statement.gateway}`,
  );
  return [...groups.values()].flatMap((said) => {
    const [first] = said;
    const target = first === undefined ? undefined : findGateway(objects, first.api, first.gateway ?? '');
    return target === undefined ? [] : [{ target, said }];
  });
}

export function findGateway(objects: KubernetesObjects, api: Statement['api'], key: string): Target | undefined {
  const gateways: readonly { readonly meta: Service['meta'] }[] = api === 'istio' ? objects.gateways : objects.apiGateways;
  const found = gateways.find(({ meta }) => `${meta.namespace}/${meta.name}` === key);
  return found === undefined ? undefined : gatewayTarget(api, found.meta);
}

async function keepStatus({ client, ingress, results, log }: FeedbackOptions, observed: NonNullable<ReturnType<World['service']>>): Promise<void> {
  const { object: service, owned } = observed;
  const present = owned.status ? service.loadBalancerIngress.flatMap((entry) => entry.ip ?? []) : [];
  const decision = decideStatus(service, owned, ingress, statusAddresses(results.all(), present));
  if (decision.kind === 'leave') return log.debug({ reason: decision.reason }, 'status left as it is');
  await writeStatus(client, service, decision.addresses);
  log.info({ addresses: decision.addresses }, 'status written');
}
