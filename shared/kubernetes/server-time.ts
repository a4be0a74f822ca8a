/** The time at which the API server wrote an object, from its metadata. */
import type { RawObject } from './object.ts';

/**
 * Milliseconds since 1970, in whole seconds; undefined if nothing was written or no time was
 * recorded. A manager's time changes with each value it changes, so the latest is that of this
 * write (https://kubernetes.io/docs/reference/using-api/server-side-apply/#time).
 */
export function timeOfWrite(sent: RawObject, answered: RawObject): number | undefined {
  const { metadata: before } = sent;
  const { metadata: after } = answered;
  if (before.resourceVersion === after.resourceVersion) return undefined;
  const noted = [
    ...(before.resourceVersion === undefined ? [after.creationTimestamp] : []),
    ...(after.managedFields ?? []).map(({ time }) => time),
  ];
  const times = noted.map((text) => Date.parse(text ?? '')).filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}
