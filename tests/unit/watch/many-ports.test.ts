/** Work for an ingress with many ports grows with their number, not with its square. */
import { expect, test } from '@jest/globals';
import { isOwnServiceWrite } from '../../../functions/watch/emit/own-writes.ts';
import { dropsServers, type Content } from '../../../functions/watch/emit/snapshot-content.ts';
import { planPorts } from '../../../functions/watch/ports/port-plan.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';

type Ports = KubernetesObjects['services'][number]['ports'];
const META = { namespace: 'istio-system', name: 'istio-ingressgateway' };

function objectsOf(count: number): KubernetesObjects {
  const numbers = Array.from({ length: count }, (_, n) => 20_000 + n);
  return KubernetesObjects.parse({
    gateways: numbers.map((number) => ({
      meta: { namespace: 'default', name: `gw-${number}` },
      selector: {},
      servers: [{ port: { number, protocol: 'TCP' }, hosts: ['*'] }],
    })),
    services: [
      { meta: META, selector: {}, ports: numbers.map((port) => ({ port, name: `p${port}` })) },
    ],
  });
}

/** Ports that count how often their number is read. */
function counting(ports: Ports): { readonly ports: Ports; readonly reads: () => number } {
  let reads = 0;
  const watched = ports.map((port) =>
    Object.defineProperty({ ...port }, 'port', {
      enumerable: true,
      get: () => {
        reads += 1;
        return port.port;
      },
    }),
  );
  return { ports: watched, reads: () => reads };
}

/** Reads of each port for 20 and for 200 ports. */
function readsEach(
  work: (service: KubernetesObjects['services'][number]) => void,
): readonly number[] {
  return [20, 200].map((count) => {
    const [service] = objectsOf(count).services;
    if (service === undefined) throw new Error('there is no Service');
    const { ports, reads } = counting(service.ports);
    work({ ...service, ports });
    return reads() / count;
  });
}

test('the plan of Service ports reads each port a fixed number of times', () => {
  const [few, many] = readsEach((service) => {
    planPorts(service, service.ports, [], [{ port: 1, protocol: 'TCP' }]);
  });
  expect(many).toBe(few);
});

test('so does the question whether only Sluice wrote to the Service', () => {
  const [few = 0, many = 0] = readsEach((object) => {
    const owned = { ports: object.ports, version: '2' };
    const observed = { of: 'services' as const, object, owned };
    const change = { what: 'updated', kind: 'Service', ...META, resourceVersion: '2' } as const;
    isOwnServiceWrite({ change, observed, before: observed } as never, () => true);
  });
  expect(many).toBeLessThanOrEqual(few);
});

test('the servers of a content are listed once, however often they are compared', () => {
  const [sent, content] = [objectsOf(3), objectsOf(4)].map((objects): Content => {
    let reads = 0;
    const { gateways } = objects;
    Object.defineProperty(objects, 'gateways', {
      get: () => {
        if ((reads += 1) > 1) throw new Error('listed again');
        return gateways;
      },
    });
    return { objects, removed: false };
  });
  if (sent === undefined || content === undefined) throw new Error('there is no content');
  expect([dropsServers(sent, content), dropsServers(sent, content)]).toEqual([false, false]);
  expect(dropsServers(content, sent)).toBe(true);
});
