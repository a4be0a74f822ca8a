/** Jobs and their items as the API shows them. Pure. */
import type { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { DRIVER_LEASE_MS } from '../../../shared/failures/replay/job.ts';
import { stillHolds } from '../../../shared/runtime/clock.ts';

/** `now`: whether its driver is alive. */
export function jobRow(job: ReplayJob, now: number): object {
  const { format: _format, lease, policy, force = false, ...rest } = job;
  return {
    ...rest,
    force,
    ...(policy && { policy: policy.name }),
    isDriven: lease !== undefined && stillHolds(lease.until, now, DRIVER_LEASE_MS),
  };
}

/** Without what only the driver needs. */
export function itemRow(item: ReplayItem): object {
  const { failure, code, sentence, owner, device, partition, exposure, revision } = item;
  const { unit, status, preview, result } = item;
  const shown = preview && {
    verdict: preview.verdict,
    reason: preview.reason,
    code: preview.code,
    by: preview.by,
    difference: preview.difference,
    retries: preview.retry !== undefined,
  };
  const of = { failure, code, sentence, owner, device, partition, exposure, revision };
  return { ...of, unit, status, ...(shown && { preview: shown }), ...(result && { result }) };
}
