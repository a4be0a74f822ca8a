/** `npm run demo -- fleet`: many clusters, one BIG-IP. */
import { openFailures } from '../../../../shared/failures/open.ts';
import type { Clock } from '../../../../shared/runtime/clock.ts';
import type { Lab } from '../../lab.ts';
import { createChecks } from '../check.ts';
import type { Say } from '../say.ts';
import { PROBE_MS } from './landscape.ts';
import { forgery } from './forgery.ts';
import { comesBack, dies } from './death.ts';
import { drainsCluster } from './drain.ts';
import { conflicts, joins, leaves, merges } from './scenes.ts';

/**
 * Plays all scenes on a running lab. Returns how many checks passed, or throws at the first that
 * failed.
 */
export async function playFleet(lab: Lab, say: Say, clock: Clock): Promise<number> {
  say.title('Sluice: many clusters, one BIG-IP');
  const fleet = lab.sites.filter((site) => site.fleet === true).map(({ id }) => id);
  say.why(
    `lab: ${lab.sites.length} clusters (${lab.sites.map(({ id }) => id).join(', ')}), ` +
      `1 BIG-IP; fleet production: ${fleet.join(', ')}; queue ${lab.queue}`,
  );
  lab.bigip.faults.timings.monitorInterval = PROBE_MS;
  const failures = openFailures(lab.pipeline.runtime.config.failures, {
    ...lab.pipeline.runtime,
    clock,
  });
  try {
    const checks = createChecks(clock, say);
    for (const act of [joins, merges, conflicts, forgery, dies, comesBack, drainsCluster, leaves])
      await act({ lab, failures, checks, say, clock });
    return checks.passed();
  } finally {
    await failures.close();
  }
}
