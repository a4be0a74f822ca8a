/** What one process of apply remembers between its calls; another one begins without it. */
import type { Failures } from '../../shared/failures/open.ts';
import type { HeardStore } from '../../shared/failures/heard.ts';
import { createReleaseNote } from '../../shared/failures/releases.ts';
import type { ReleaseNote } from '../../shared/failures/releases.ts';
import { createViewKeeper } from '../../shared/failures/view-keeper.ts';
import type { ViewKeeper } from '../../shared/failures/view-keeper.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { createAttempts } from './attempts.ts';
import { createFenceKeeper } from './fences.ts';
import { createHeardKeeper } from './heard.ts';
import { createPaces } from './pace.ts';
import { createPreparation } from './prepare.ts';
import type { Scope } from './scope.ts';
import { createSizes } from './sizes.ts';
import { createToldDrained } from './told-drained.ts';
import type { WaitingChanges } from './waiting.ts';

/** Where the memory keeps what has to outlive the process. */
export interface MemoryPlaces {
  readonly open: () => Promise<Failures>;
  /** Instead of the failure store. */
  readonly heard?: () => Promise<{ readonly heard: HeardStore }>;
  /** Instead of the failure store. */
  readonly views?: ViewKeeper;
  /** Instead of the failure store. */
  readonly schedules?: OpenProcesses;
}

/** Opens what processes tell each other about themselves. */
export type OpenProcesses = () => Promise<Pick<Failures, 'schedules' | 'releases'>>;

/** Called once for each process. */
export function createMemory(
  runtime: Runtime,
  waiting: WaitingChanges,
  { open, heard = open, schedules = open, views = createViewKeeper(runtime, open) }: MemoryPlaces,
): Omit<Scope, 'context' | 'devices' | 'recorder' | 'repairs' | 'runtime' | 'waiting'> & {
  readonly preparation: ReturnType<typeof createPreparation>;
  readonly release: ReleaseNote;
} {
  return {
    attempts: createAttempts(),
    paces: createPaces(),
    sizes: createSizes(runtime),
    fences: createFenceKeeper(),
    drained: createToldDrained(),
    heard: createHeardKeeper(runtime, heard),
    preparation: createPreparation(runtime, waiting, schedules),
    release: createReleaseNote(runtime, schedules, 'apply'),
    noted: new Map(),
    views,
  };
}
