import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Lab } from '../lab.ts';
import { createChecks } from './check.ts';
import { createKubernetesApi } from './kubernetes-api.ts';
import type { Say } from './say.ts';
import {
  configMapMoves,
  firstGateway,
  gatewayDeleted,
  nothingYet,
  podGoes,
  secondGateway,
} from './scenes.ts';

/**
 * Plays all scenes on a running lab. Returns how many checks passed, or throws at the first that
 * failed.
 */
export async function play(lab: Lab, say: Say, clock: Clock): Promise<number> {
  say.title('Sluice: from an Istio Gateway to BIG-IP, automatically');
  say.why(
    `lab: ${lab.cluster.pods('istio-ingressgateway').length} gateway pods, 1 BIG-IP, ` +
      `queue ${lab.queue}, pool members are ${lab.members}`,
  );
  const checks = createChecks(clock, say);
  const scene = { lab, say, clock, checks, api: createKubernetesApi(lab.kubernetes) };
  for (const act of [
    nothingYet,
    firstGateway,
    secondGateway,
    configMapMoves,
    podGoes,
    gatewayDeleted,
  ])
    await act(scene);
  return checks.passed();
}
