/** Runs the checks of `sluice doctor`, in this order. */
import type { Runtime } from '../../host/runtime.ts';
import { formatCount } from '../../domain/text/counts.ts';
import {
  networkChecks,
  poolChecks,
  secretChecks,
  senderChecks,
  storeChecks,
  tokenChecks,
  waitingChecks,
} from './checks.ts';
import { clusterChecks } from './cluster-checks.ts';
import { okFinding } from './finding.ts';
import type { DoctorFinding } from './finding.ts';
import type { OperationContext } from '../context.ts';
import { deviceChecks } from './device-checks.ts';
import { encryptionChecks } from './encryption-checks.ts';
import { keyChecks } from './key-checks.ts';
import { networkPathChecks } from './network/network-checks.ts';
import { postgresChecks } from './postgres-checks.ts';
import { queueChecks } from './queue-checks.ts';
import { releaseChecks, releaseSight } from './version-checks.ts';

/** What is checked. Without a kubeconfig, the checks of the cluster are skipped. */
export interface DoctorInput {
  readonly context: OperationContext;
  /** Path of the configuration. */
  readonly config: string;
  readonly kubeconfig?: string | undefined;
  /** Cluster that the kubeconfig leads to; absent: the only one. */
  readonly cluster?: string | undefined;
  /** Namespace of the watcher's Lease; absent: as `sluice up` finds it. */
  readonly leaseNamespace?: string | undefined;
}

/** One check; it may have several findings and does not reject for a fault that it looks for. */
export type DoctorCheck = (input: DoctorInput) => Promise<readonly DoctorFinding[]>;

/** For checks that need nothing but the runtime. */
const ofRuntime =
  (check: (runtime: Runtime) => Promise<readonly DoctorFinding[]>): DoctorCheck =>
  ({ context }) =>
    check(context.runtime);

/** All checks, in the order of the output. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [
  async ({
    context: {
      runtime: { config },
    },
    config: file,
  }) => [
    okFinding(
      { id: 'configuration', what: 'configuration' },
      `${file}, generation ${config.generation}: ` +
        `${formatCount(config.devices.length, 'device')}, ` +
        `${formatCount(config.clusters.length, 'cluster')}, ` +
        formatCount(config.ingresses.length, 'ingress', 'ingresses'),
    ),
  ],
  ofRuntime(senderChecks),
  ofRuntime(keyChecks),
  ofRuntime(networkChecks),
  ofRuntime(encryptionChecks),
  ofRuntime(secretChecks),
  ofRuntime(tokenChecks),
  ofRuntime(deviceChecks),
  ofRuntime(poolChecks),
  ofRuntime(queueChecks),
  ofRuntime(postgresChecks),
  ({ context }) => storeChecks(context),
  ({ context }) => waitingChecks(context),
  ({ context }) =>
    releaseChecks(releaseSight(context), context.runtime.config.failures.replay.length),
  ({ context, ...options }) => networkPathChecks(context.runtime, options),
  async ({ context, kubeconfig, ...options }) =>
    kubeconfig === undefined
      ? []
      : clusterChecks(context.runtime, { ...options, kubeconfig }, releaseSight(context)),
];

/** Run in parallel, reported in the order of the table. */
export async function runDoctor(input: DoctorInput): Promise<readonly DoctorFinding[]> {
  return (await Promise.all(DOCTOR_CHECKS.map((check) => check(input)))).flat();
}
