/** All commands. */
import type { Command } from 'commander';
import { registerAddresses } from './addresses.ts';
import { registerApprove } from './approve.ts';
import { registerCluster } from './cluster.ts';
import { registerDrift } from './drift.ts';
import { registerImport } from './import-cis.ts';
import { registerMap } from './map.ts';
import { registerPlan } from './plan.ts';
import { registerUp } from './up.ts';
import { registerVersion } from './version.ts';
import { registerCompletion } from './completion.ts';
import { registerDoctor } from './doctor.ts';
import { registerFailures } from './failures.ts';
import { registerKeys } from './keys.ts';
import { registerNetwork } from './network.ts';
import { registerPorts } from './ports.ts';
import { registerReplay } from './replay.ts';
import { registerStatus } from './status.ts';
import { registerSync } from './sync.ts';
import { registerTrace } from './trace.ts';
import { registerWaiting } from './waiting.ts';
import { registerWhy } from './why.ts';

/** In the order in which `sluice --help` lists them. */
export const COMMANDS: readonly ((program: Command) => void)[] = [
  registerUp,
  registerMap,
  registerPlan,
  registerDrift,
  registerApprove,
  registerCluster,
  registerImport,
  registerStatus,
  registerWaiting,
  registerPorts,
  registerAddresses,
  registerWhy,
  registerTrace,
  registerSync,
  registerFailures,
  registerReplay,
  registerKeys,
  registerNetwork,
  registerDoctor,
  registerCompletion,
  registerVersion,
];
