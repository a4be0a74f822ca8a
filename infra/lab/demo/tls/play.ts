/** `npm run demo -- tls`: TLS, a redirect, a WAF policy and a source network at BIG-IP. */
import type { Clock } from '../../../../shared/runtime/clock.ts';
import type { Lab } from '../../lab.ts';
import { createChecks } from '../check.ts';
import { createKubernetesApi } from '../kubernetes-api.ts';
import type { Say } from '../say.ts';
import { equip } from './landscape.ts';
import { keepsOut, offloads, redirectsPort80, requires } from './scenes.ts';

/**
 * Plays all scenes on a running lab. Returns how many checks passed, or throws at the first that
 * failed.
 */
export async function playTls(lab: Lab, say: Say, clock: Clock): Promise<number> {
  say.title('Sluice: what BIG-IP adds in front of the mesh');
  say.why(
    `lab: 1 cluster, 1 BIG-IP with a client SSL profile and a WAF policy of its administrators; queue ${lab.queue}`,
  );
  equip(lab.bigip);
  const checks = createChecks(clock, say);
  const scene = { lab, say, clock, checks, api: createKubernetesApi(lab.kubernetes) };
  for (const act of [offloads, redirectsPort80, keepsOut, requires]) await act(scene);
  return checks.passed();
}
