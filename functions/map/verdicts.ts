/** Keeps the verdicts on the servers of each ingress, for readers without access to its cluster. */
import type { Revision } from '../../shared/domain/revision.ts';
import type { Failures } from '../../shared/failures/open.ts';
import { createOptionalWrites } from '../../shared/failures/optional-writes.ts';
import type { ServerVerdict } from '../../shared/failures/verdicts.ts';
import type { Runtime } from '../../shared/host/runtime.ts';

/** Writes the verdicts of a snapshot. */
export interface VerdictKeeper {
  /** Never rejects: without it, only what people see is older. */
  note(owner: string, revision: Revision, servers: readonly ServerVerdict[]): Promise<void>;
}

/** `open` is called on first use. A dry run writes nothing. */
export function createVerdictKeeper(
  runtime: Runtime,
  open: () => Promise<Pick<Failures, 'verdicts'>>,
): VerdictKeeper {
  const writeIfPossible = createOptionalWrites(
    runtime,
    'the failure store cannot keep the verdicts; "sluice why" without a kubeconfig shows older ones',
  );
  return {
    note: async (owner, revision, servers) =>
      void (await writeIfPossible({ owner }, async () =>
        (await open()).verdicts.note({ owner, revision, servers }),
      )),
  };
}
