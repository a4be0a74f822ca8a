/** Gives each due policy its turn, one after the other. */
import type { Failures } from '../../shared/failures/open.ts';
import type { Previewer } from '../../shared/failures/replay/preview.ts';
import { runPolicyTurn } from '../../shared/failures/replay/policy-turn.ts';
import type { PolicyTurnResult, TurnContext } from '../../shared/failures/replay/policy-turn.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';

/** Result of one policy's run. */
export type PolicyTurnReport =
  | ({ readonly policy: string } & PolicyTurnResult)
  | { readonly policy: string; readonly error: string };

/**
 * Sequential, because policies may select the same failures. A failed policy does not affect the
 * others.
 */
export async function runPolicyTurns(
  runtime: Runtime,
  { store, jobs, audit, turns, previewer }: Failures & { readonly previewer: Previewer },
  signal?: AbortSignal,
): Promise<readonly PolicyTurnReport[]> {
  const { clock, id, queues, log, config } = runtime;
  const world: TurnContext = { store, jobs, audit, turns, previewer, queues, clock, id };
  const reports: PolicyTurnReport[] = [];
  // A dry run sends nothing.
  for (const policy of runtime.dryRun === true ? [] : config.failures.replay) {
    if (signal?.aborted === true) break;
    // Readings of the previous run are outdated.
    previewer.refresh();
    try {
      const result = await runPolicyTurn(world, policy, signal);
      reports.push({ policy: policy.name, ...result });
      if (result.kind !== 'not-due')
        log.info(
          {
            policy: policy.name,
            turn: result.kind,
            ...('job' in result ? { job: result.job } : {}),
            reason: result.reason,
          },
          'replay by policy',
        );
    } catch (error) {
      reports.push({ policy: policy.name, error: errorMessage(error) });
      log.error(
        { policy: policy.name, code: errorCode(error), error: errorMessage(error) },
        'replay by policy failed; the next run tries again',
      );
    }
  }
  return reports;
}
