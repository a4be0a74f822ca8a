import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { compare } from '../../oracle/kube/compare.ts';
import { harmless } from '../../oracle/kube/harmless.ts';
import { KNOWN } from '../../oracle/kube/known.ts';
import { readRows } from '../../oracle/kube/rows.ts';
import { accountObjects } from '../../oracle/kube/watcher/account.ts';
import { knownTable } from '../../oracle/report.ts';

const rows = harmless(readRows());

test('the calls to a real API server stay in the namespaces of the oracle', () => {
  const places = rows.flatMap(({ path, watch }) =>
    [...(path ?? watch ?? '').matchAll(/\/namespaces\/([^/?]+)/g)].map(([, name]) => name),
  );
  expect(new Set(places)).toEqual(
    new Set(['sluice-oracle-calls', 'sluice-oracle-ending', 'sluice-oracle-none']),
  );
  const writes = rows.filter(({ method = 'GET' }) => method !== 'GET');
  expect(writes.filter(({ path = '' }) => !path.includes('/namespaces/sluice-oracle-'))).toEqual(
    [],
  );
});

test('no controller of a cluster acts on the Services and Gateways of the calls', () => {
  const specs = rows.flatMap(({ body }) => {
    const { spec } = (body ?? {}) as { readonly spec?: Readonly<Record<string, unknown>> };
    return spec === undefined ? [] : [spec];
  });
  const balanced = specs.filter(({ type }) => type === 'LoadBalancer');
  expect(new Set(balanced.map(({ loadBalancerClass }) => loadBalancerClass))).toEqual(
    new Set(['sluice-oracle.example.com/none']),
  );
  const selectors = specs.flatMap(({ servers, selector }) => (servers ? [selector] : []));
  expect(new Set(selectors.map((one) => JSON.stringify(one)))).toEqual(
    new Set(['{"istio":"sluice-oracle"}']),
  );
});

test('a difference names the path and both values', () => {
  const real = { code: 200, list: [{ a: 1 }], only: 'here' };
  const lab = { code: 200, list: [{ a: 2 }, {}] };
  expect(compare('svc-create', real, lab)).toEqual([
    { what: 'list[0].a: 1, lab 2', where: 'svc-create' },
    { what: 'list[1]: absent, lab {}', where: 'svc-create' },
    { what: 'only: "here", lab absent', where: 'svc-create' },
  ]);
});

test('docs/oracles.md has the known differences from a real API server', async () => {
  const page = await readFile(new URL('../../../docs/oracles.md', import.meta.url), 'utf8');
  expect(page).toContain(`\n${knownTable(KNOWN)}\n`);
});

test('the account of the watcher has the rights that are installed, under names of the oracle', async () => {
  const objects = (await accountObjects()).map(({ object }) => object);
  const names = objects.flatMap(({ kind, metadata, subjects, roleRef }) => [
    ...(kind === 'ServiceAccount' ? [] : [metadata.name]),
    ...(metadata.namespace === undefined ? [] : [metadata.namespace]),
    ...(roleRef === undefined ? [] : [roleRef.name, subjects[0].namespace]),
  ]);
  expect(names.filter((name) => !name.startsWith('sluice-oracle-'))).toEqual([]);
  const rules = objects.flatMap((object): readonly object[] => object.rules ?? []);
  expect(rules).toContainEqual({
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
  });
});
