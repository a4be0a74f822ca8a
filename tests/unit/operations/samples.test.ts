import { describe, expect, test } from '@jest/globals';
import {
  samplesOf,
  type Facts,
  type StoredFacts,
} from '../../../shared/operations/metrics/samples.ts';

const NOW = 1_800_000_000_000;
const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString();

const NOTHING: StoredFacts = {
  heads: [],
  jobs: [],
  waiting: [],
  audits: [],
  clusters: [],
  since: new Map(),
};

function rows(
  stored: Partial<StoredFacts> | undefined,
  queues: Facts['queues'] = [],
): readonly string[] {
  const config = {
    clusters: [{ id: 'east' }],
    devices: [{ name: 'a' }],
  } as unknown as Facts['config'];
  const facts = { ...NOTHING, ...stored };
  return samplesOf({ config, queues, now: NOW, ...(stored && { stored: facts }) }).map(
    ({ name, labels, value }) =>
      `${name.replace('sluice_', '')} ${Object.values(labels).join(',')} ${value}`,
  );
}

const AUDIT: StoredFacts['audits'][number] = {
  format: 1,
  device: 'a',
  at: ago(60),
  found: 0,
  findings: [],
};
const AWAY = {
  device: 'a',
  state: 'away',
  since: 0,
  code: 'BIP501',
  reason: '',
  due: 0,
  ingresses: 2,
  orders: 1,
} as const;

describe('devices', () => {
  test('one that was never seen has no value for whether it is reachable', () => {
    expect(rows({})).toContain('device_waiting_changes a 0');
    expect(rows({}).filter((row) => row.startsWith('device_reachable'))).toEqual([]);
  });

  test('one that was audited is reachable, with its unit and software', () => {
    const seen = rows({ audits: [{ ...AUDIT, hostname: 'one', software: '3.56.0' }] });
    expect(seen).toEqual(
      expect.arrayContaining([
        'device_reachable a 1',
        'device_info a,one,3.56.0 1',
        `device_audit_timestamp_seconds a ${NOW / 1_000 - 60}`,
        'drift_findings a, 0',
      ]),
    );
  });

  test('one that is away, or could not be audited, is not', () => {
    const problem = { code: 'BIP501', reason: 'no answer' };
    expect(rows({ audits: [AUDIT], waiting: [AWAY] })).toEqual(
      expect.arrayContaining(['device_reachable a 0', 'device_waiting_changes a 3']),
    );
    const failed = rows({ audits: [{ ...AUDIT, problem }] });
    expect(failed).toContain('device_reachable a 0');
    expect(failed.filter((row) => row.startsWith('drift'))).toEqual([]);
  });

  test('findings that nobody has to look at are no drift, and a foreign code is not a label', () => {
    const finding = { device: 'a', partition: 'p', object: 'o', message: 'm', repairable: true };
    const findings = [
      { ...finding, kind: 'kept', code: 'BIP455' },
      { ...finding, kind: 'changed', code: 'BIP451' },
      { ...finding, kind: 'changed', code: 'BIP451' },
      { ...finding, kind: 'changed', code: 'x"} 1\nevil' },
    ];
    expect(
      rows({ audits: [{ ...AUDIT, findings }] }).filter((row) => row.startsWith('drift')),
    ).toEqual(['drift_findings a,BIP451 2', 'drift_findings a,other 1']);
  });
});

describe('queues', () => {
  const queue = (name: string, more: object): Facts['queues'][number] => ({
    queue: name,
    waiting: 0,
    inFlight: 0,
    ...more,
  });

  test('have depth and age, as they report it', () => {
    expect(rows({}, [queue('slices', { waiting: 3, inFlight: 1, oldest: NOW - 90_000 })])).toEqual(
      expect.arrayContaining([
        'queue_reachable slices 1',
        'queue_messages slices,waiting 3',
        'queue_messages slices,in_flight 1',
        'queue_oldest_seconds slices 90',
      ]),
    );
  });

  test('without a report, the age counts from the first audit that found messages', () => {
    const waiting = [queue('settled-east', { waiting: 3 }), queue('settled-west', {})];
    const known = rows({ since: new Map([['settled-east', NOW - 1_200_000]]) }, waiting);
    expect(known).toEqual(
      expect.arrayContaining([
        'queue_oldest_seconds settled-east 1200',
        'queue_oldest_seconds settled-west 0',
        'settled_oldest_seconds  1200',
      ]),
    );
    // It was empty in between, or nobody looked yet.
    expect(rows({}, waiting)).toContain('settled_oldest_seconds  0');
    // The store knows since when, and does not answer.
    expect(rows(undefined, waiting).filter((row) => /oldest.* settled-east/.test(row))).toEqual([]);
  });

  test('one that does not answer has no other value', () => {
    expect(rows({}, [queue('slices', { problem: 'away' })])).toContain('queue_reachable slices 0');
    expect(
      rows({}, [queue('slices', { problem: 'away' })]).filter((row) => / slices/.test(row)),
    ).toHaveLength(1);
  });
});

test('without the failure store, only queues and that have values', () => {
  expect(rows(undefined)).toEqual(['store_reachable  0']);
});

test('failures are counted by queue, code and state, those that need nothing are not', () => {
  const head = (code: string, state: string): StoredFacts['heads'][number] =>
    ({ queue: 'slices', code, state }) as StoredFacts['heads'][number];
  expect(
    rows({
      heads: [
        head('BIP421', 'open'),
        head('BIP421', 'open'),
        head('GW101', 'open'),
        head('BIP421', 'healed'),
      ],
    }).filter((row) => row.startsWith('failures')),
  ).toEqual([
    'failures slices,BIP421,open 2',
    'failures slices,GW101,open 1',
    'failures ,,quarantined 0',
  ]);
});

test('replay jobs are counted until they end', () => {
  expect(
    rows({ jobs: [{ state: 'running' }, { state: 'done' }, { state: 'paused' }] }).filter((row) =>
      row.startsWith('replay'),
    ),
  ).toEqual(['replay_jobs planned 0', 'replay_jobs running 1', 'replay_jobs paused 1']);
});

describe('clusters', () => {
  const row = {
    cluster: 'east',
    device: 'a',
    uids: [],
    owners: 1,
    exposures: 1,
    members: 1,
    held: 2,
    waiting: 1,
    seen: ago(700),
    state: 'enabled',
    silent: true,
  } as const;
  const of = (...clusters: StoredFacts['clusters']): readonly string[] =>
    rows({ clusters }).filter((one) => one.startsWith('cluster'));

  test('have their silence and what waits for an approval', () => {
    expect(of(row)).toEqual([
      'cluster_silence_seconds east,a 700',
      'cluster_silent east,a 1',
      'cluster_held_removals east,a 3',
    ]);
  });

  test('whose silence is unknown have no value for it', () => {
    expect(of({ ...row, silenceUnknown: true })).toEqual(['cluster_held_removals east,a 3']);
  });

  test('that the configuration does not name are no label', () => {
    expect(of({ ...row, cluster: 'somebody' })).toEqual([]);
  });
});
