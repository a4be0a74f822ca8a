import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { harmless } from '../../oracle/kube/harmless.ts';
import { kubeOracleOf } from '../../oracle/kube/index.ts';
import { readRows } from '../../oracle/kube/rows.ts';
import { openSubject } from '../../oracle/kube/subject.ts';
import { PLACES } from '../../oracle/kube/watcher/objects.ts';
import { watchScenario } from '../../oracle/kube/watcher/scenario.ts';

let lab: LabKubernetes;
let folder: string;
let before: string | undefined;
let said: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-oracle-'));
  before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = join(folder, 'config');
});
afterAll(async () => {
  if (before === undefined) delete process.env['KUBECONFIG'];
  else process.env['KUBECONFIG'] = before;
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  said = [];
  lab = await startKubernetes({ namespaceMs: 100 });
  await writeFile(join(folder, 'config'), lab.kubeconfig());
});
afterEach(() => lab.close());

/** Those that wait for nothing. */
const rows = harmless(readRows()).filter(({ watch, path = '' }) => !watch && !/-ending/.test(path));
const oracle = (...argv: readonly string[]): Promise<number> =>
  kubeOracleOf({ rows, watches: false }).run(argv, {
    out: (text) => void said.push(text),
    err: (text) => void said.push(text),
  });
const namespaces = (): readonly string[] =>
  lab.store.list('v1', 'Namespace').map(({ metadata }) => metadata.name);
const OWN = ['default', 'istio-system', 'kube-system'];

test('finds no difference between two labs, and leaves nothing', async () => {
  await oracle('--yes');
  expect(said.join('\n')).toMatch(/^\d+ answers compared, 0 differ\n\n0 unknown differences/m);
  expect([...namespaces()].sort()).toEqual(OWN);
});

test('shows which answers differ, in what, and cleans up after a failure', async () => {
  lab.faults.deny({ verbs: ['update'], resource: 'leases.coordination.k8s.io' });
  expect(await oracle('--yes')).toBe(1);
  expect(said.join('\n')).toContain('code: 403, lab 200\n        in lease-put\n');
  expect([...namespaces()].sort()).toEqual(OWN);
});

test('is interrupted after the next call, and cleans up', async () => {
  const interrupted = kubeOracleOf({ rows, watches: false }).run(['--yes'], {
    out: (text) => void said.push(text),
    err: (text) => {
      if (!text.startsWith('makes')) return;
      // Ctrl-C reaches the oracle from the terminal and from npm.
      for (let times = 0; times < 3; times += 1) expect(process.emit('SIGINT')).toBe(true);
    },
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  expect(said).toEqual([]);
  expect([...namespaces()].sort()).toEqual(OWN);
});

test('changes nothing where one of its namespaces exists', async () => {
  lab.store.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'sluice-oracle-ending' },
  });
  await expect(oracle('--yes')).rejects.toThrow(
    'Namespace sluice-oracle-ending exists already: another run may be using it; if none is, remove ' +
      'what is left with "kubectl delete namespace,clusterrole,clusterrolebinding -l app.kubernetes.io/managed-by=sluice-oracle"',
  );
  expect([...namespaces()].sort()).toEqual([...OWN, 'sluice-oracle-ending'].sort());
});

test('says what the account may not do, and removes what it could create', async () => {
  lab.faults.deny({ verbs: ['create'], resource: 'namespaces' });
  await expect(oracle('--yes')).rejects.toThrow(
    'the API server refuses to create Namespace sluice-oracle-calls: 403 namespaces is forbidden',
  );
});

test('says that the API server gives no answer', async () => {
  await lab.power(false);
  await expect(oracle('--yes')).rejects.toThrow(
    `the API server ${lab.url} of context lab gives no answer: `,
  );
});

test('asks first, and takes no other context than one of the kubeconfig', async () => {
  await expect(oracle()).rejects.toThrow(
    'no terminal to confirm on; add --yes to ask the API server',
  );
  expect(said.join('\n')).toContain('- creates Namespace sluice-oracle-calls\n');
  expect([...namespaces()].sort()).toEqual(OWN);
  await expect(oracle('--yes', '--context', 'east')).rejects.toThrow(
    'the kubeconfig has no context "east" with a cluster; choose one with --context: lab',
  );
});

test('needs the kinds of Istio, or is told to create them', async () => {
  lab.serve('networking.istio.io', false);
  await expect(oracle('--yes')).rejects.toThrow(
    'the cluster has no gateways.networking.istio.io, virtualservices.networking.istio.io; --crds FILE',
  );
});

test('the watcher sees and writes at the lab what the scenario expects', async () => {
  for (const name of Object.values(PLACES)) {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    lab.store.apply(object);
  }
  const subject = await openSubject(join(folder, 'config'));
  const seen = await watchScenario(subject, subject.kubeconfig);
  await subject.close();
  expect([...seen.keys()].filter((what) => what.endsWith('in time'))).toEqual([]);
  expect(seen.get('goes: removed')).toBe(true);
});
