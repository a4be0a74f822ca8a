import { describe, expect, test } from '@jest/globals';
import { createEmf, emfLines } from '../../../shared/host/emf.ts';
import { createMeter } from '../../../shared/telemetry/meter.ts';
import { METRICS } from '../../../shared/telemetry/metrics.ts';
import { createPathMeter } from '../../../shared/telemetry/path-meter.ts';

const PLACE = { namespace: 'Sluice/x', at: 1_000 };

interface Line {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

const lines = (...args: Parameters<typeof emfLines>): readonly Line[] =>
  emfLines(...args) as readonly Line[];

test('a line has what the embedded metric format requires', () => {
  const [line] = lines([{ name: 'sluice_store_reachable', labels: {}, value: 1 }], [], PLACE);
  expect(line).toEqual({
    _aws: {
      Timestamp: 1_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Sluice/x',
          Dimensions: [[]],
          Metrics: [{ Name: 'sluice_store_reachable', Unit: 'None' }],
        },
      ],
    },
    sluice_store_reachable: 1,
  });
});

test('every dimension and metric that a line names is one of its fields', () => {
  const samples = METRICS.map(({ name, labels }) => ({
    name,
    labels: Object.fromEntries(labels.map((label) => [label, `a ${label}`])),
    value: 2,
  }));
  const all = lines(samples, [], PLACE);
  const wanted = METRICS.filter(({ dimensions }) => dimensions.length > 0).map(({ name }) => name);
  const told = all.flatMap(({ _aws }) => _aws.CloudWatchMetrics[0]?.Metrics ?? []);
  expect(new Set(told.map(({ Name }) => Name))).toEqual(new Set(wanted));
  for (const line of all) {
    const [{ Dimensions: dimensions, Metrics: metrics } = { Dimensions: [], Metrics: [] }] =
      line._aws.CloudWatchMetrics;
    const named = [...dimensions.flat(), ...metrics.map(({ Name }) => Name)];
    expect(Object.keys(line).toSorted()).toEqual(['_aws', ...named].toSorted());
  }
});

describe('labels that CloudWatch does not keep are combined', () => {
  const of = (name: string, ...values: readonly number[]): unknown => {
    const samples = values.map((value, i) => ({
      name,
      labels: { cluster: `c${i}`, device: 'a' },
      value,
    }));
    return lines(samples, [], PLACE)[0]?.[name];
  };
  test('by their sum, their largest or their smallest value', () => {
    expect(of('sluice_cluster_silent', 1, 0, 1)).toBe(2);
    expect(of('sluice_cluster_silence_seconds', 10, 30, 20)).toBe(30);
    expect(of('sluice_device_reachable', 1, 0, 1)).toBe(0);
  });
});

test('each observed value is kept, at most a hundred in a line', () => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  const name = 'sluice_device_declare_seconds';
  const all = lines(
    [],
    ['a', 'b'].map((device) => ({ name, labels: { device }, values })),
    PLACE,
  );
  expect(all.map((line) => [line['device'], (line[name] as unknown[]).length])).toEqual([
    [undefined, 100],
    [undefined, 100],
    ['a', 100],
    ['b', 100],
  ]);
});

test('a counter tells what came since the last time, and nothing if that is nothing', () => {
  const meter = createMeter();
  const pathMeter = createPathMeter();
  const written: Line[] = [];
  const write = (line: object): void => void written.push(line as Line);
  const tell = createEmf({ meter, pathMeter, namespace: 'n', now: () => 0, write });
  const count = (): void =>
    meter.count('sluice_dead_letters_total', { queue: 'slices', code: 'BIP421' });
  const told = (): readonly unknown[] => {
    written.length = 0;
    tell();
    return written.map(
      (line) => line['sluice_dead_letters_total'] ?? line['sluice_path_writes_total'],
    );
  };
  expect(told()).toEqual([]);
  count();
  count();
  expect(told()).toEqual([2, 2]);
  expect(told()).toEqual([]);
  count();
  expect(told()).toEqual([1, 1]);
  pathMeter.count('a', 'written');
  expect(told()).toEqual([1]);
});
