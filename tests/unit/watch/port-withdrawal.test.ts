/** A Service port that nobody needs is taken away once, also while the cache is behind. */
import { expect, test } from '@jest/globals';
import type { WatchedIngress } from '../../../functions/watch/ingresses.ts';
import { ServicePorts } from '../../../functions/watch/ports/reconcile-ports.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { normaliseService } from '../../../shared/kubernetes/objects/index.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

const REF = { namespace: 'istio-system', service: 'istio-ingressgateway' };
const OLD = { port: 32_400, protocol: 'TCP' };
const service = (ports: readonly object[]): RawObject => ({
  metadata: { namespace: REF.namespace, name: REF.service, uid: 'u' },
  spec: { selector: {}, ports },
});

test.each([
  ['the Service does not have it any more', service([])],
  ['the Service is gone', undefined],
])('if %s, the API server is asked once and not again and again', async (_why, live) => {
  const clock = createManualClock();
  let reads = 0;
  const ports = new ServicePorts({
    cache: {
      service: () => ({
        of: 'services',
        object: normaliseService(service([{ name: 'tcp-32400', ...OLD }])),
        owned: { version: '1', ports: [OLD], status: false, statusManagers: [] },
      }),
      index: { gateways: new Map(), apiGateways: new Map() },
    } as never,
    client: {
      get: () => {
        reads += 1;
        return Promise.resolve(live);
      },
    } as never,
    recorder: { report: () => undefined },
    ingress: { ref: REF, servicePorts: 'manage', withdraw: true } as WatchedIngress,
    clock,
    log: createLogger('silent'),
    ownPorts: { nodePort: () => undefined },
  });
  ports.demand({ missing: [], wants: { has: () => false }, newest: { epoch: 1, counter: 1 } });
  expect(await ports.reconcile()).toBeUndefined();
  ports.settled({ epoch: 1, counter: 2 });
  await clock.pass((await ports.reconcile())!);
  expect(await ports.reconcile()).toBeUndefined();
  expect(reads).toBe(1);
});
