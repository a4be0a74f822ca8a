/** What the parts of one call of apply share. */
import type { Devices } from '../../shared/device/device.ts';
import type { RepairMemory } from '../../shared/failures/repairs.ts';
import type { ViewKeeper } from '../../shared/failures/view-keeper.ts';
import type { FunctionContext } from '../../shared/queue/handler.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Attempts } from './attempts.ts';
import type { FenceKeeper } from './fences.ts';
import type { HeardKeeper } from './heard.ts';
import type { Preparation } from './prepare.ts';
import type { ResultRecorder } from './record-results.ts';
import type { createPaces } from './pace.ts';
import type { Sizes } from './sizes.ts';
import type { ToldDrained } from './told-drained.ts';
import type { WaitingChanges } from './waiting.ts';

/** Dependencies of all parts of an invocation. */
export interface Scope {
  readonly runtime: Runtime;
  readonly devices: Devices;
  readonly attempts: Attempts;
  readonly paces: ReturnType<typeof createPaces>;
  readonly recorder: ResultRecorder;
  readonly heard: HeardKeeper;
  readonly fences: FenceKeeper;
  readonly drained: ToldDrained;
  readonly sizes: Sizes;
  readonly waiting: WaitingChanges;
  readonly views: ViewKeeper;
  readonly preparation: Pick<Preparation, 'idle' | 'create'>;
  readonly repairs: () => Promise<RepairMemory>;
  readonly context: FunctionContext;
}
