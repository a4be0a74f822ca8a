/** A plan in words, for the command and for the page. Pure. */
import type { PlanSummary } from './plan.ts';

const SIGNS: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-' };

/** Signs as in a diff; `!` marks a change that is not made. */
export const planSign = (kind: string): string => SIGNS[kind] ?? '!';

/** `1 to add, 1 to change, 0 to delete`, followed by the counts of other kinds. */
export function summaryText({
  add,
  change,
  delete: gone,
  unchanged,
  notDone,
}: PlanSummary): string {
  return [
    `${add} to add`,
    `${change} to change`,
    `${gone} to delete`,
    ...(unchanged === 0 ? [] : [`${unchanged} unchanged`]),
    ...(notDone === 0 ? [] : [`${notDone} not possible`]),
  ].join(', ');
}

/** An object without which an ingress cannot be planned. */
export const absentText = (service: string): string =>
  `not planned: Service ${service} is not in these files; its exposures stay unchanged`;
