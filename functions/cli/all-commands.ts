/** All commands. */
import type { Command } from 'commander';
import { registerAddresses } from './commands/addresses.ts';
import { registerApprove } from './commands/approve.ts';
import { registerCluster } from './commands/cluster.ts';
import { registerDrift } from './commands/drift.ts';
import { registerImport } from './commands/import-cis.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerMap } from './commands/map.ts';
import { registerPlan } from './commands/plan.ts';
import { registerUp } from './commands/up.ts';
import { registerVersion } from './commands/version.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerFailures } from './commands/failures.ts';
import { registerKeys } from './commands/keys.ts';
import { registerNetwork } from './commands/network.ts';
import { registerPorts } from './commands/ports.ts';
import { registerQueue } from './commands/queue.ts';
import { registerReplay } from './commands/replay.ts';
import { registerStatus } from './commands/status.ts';
import { registerStore } from './commands/store.ts';
import { registerSync } from './commands/sync.ts';
import { registerUninstall } from './commands/uninstall.ts';
import { registerTrace } from './commands/trace.ts';
import { registerWaiting } from './commands/waiting.ts';
import { registerWhy } from './commands/why.ts';

/** In the order in which `sluice --help` lists them. */
export const COMMANDS: readonly ((program: Command) => void)[] = [
  registerUp,
  registerMap,
  registerPlan,
  registerDrift,
  registerApprove,
  registerCluster,
  registerImport,
  registerMigrate,
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
  registerQueue,
  registerStore,
  registerNetwork,
  registerUninstall,
  registerDoctor,
  registerCompletion,
  registerVersion,
];
