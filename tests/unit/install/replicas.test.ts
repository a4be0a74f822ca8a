/** The overlay `replicas`: the watcher, and functions that share a database. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { registerUp } from '../../../functions/cli/commands/up.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { FUNCTIONS } from '../../../shared/queue/functions.ts';
import { describeWith } from './described.ts';
import {
  container,
  deployment,
  FOLDER,
  kustomize,
  one,
  workloads,
  type Manifest,
} from './manifests.ts';
import { hasLabels, scraped } from './scraped.ts';

describeWith(['kubectl'])('replicas with PostgreSQL', () => {
  let folder: string;
  let all: readonly Manifest[];
  let watcher: readonly Manifest[];
  let functions: readonly Manifest[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-replicas-'));
    all = kustomize(join(FOLDER, 'overlays/replicas'));
    [watcher = [], functions = []] = workloads(all);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('run two watchers and two processes with the functions alone', () => {
    expect([watcher, functions].map((each) => deployment(each).replicas)).toEqual([2, 2]);
    const { args = [] } = container(functions);
    expect(args).toEqual(['up', '--no-watch', '--config', '$(SLUICE_CONFIG)']);
    const program = new Command();
    registerUp(program);
    const known = program.commands[0]!.options.map(({ long }) => long);
    expect(known).toEqual(expect.arrayContaining(args.filter((each) => each.startsWith('--'))));
  });

  test('are selected by exactly one Deployment, budget and NetworkPolicy each', () => {
    for (const part of [watcher, functions]) {
      const { labels } = deployment(part).template.metadata;
      for (const kind of ['Deployment', 'PodDisruptionBudget', 'NetworkPolicy']) {
        const found = all.filter((each) => {
          const spec = each.spec as { selector?: Selector; podSelector?: Selector };
          const selector = spec?.selector ?? spec?.podSelector;
          return each.kind === kind && hasLabels(labels, selector?.matchLabels ?? {});
        });
        expect(found).toEqual([one(part, kind)]);
      }
      expect(deployment(part).template.spec).toMatchObject({
        topologySpreadConstraints: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: deployment(part).selector.matchLabels },
          },
        ],
      });
    }
  });

  test('get no token for the API of Kubernetes where no watcher runs', () => {
    const { spec } = deployment(functions).template;
    expect(spec['automountServiceAccountToken']).toBe(false);
    expect(all.flatMap(({ subjects = [] }) => subjects.map(({ name }) => name))).not.toContain(
      spec.serviceAccountName,
    );
  });

  test('have time to finish their messages, and are replaced one at a time', () => {
    const longest = Math.max(...FUNCTIONS.map(({ timeout }) => timeout)) / 1000;
    const { template, strategy } = deployment(functions);
    expect(template.spec['terminationGracePeriodSeconds']).toBeGreaterThan(longest);
    expect(strategy.rollingUpdate).toEqual({ maxSurge: 0, maxUnavailable: 1 });
    expect(one(functions, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });

  test('reach the database with a password from a Secret, and only the watcher the API server', () => {
    const config = parseConfig(one(all, 'ConfigMap').data?.['sluice.yaml'] ?? '', 'replicas', 1);
    if (config.queue.kind !== 'postgres') throw new Error('the overlay should use PostgreSQL');
    expect(config.failures).toMatchObject({ kind: 'postgres', host: config.queue.host });
    const ports = [watcher, functions].map((part) => {
      const { egress } = one(part, 'NetworkPolicy').spec as {
        egress: readonly { readonly ports: readonly { readonly port: number }[] }[];
      };
      return egress.flatMap((rule) => rule.ports.map(({ port }) => port));
    });
    expect(ports).toEqual([
      [53, 53, 443, 6443, config.queue.port],
      [53, 53, 443, config.queue.port],
    ]);
    for (const part of [watcher, functions])
      for (const reference of [config.queue.password, config.queue.ca]) {
        const mount = container(part).volumeMounts.find(({ mountPath }) =>
          reference?.startsWith(`file:${mountPath}/`),
        );
        expect(mount).toMatchObject({ readOnly: true });
        expect(
          deployment(part).template.spec.volumes.find(({ name }) => name === mount?.name),
        ).toMatchObject({ secret: { secretName: 'sluice-database' } });
      }
    expect(container(watcher).volumeMounts.map(({ name }) => name)).not.toContain('bigip');
  });

  /** The overlay with these components. */
  function withComponents(...names: readonly string[]): readonly Manifest[] {
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      JSON.stringify({
        resources: [relative(folder, join(FOLDER, 'overlays/replicas'))],
        components: names.map((name) => relative(folder, join(FOLDER, 'components', name))),
      }),
    );
    return kustomize(folder);
  }

  test('are scraped all, each at its port for metrics, and not at its console', () => {
    const manifests = withComponents('console', 'servicemonitor');
    expect(scraped(manifests)).toEqual([
      { pods: 'sluice', port: 'http', path: '/metrics' },
      { pods: 'sluice-functions', port: 'http', path: '/metrics' },
    ]);
    for (const part of workloads(manifests)) {
      const { ingress } = one(part, 'NetworkPolicy').spec as {
        ingress: readonly { readonly from: readonly object[] }[];
      };
      expect(ingress[0]?.from).toEqual([
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
      ]);
    }
  });

  test('serve the console and verify signatures where the functions run', () => {
    const manifests = withComponents('console', 'verify-keys');
    const [without, withBoth] = workloads(manifests).map((part) => container(part));
    expect(withBoth?.args?.slice(-2)).toEqual(['--console', '9080']);
    expect(withBoth?.volumeMounts.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['console', 'verify-keys']),
    );
    expect(without).toEqual(container(watcher));
    const { selector } = one(manifests, 'Service').spec as { selector: object };
    const served = workloads(manifests)
      .map((part) => deployment(part).template.metadata.labels)
      .map((labels) => hasLabels(labels, selector));
    expect(served).toEqual([false, true]);
  });
});

interface Selector {
  readonly matchLabels: object;
}
