/** A site on which every room has something to show. */
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Site } from '../../fixtures/failures/site.ts';

const EAST = 'east/istio-system/istio-ingressgateway';
const WEST = 'west/istio-system/istio-ingressgateway';
const HOUR_MS = 3_600_000;

const RESPONSE = `declaration failed
01070734:3: Configuration error: The iRule (/Common/geo) was not found.
Unexpected Error: Validation failed with tmsh in partition k8s`;

/** Its configuration, with a pool of addresses. */
export function busyConfig({ runtime: { config } }: Site): SluiceConfig {
  const addressPools = [{ name: 'public', ranges: ['172.16.100.0/24'] }];
  return SluiceConfig.parse({ ...config, addressPools });
}

const finding = {
  device: 'bigip-1',
  partition: 'k8s',
  kind: 'differs',
  code: 'BIP451',
  repairable: true,
  heal: 'declare',
} as const;

/** A replay job, an audit with differences, a device that is away, and entries of people. */
export async function makeBusy(site: Site): Promise<void> {
  const { failures, runtime } = site;
  const now = runtime.clock.now();
  await site.declare(EAST, 4, [443, 8_443, 32_400]);
  await site.declare('north/istio-system/istio-ingressgateway', 2, [5_432]);
  site.refusal.response = RESPONSE;
  await site.fail(WEST, 2, [4, 5, 6]);
  const job = await site.plan('code:BIP421 cluster:west', { canary: 1 });
  await failures.jobs.update(job.id, (one) => ({
    ...one,
    state: 'paused',
    reason: 'a second look',
  }));
  await failures.views.noteAudit({
    device: 'bigip-1',
    hostname: 'bigip-1.example.com',
    software: '3.56.0',
    findings: [
      {
        ...finding,
        object: '/k8s/team_web/172.16.100.195_443_tcp',
        message: 'connectionLimit is 100, declared is 0',
      },
      {
        ...finding,
        kind: 'foreign',
        code: 'BIP455',
        object: '/k8s/by-hand/a-virtual-server-with-a-rather-long-name-of-somebody-else',
        message: 'Sluice did not declare it',
        repairable: false,
      },
    ],
  });
  const entry = {
    who: 'bob@example.com',
    selection: 'cluster west on bigip-1',
    why: 'maintenance',
  };
  await failures.audit.append({ ...entry, action: 'cluster drain', result: 'sent to one device' });
  await failures.audit.append({ ...entry, action: 'cluster enable', result: 'begun' });
  await failures.audit.append({
    ...entry,
    action: 'console refused',
    result: 'requires admin; refused',
  });
  const away = { code: 'BIP501', reason: 'bigip-2: no connection' };
  await failures.waiting.updateMark('bigip-2', () => ({
    format: 1,
    device: 'bigip-2',
    state: 'away',
    since: now - HOUR_MS,
    ...away,
    due: now,
    failedReturns: 0,
  }));
  await failures.waiting.keep({
    kind: 'order',
    device: 'bigip-2',
    subject: 'west',
    what: 'drain cluster west',
    group: 'order-west',
    sentAt: now - HOUR_MS,
    since: now - HOUR_MS,
    body: '{}',
    deduplicationId: 'order-west',
    attempts: [],
  });
}
