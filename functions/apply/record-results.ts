/**
 * Closes stored failures that a result resolves, and maintains the history of the owner. At worst
 * it loses history, so it never delays an apply for long.
 */
import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import type { Delivery } from '../../shared/failures/history.ts';
import type { Failures } from '../../shared/failures/open.ts';
import { resolveFailures } from '../../shared/failures/resolve-failures.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';

/** Updates the failure store and the history after results. */
export interface ResultRecorder {
  /** Call with every result after it was sent. Never rejects. */
  note(settled: Settled, way: Delivery): Promise<void>;
  /** Records an intermediate result in the history without closing failures. Never rejects. */
  tell(settled: Settled, way: Delivery): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds without access after the store failed to answer. */
const REST_MS = 60_000;

/** Opens the failure store on first use. A rejection is logged and does not fail the apply. */
export type OpenStore = () => Promise<Pick<Failures, 'store' | 'history' | 'close'>>;

/** `open` is called on first use; its failures never reach the caller. */
export function createResultRecorder(runtime: Runtime, open: OpenStore): ResultRecorder {
  const { clock, log, dryRun } = runtime;
  if (dryRun === true)
    return {
      note: () => Promise.resolve(),
      tell: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  let opened: ReturnType<OpenStore> | undefined;
  let rest = Number.NEGATIVE_INFINITY;
  const told = async (
    settled: Settled,
    work: (failures: Awaited<ReturnType<OpenStore>>) => Promise<void>,
  ): Promise<void> => {
    if (clock.monotonic() < rest) return;
    try {
      await work(await (opened ??= open()));
    } catch (error) {
      rest = clock.monotonic() + REST_MS;
      log.warn(
        { owner: settled.owner, code: errorCode(error), error: errorMessage(error) },
        'resolved failures could not be marked in the failure store; a later result does it',
      );
    }
  };
  return {
    note: (settled, way) =>
      told(settled, async ({ store, history }) => {
        for (const { id, code, owner, note } of await resolveFailures(store, settled))
          log.info({ failure: id, code, owner, note }, 'failure healed');
        await history.note(settled, way);
      }),
    tell: (settled, way) => told(settled, ({ history }) => history.note(settled, way)),
    close: async () => {
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}
