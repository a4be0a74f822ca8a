import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import type { ListenerProbes, ProbeResult } from './listener-probes.ts';
import type { Recorder } from '../report/event-recorder.ts';
import { findTarget, serviceTarget } from '../report/event-targets.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

export interface ProbeReport {
  readonly probes: ListenerProbes;
  readonly mapping: PortMapping;
  readonly ref: IngressRef;
  readonly recorder: Recorder;
  readonly world: Pick<ClusterCache, 'index' | 'service'>;
  readonly speaks: () => boolean;
}

/** Says on the Gateway, and on the Service, whether what is new is listened for. */
export async function reportProbes({
  probes,
  mapping,
  ref,
  recorder,
  world,
  speaks,
}: ProbeReport): Promise<void> {
  const pods = [...world.index.pods.in(ref.namespace)].map(([, pod]) => pod);
  const verdicts = await probes.judge(mapping, pods, `${ref.namespace}/${ref.service}`);
  if (!speaks() || verdicts.length === 0) return;
  try {
    await tell(verdicts, { ref, recorder, world });
  } catch (error) {
    probes.forget(verdicts);
    throw error;
  }
}

async function tell(
  verdicts: readonly ProbeResult[],
  { ref, recorder, world }: Pick<ProbeReport, 'ref' | 'recorder' | 'world'>,
): Promise<void> {
  const service = world.service(ref.namespace, ref.service);
  for (const { server, occurrence } of verdicts) {
    const gateway = findTarget(world.index, {
      kind: 'Gateway',
      api: server.api,
      key: server.gateway,
    });
    const targets = [
      ...(gateway === undefined ? [] : [gateway]),
      ...(service === undefined ? [] : [serviceTarget(service.object.meta)]),
    ];
    for (const target of targets) await recorder.report(target, occurrence.subject, [occurrence]);
  }
}
