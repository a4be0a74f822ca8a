/**
 * Runs the commands that print JSON as a user does: from the built bundle, with files and with a
 * BIG-IP that has a golden declaration.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import { golden, GOLDEN } from './files.ts';

const WITH_CONFIG = ['-c', 'sluice.yaml', '-o', 'json'];
const WITH_FILES = ['-f', 'manifests.yaml', '-c', 'sluice.yaml', '--cluster', 'east', '-o', 'json'];

/** `ID` stands for the first failure of the golden store. */
export const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  // 0.1.0 always exited with 0; now a flag is needed for that.
  map: ['map', '--fail-on', 'never', ...WITH_FILES],
  why: ['why', 'team-a/second', ...WITH_FILES],
  plan: ['plan', ...WITH_FILES],
  'plan-device': ['plan', ...WITH_FILES, '--device'],
  'import-cis': [
    'import',
    'cis',
    '-f',
    'manifests.yaml',
    'cis.yaml',
    '--cluster',
    'east',
    '--pool-member-type',
    'cluster',
    '-o',
    'json',
  ],
  ports: ['ports', ...WITH_CONFIG],
  addresses: ['addresses', ...WITH_CONFIG],
  'cluster-list': ['cluster', 'list', ...WITH_CONFIG],
  status: ['status', ...WITH_CONFIG],
  trace: ['trace', 'east/default/web', ...WITH_CONFIG],
  drift: ['drift', ...WITH_CONFIG],
  'failures-list': ['failures', 'list', 'state:all', ...WITH_CONFIG],
  'failures-groups': ['failures', 'groups', 'state:all', ...WITH_CONFIG],
  'failures-show': ['failures', 'show', 'ID', ...WITH_CONFIG],
  'failures-audit': ['failures', 'audit', ...WITH_CONFIG],
  'replay-status': ['replay', 'status', ...WITH_CONFIG],
  'replay-job': ['replay', 'status', 'job-planned', ...WITH_CONFIG],
  'replay-policies': ['replay', 'policies', ...WITH_CONFIG],
};

export interface Printed {
  readonly code: number;
  readonly json: unknown;
}

export interface CommandLine {
  run(name: string): Promise<Printed>;
  close(): Promise<void>;
}

function writeConfig(dir: string, { url, ca, password, username }: LabBigip): void {
  writeFileSync(join(dir, 'ca.pem'), ca);
  writeFileSync(join(dir, 'password'), password);
  const ingress = (cluster: string): object => ({
    cluster,
    service: 'istio-system/istio-ingressgateway',
    devices: ['bigip'],
    virtualAddress: '172.16.100.195',
  });
  const config = {
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url,
        username,
        password: 'file:password',
        tls: { ca: 'file:ca.pem' },
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: 'east' }, { id: 'west' }, { id: 'north' }],
    addressPools: [
      { name: 'web', ranges: ['172.16.100.0/24'], reserved: ['172.16.100.1', '172.16.100.195'] },
    ],
    ingresses: ['east', 'west'].map(ingress),
    queue: { kind: 'sqlite', path: 'queue.sqlite' },
    failures: { kind: 'fs', path: 'failures', replay: [{ name: 'passing', classes: ['device'] }] },
  };
  writeFileSync(join(dir, 'sluice.yaml'), stringify(config));
}

async function print(bundle: string, dir: string, args: readonly string[]): Promise<Printed> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', bundle, ...args],
    { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: dir } },
  );
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  if (!/^[[{]/.test(out))
    throw new Error(`${args.join(' ')} ended with ${code} and printed no JSON: ${err}`);
  return { code, json: JSON.parse(out) };
}

export async function startCommandLine(bundle: string): Promise<CommandLine> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-golden-'));
  for (const file of ['cli/manifests.yaml', 'cli/cis.yaml', 'queue.sqlite'])
    copyFileSync(join(GOLDEN, file), join(dir, file.replace('cli/', '')));
  cpSync(join(GOLDEN, 'failures'), join(dir, 'failures'), { recursive: true });
  const bigip = await startBigip({ dataPath: false, timings: { declare: 0 } });
  await call(bigip, 'POST', '/mgmt/shared/appsvcs/declare', {
    body: JSON.parse(golden('declarations/fleet-of-equals.json')) as object,
  });
  writeConfig(dir, bigip);
  const [id = ''] =
    /(?<="id":")[0-9a-f]{16}/.exec(golden('failures.jsonl').split('\n')[1] ?? '') ?? [];
  return {
    run: (name) =>
      print(
        bundle,
        dir,
        COMMANDS[name]!.map((word) => (word === 'ID' ? id : word)),
      ),
    close: async () => {
      await bigip.close();
      rmSync(dir, { recursive: true });
    },
  };
}
