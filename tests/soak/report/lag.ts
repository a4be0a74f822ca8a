/** The time from a change in Kubernetes to the device, as curves. */
import { percentile } from '../../bench/measure.ts';
import type { FaultNote, LagNote, Recorded } from '../record.ts';
import type { Curve, Limits, Series } from './curves.ts';

/** A change is undisturbed if there was no fault within this time before it, or during it. */
const AFTER_FAULT_SECONDS = 30;

export function lagCurves({ lags, faults }: Recorded, bin: number): readonly Curve[] {
  const calm = lags.filter((lag) => !isDisturbed(lag, faults));
  return [
    {
      id: 'lag',
      title: 'From the change in Kubernetes to the device',
      unit: 's',
      series: [quantile(lags, bin, 0.5, { slope: 20, level: 180 }), quantile(lags, bin, 0.99, {})],
      perProcess: false,
      about: `Changes that arrived in ${bin} s, with those that faults delayed.`,
    },
    {
      id: 'lag-undisturbed',
      title: 'The same, undisturbed',
      unit: 's',
      series: [quantile(calm, bin, 0.5, { level: 10 }), quantile(calm, bin, 0.99, { level: 30 })],
      perProcess: false,
      about: `Changes during which, and ${AFTER_FAULT_SECONDS} s before which, nothing was disturbed.`,
    },
  ];
}

function quantile(lags: readonly LagNote[], bin: number, share: number, limits: Limits): Series {
  const bins = [...Map.groupBy(lags, ({ to }) => Math.floor(to / bin))].toSorted(
    ([a], [b]) => a - b,
  );
  const life = bins.map(([number, seen]) => ({
    x: (number + 0.5) * bin,
    y: percentile(
      seen.map(({ from, to }) => to - from),
      share,
    ),
  }));
  return { name: `p${share * 100}`, lives: [life], limits };
}

function isDisturbed({ from, to }: LagNote, faults: readonly FaultNote[]): boolean {
  return faults.some(({ at, until }) => at <= to && until + AFTER_FAULT_SECONDS >= from);
}
