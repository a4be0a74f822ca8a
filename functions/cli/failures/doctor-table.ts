/** What `sluice doctor` checks, in this order. */
import type { Runtime } from '../../../shared/runtime/runtime.ts';
import { counted } from '../output.ts';
import {
  clusterChecks,
  networkChecks,
  poolChecks,
  secretChecks,
  senderChecks,
  storeChecks,
  waitingChecks,
} from './checks.ts';
import type { Finding } from './checks.ts';
import type { Desk } from './context.ts';
import { deviceChecks } from './device-checks.ts';
import { keyChecks } from './key-checks.ts';
import { queueChecks } from './queue-checks.ts';

export interface Patient {
  readonly desk: Desk;
  /** The file. */
  readonly config: string;
  readonly kubeconfig?: string | undefined;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]>;

const ofRuntime =
  (check: (runtime: Runtime) => Promise<readonly Finding[]>): Check =>
  ({ desk }) =>
    check(desk.runtime);

export const CHECKS: readonly Check[] = [
  async ({
    desk: {
      runtime: { config },
    },
    config: file,
  }) => [
    {
      what: 'configuration',
      ok: true,
      says: `${file}, generation ${config.generation}: ${counted(config.devices.length, 'device')}, ${counted(config.clusters.length, 'cluster')}, ${counted(config.ingresses.length, 'ingress', 'ingresses')}`,
    },
  ],
  ofRuntime(senderChecks),
  ofRuntime(keyChecks),
  ofRuntime(networkChecks),
  ofRuntime(secretChecks),
  ofRuntime(deviceChecks),
  ofRuntime(poolChecks),
  ofRuntime(queueChecks),
  ({ desk }) => storeChecks(desk),
  ({ desk }) => waitingChecks(desk),
  ({ desk, kubeconfig }) =>
    kubeconfig === undefined ? Promise.resolve([]) : clusterChecks(desk.runtime, kubeconfig),
];

/** Side by side, told in the order of the table. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  return (await Promise.all(CHECKS.map((check) => check(patient)))).flat();
}
