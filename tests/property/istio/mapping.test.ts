import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { mapAll, mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type {
  Listener,
  MissingServicePort,
  PortMapping,
} from '../../../shared/domain/istio/port-mapping.ts';
import { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { INGRESS } from '../../fixtures/kubernetes.ts';
import { anyCluster, anyMesh, shuffled } from './cluster.ts';

const RUNS = { numRuns: 300 };

function socket({ port, bind, transport }: Listener): string {
  return `${bind ?? ''}:${port}/${transport}`;
}

function sockets(mapping: PortMapping): string[] {
  return mapping.listeners.map(socket);
}

/** As the watcher does: appends the ports to their Services. */
function withPorts(
  objects: KubernetesObjects,
  missing: readonly MissingServicePort[],
): KubernetesObjects {
  const services = objects.services.map((service) => {
    const added = missing.filter(
      (one) => one.service === `${service.meta.namespace}/${service.meta.name}`,
    );
    return {
      ...service,
      ports: [
        ...service.ports,
        ...added.map(({ name, port, targetPort, protocol }) => ({
          name,
          port,
          targetPort,
          protocol,
        })),
      ],
    };
  });
  return { ...objects, services };
}

/**
 * As in every chart. A Service without any port is no mesh service yet, and its first port makes it
 * one for AUTO_PASSTHROUGH.
 */
const STATUS_PORT: MissingServicePort = {
  service: 'istio-system/istio-ingressgateway',
  name: 'status-port',
  port: 15_020,
  targetPort: 15_020,
  protocol: 'TCP',
  gateways: [],
};

describe('for any cluster', () => {
  test('the mapping never throws, and every report fits its type', () => {
    fc.assert(
      fc.property(anyCluster, anyMesh, (objects, mesh) => {
        const mappings = [mapIngress(INGRESS, objects, mesh), ...mapAll(objects, mesh)];
        for (const report of mappings.flatMap(({ servers }) => servers))
          expect(ServerReport.safeParse(report).error).toBeUndefined();
      }),
      RUNS,
    );
  });

  test('the order of the input never matters', () => {
    const both = anyCluster.chain((objects) => fc.tuple(fc.constant(objects), shuffled(objects)));
    fc.assert(
      fc.property(both, anyMesh, ([objects, other], mesh) => {
        expect(mapIngress(INGRESS, other, mesh)).toEqual(mapIngress(INGRESS, objects, mesh));
        expect(mapAll(other, mesh)).toEqual(mapAll(objects, mesh));
      }),
      RUNS,
    );
  });

  test('every server of every gateway is reported, once for each ingress at most', () => {
    fc.assert(
      fc.property(anyCluster, anyMesh, (objects, mesh) => {
        const mappings = mapAll(objects, mesh);
        for (const { servers } of mappings) {
          const keys = servers.map(({ api, gateway, server }) => `${api} ${gateway} ${server}`);
          expect(new Set(keys).size).toBe(keys.length);
        }
        const said = new Set(
          mappings.flatMap(({ servers }) =>
            servers.map(({ api, gateway, server }) => `${api} ${gateway} ${server}`),
          ),
        );
        const wanted = objects.gateways.flatMap(({ meta, servers }) =>
          servers.map((_, i) => `istio ${meta.namespace}/${meta.name} ${i}`),
        );
        expect(wanted.filter((key) => !said.has(key))).toEqual([]);
      }),
      RUNS,
    );
  });

  test('reports and listeners agree', () => {
    fc.assert(
      fc.property(anyCluster, anyMesh, (objects, mesh) => {
        const mapping = mapIngress(INGRESS, objects, mesh);
        const ports = new Set(mapping.listeners.map(({ port }) => port));
        for (const report of mapping.servers) {
          if (report.verdict === 'listening') expect(report.envoyPorts.length).toBeGreaterThan(0);
          else if (report.verdict !== 'unreachable-bind') expect(report.envoyPorts).toEqual([]);
          expect(report.envoyPorts.filter((port) => !ports.has(port))).toEqual([]);
          expect(report.code === 'OK').toBe(report.verdict === 'listening');
          for (const port of report.servicePorts)
            if (port.reachesListener) expect(report.envoyPorts).toContain(port.targetPort);
        }
      }),
      RUNS,
    );
  });

  test('removing a Gateway never changes a listener on another port', () => {
    fc.assert(
      fc.property(anyCluster, anyMesh, fc.nat(), (objects, mesh, pick) => {
        fc.pre(objects.gateways.length > 0);
        const gone = objects.gateways[pick % objects.gateways.length];
        const key = `${gone?.meta.namespace}/${gone?.meta.name}`;
        const before = mapIngress(INGRESS, objects, mesh);
        const after = mapIngress(
          INGRESS,
          { ...objects, gateways: objects.gateways.filter((one) => one !== gone) },
          mesh,
        );
        const numbers = new Set(
          before.servers
            .filter(({ api, gateway }) => api === 'istio' && gateway === key)
            .map(({ port }) => port),
        );
        const related = new Set(
          objects.services.flatMap(({ ports }) =>
            ports
              .filter(({ port }) => numbers.has(port))
              .map(({ port, targetPort }) => (targetPort === 'web' ? 8080 : (targetPort ?? port))),
          ),
        );
        const unrelated = (mapping: PortMapping): Listener[] =>
          mapping.listeners.filter(({ port }) => !numbers.has(port) && !related.has(port));
        expect(unrelated(after)).toEqual(unrelated(before));
      }),
      RUNS,
    );
  });

  test('with the missing ports added, all listeners stay and nothing is missing any more', () => {
    fc.assert(
      fc.property(anyCluster, anyMesh, (cluster, mesh) => {
        const objects = withPorts(cluster, [STATUS_PORT]);
        const before = mapIngress(INGRESS, objects, mesh);
        const after = mapIngress(INGRESS, withPorts(objects, before.missing), mesh);
        expect(after.missing).toEqual([]);
        expect(sockets(before).filter((one) => !sockets(after).includes(one))).toEqual([]);
        // A server that listened on the number itself, because no Service port led there, moves to
        // the target port, and a younger server gets its listener.
        const added = before.missing.flatMap(({ port, targetPort }) => [port, targetPort]);
        expect(
          after.listeners.filter(
            (one) => !sockets(before).includes(socket(one)) && !added.includes(one.port),
          ),
        ).toEqual([]);
      }),
      RUNS,
    );
  });

  test('ports to add have unique DNS labels as names, and are neither reserved nor present', () => {
    fc.assert(
      fc.property(anyCluster, anyMesh, (objects, mesh) => {
        for (const mapping of mapAll(objects, mesh)) {
          for (const service of objects.services) {
            const added = mapping.missing.filter(
              (one) => one.service === `${service.meta.namespace}/${service.meta.name}`,
            );
            const names = added.map(({ name }) => name);
            expect(new Set([...names, ...service.ports.map(({ name }) => name)]).size).toBe(
              names.length + new Set(service.ports.map(({ name }) => name)).size,
            );
            for (const { name, port, targetPort } of added) {
              expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
              expect(
                service.ports.filter((there) => there.port === port && there.protocol === 'TCP'),
              ).toEqual([]);
              expect([15_021, 15_020, 15_090]).not.toContain(port);
              expect([15_021, 15_020, 15_090]).not.toContain(targetPort);
            }
          }
        }
      }),
      RUNS,
    );
  });
});
