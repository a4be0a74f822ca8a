/** Keeps the verdicts on the servers of each ingress, for readers without access to its cluster. */
import type { Revision } from '../../shared/domain/revision.ts';
import type { Failures } from '../../shared/failures/open.ts';
import type { ServerVerdict } from '../../shared/failures/verdicts.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';

/** Writes the verdicts of a snapshot. */
export interface VerdictKeeper {
  /** Never rejects: without it, only what people see is older. */
  note(owner: string, revision: Revision, servers: readonly ServerVerdict[]): Promise<void>;
}

/** Milliseconds without access after the store failed to answer. */
const REST_MS = 60_000;

/** `open` is called on first use. A dry run writes nothing. */
export function createVerdictKeeper(
  { clock, log, dryRun }: Runtime,
  open: () => Promise<Pick<Failures, 'verdicts'>>,
): VerdictKeeper {
  let rest = Number.NEGATIVE_INFINITY;
  return {
    note: async (owner, revision, servers) => {
      if (dryRun === true || clock.monotonic() < rest) return;
      try {
        await (await open()).verdicts.note({ owner, revision, servers });
      } catch (error) {
        rest = clock.monotonic() + REST_MS;
        log.warn(
          { owner, code: errorCode(error), error: errorMessage(error) },
          'the failure store cannot keep the verdicts; "sluice why" without a kubeconfig shows older ones',
        );
      }
    },
  };
}
