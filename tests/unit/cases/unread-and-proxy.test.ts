/**
 * Objects that may not be read, and the PROXY protocol of the mesh: reported where users look,
 * without refusing anything.
 */
import { describe, expect, test } from '@jest/globals';
import { buildExposures } from '../../../shared/domain/exposure/build.ts';
import { mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { context, REF, world } from '../exposure/fixtures.ts';
import { gateway, ingress, judge, SLUICE, type Judged } from '../../fixtures/cases.ts';

const PORTS = '{name: http, port: 80}';

describe('gatewayTopology.proxyProtocol as a default of the mesh', () => {
  const config = (mesh: string, name = 'istio'): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: istio-system}
data: {mesh: '${mesh}'}
---
`;
  const PROXY = 'defaultConfig: {gatewayTopology: {proxyProtocol: {}}}';
  const env = (value: string): string =>
    ingress(PORTS).replace(
      'args: [proxy, router]',
      `args: [proxy, router], env: [{name: PROXY_CONFIG, value: '${value}'}]`,
    );
  const proxyNotes = ({ notes }: Judged): readonly string[] =>
    notes.filter((note) => note.includes('GW141'));

  test('is reported for pods without a configuration of their own, and the port stays offered', () => {
    const judged = judge(ingress(PORTS) + config(PROXY) + gateway('web', ['80']));
    expect(judged.offered).toEqual(['172.16.100.195:80/tcp']);
    expect(proxyNotes(judged)).toEqual([
      expect.stringMatching(
        /^Gateway edge\/web: GW141 ConfigMap istio-system\/istio .*PROXY protocol.*sluice\.io\/proxy-protocol/,
      ),
    ]);
  });

  test.each<[string, string]>([
    ['the mesh expects none', ingress(PORTS) + config('defaultConfig: {}')],
    [
      'the mesh sets null',
      ingress(PORTS) + config('defaultConfig: {gatewayTopology: {proxyProtocol: null}}'),
    ],
    ['the pods were injected with another one', env('{}') + config(PROXY)],
    ['another revision expects it', ingress(PORTS) + config(PROXY, 'istio-canary')],
  ])('is not where %s', (_, manifests) => {
    expect(proxyNotes(judge(manifests + gateway('web', ['80'])))).toEqual([]);
  });

  test('counts as expected where an annotation sends it', () => {
    const sent = gateway('web', ['80'], '{sluice.io/proxy-protocol: /Common/proxy}');
    const sluice = `${SLUICE}policy: {references: [/Common/proxy]}\n`;
    const notesOf = (mesh: string): readonly string[] =>
      proxyNotes(judge(ingress(PORTS) + config(mesh) + sent, sluice));
    expect(notesOf(PROXY)).toEqual([]);
    expect(notesOf('{}')).toHaveLength(1);
  });
});

describe('a kind that the watcher could not read', () => {
  const { objects } = world({});
  const notes = (optionalKinds: KubernetesObjects['optionalKinds']): readonly string[] => {
    const all = { ...objects, optionalKinds };
    const { mesh } = context();
    const built = buildExposures(REF, all, mapIngress(REF, all, mesh), context());
    return built.notes.map(({ object, code, message }) => `${object} ${code} ${message}`);
  };
  const READ = { referenceGrants: [], ingresses: [], envoyFilters: [], meshConfigs: [] };

  test('is reported at the Service, with the right that is missing', () => {
    const { ingresses: _ingresses, ...withoutIngresses } = READ;
    const { envoyFilters: _envoyFilters, ...withoutFilters } = READ;
    const { meshConfigs: _meshConfigs, ...withoutMesh } = READ;
    const found = [withoutIngresses, withoutFilters, withoutMesh].flatMap(notes);
    expect(found).toEqual([
      expect.stringMatching(
        /^Service istio-system\/istio-ingressgateway GW161 .*ingresses\.networking\.k8s\.io/,
      ),
      expect.stringMatching(/GW161 .*envoyfilters\.networking\.istio\.io/),
      expect.stringMatching(/GW161 .*ConfigMap.*istio-system.*discoverySelectors/),
    ]);
  });

  test('is not where all are read, nor in what 0.1.0 sends', () => {
    expect(notes(READ)).toEqual([]);
    expect(notes(undefined)).toEqual([]);
  });

  test('is not the mesh ConfigMap where sluice.yaml sets the selectors', () => {
    const { meshConfigs: _meshConfigs, ...withoutMesh } = READ;
    const all = { ...objects, optionalKinds: withoutMesh };
    const given = context();
    const mesh = { ...given.mesh, discoverySelectors: [] };
    expect(buildExposures(REF, all, mapIngress(REF, all, mesh), { ...given, mesh }).notes).toEqual(
      [],
    );
  });
});
