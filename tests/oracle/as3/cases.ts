/** What both devices are asked. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod';
import { INNER_NAMES } from '../../../infra/lab/bigip/index.ts';
import type { InnerName } from '../../../infra/lab/bigip/index.ts';

export type Step =
  | {
      readonly kind: 'call';
      readonly method: string;
      readonly path: string;
      readonly body?: unknown;
    }
  /** The next such call inside the device fails. */
  | { readonly kind: 'fault'; readonly call: InnerName; readonly status: number };

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** The cases by kind, in their order. */
export interface Cases {
  readonly declarations: readonly Case[];
  readonly sequences: readonly Case[];
  readonly 'inner faults': readonly Case[];
}

const DECLARE = '/mgmt/shared/appsvcs/declare';
const FIXTURES = resolve(import.meta.dirname, '../../fixtures');
const unzip = promisify(gunzip);

const Asked = z.object({
  method: z.string(),
  path: z.string().startsWith('/mgmt/'),
  body: z.unknown().optional(),
});
const Sequence = z.object({
  name: z.string(),
  steps: z.array(z.union([Asked, z.object({ class: z.string() }).loose()])),
});
const Sequences = z.object({ planned: z.array(Sequence), changes: z.array(Sequence) });
const InnerFaults = z.array(
  z.object({ inner: z.string(), innerCode: z.number(), calls: z.number() }),
);

const declare = (body: unknown): Step => ({ kind: 'call', method: 'POST', path: DECLARE, body });

function caseOf({ name, steps }: z.infer<typeof Sequence>): Case {
  return {
    name,
    steps: steps.map((step) =>
      'path' in step && 'method' in step
        ? { kind: 'call', method: String(step.method), path: String(step.path), body: step['body'] }
        : declare(step),
    ),
  };
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown;
}

/** Declarations of released versions, each of which a device may have. */
async function golden(): Promise<readonly Case[]> {
  const folder = join(FIXTURES, 'golden/0.1.0/declarations');
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => ({
      name: `golden ${name.replace('.json', '')}`,
      steps: [declare(await json(join(folder, name)))],
    })),
  );
}

/** A partition that has one pool and refers to one iRule. */
function gateway(virtualPort: number): object {
  return {
    class: 'ADC',
    schemaVersion: '3.50.0',
    k8s: {
      class: 'Tenant',
      gateway: {
        class: 'Application',
        virtual: {
          class: 'Service_TCP',
          virtualAddresses: ['10.0.0.1'],
          virtualPort,
          pool: 'pool',
          iRules: [{ bigip: '/Common/r1' }],
        },
        pool: { class: 'Pool', members: [{ servicePort: 80, serverAddresses: ['10.1.0.1'] }] },
      },
    },
  };
}

/** The change of a port while one of AS3's calls fails. */
async function innerFaults(): Promise<readonly Case[]> {
  const rows = InnerFaults.parse(await json(join(FIXTURES, 'as3-inner-faults.json')));
  return rows.flatMap(({ inner, innerCode: status, calls }) => {
    const call = INNER_NAMES.find((name) => name === inner);
    if (calls === 0 || call === undefined) return [];
    const steps: readonly Step[] = [
      declare(gateway(80)),
      { kind: 'fault', call, status },
      declare(gateway(81)),
    ];
    return [{ name: `${call} ${status}`, steps }];
  });
}

/** `harness` has the recorded sequences. */
export async function readCases(harness: string): Promise<Cases> {
  const packed = await readFile(join(harness, 'sequences.json.gz'));
  const text = (await unzip(packed, { maxOutputLength: 64 * 1024 * 1024 })).toString('utf8');
  const { planned, changes } = Sequences.parse(JSON.parse(text));
  return {
    declarations: [...(await golden()), ...planned.map(caseOf)],
    sequences: changes.map(caseOf),
    'inner faults': await innerFaults(),
  };
}
