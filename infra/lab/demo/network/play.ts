/** `npm run demo -- network`: how BIG-IP reaches pods, through tunnels and by routes. */
import type { Clock } from '../../../../shared/runtime/clock.ts';
import type { Lab } from '../../lab.ts';
import { createChecks } from '../check.ts';
import { PROBE_MS } from '../fleet/landscape.ts';
import type { Say } from '../say.ts';
import { drainsPod } from './drain.ts';
import { carries, moves, replaced, restores } from './nodes.ts';
import { flannel, prepares, routes, secondTunnel } from './scenes.ts';

/**
 * Plays all scenes on a running lab. Returns how many checks passed, or throws at the first that
 * failed.
 */
export async function playNetwork(lab: Lab, say: Say, clock: Clock): Promise<number> {
  say.title('Sluice: how BIG-IP reaches pods');
  say.why(
    `lab: ${lab.sites.length} clusters (east and west with flannel, south with routes), 1 BIG-IP ` +
      `that drops packets for which it has no path; queue ${lab.queue}`,
  );
  lab.bigip.faults.timings.monitorInterval = PROBE_MS;
  const checks = createChecks(clock, say);
  const scenes = [
    prepares,
    flannel,
    secondTunnel,
    routes,
    moves,
    carries,
    restores,
    drainsPod,
    replaced,
  ];
  for (const act of scenes) await act({ lab, checks, say, clock });
  return checks.passed();
}
