/**
 * A failure store with everything it can contain: failures in every state, jobs, turns of policies,
 * the audit log, histories. The same calls write the same files.
 */
import { readFileSync } from 'node:fs';
import type { Blobs } from '../../../../shared/failures/blobs.ts';
import { failureId } from '../../../../shared/failures/identity.ts';
import { failuresOver } from '../../../../shared/failures/open.ts';
import type { Failures } from '../../../../shared/failures/open.ts';
import type { FailureState, FailureRecord } from '../../../../shared/failures/port.ts';
import type { ReplayItem, ReplayJob } from '../../../../shared/failures/replay/job.ts';
import { RESULTS, PREVIEW_VERDICTS } from '../../../../shared/failures/replay/job.ts';
import { createJob } from '../../../../shared/failures/replay/select.ts';
import type { Settled } from '../../../../shared/domain/exposure/exposure.ts';
import { EAST } from './declared.ts';
import { TIME } from './events.ts';

export const NOW = Date.parse(TIME);

/**
 * Failures as park of 0.1.0 made them from dead letters and a raw message. The contents that park
 * derives may change, but not the format in which they are stored.
 */
function parked(): readonly FailureRecord[] {
  return JSON.parse(
    readFileSync(new URL('../../../fixtures/golden/0.1.0/sightings.json', import.meta.url), 'utf8'),
  ) as readonly FailureRecord[];
}

function plain(n: number, message: string): FailureRecord {
  const exposure = `172.16.100.195:${10_000 + n}/tcp`;
  const id = failureId({
    code: 'BIP421',
    queue: 'slices',
    owner: 'west/b/gw',
    group: 'bigip-1',
    device: 'bigip-1',
    partition: 'k8s',
    exposure,
    structure: '',
  });
  return {
    head: {
      id,
      code: 'BIP421',
      class: 'device',
      sentence: `failure ${n} \u2603`,
      queue: 'slices',
      owner: 'west/b/gw',
      device: 'bigip-1',
      partition: 'k8s',
      exposure,
      gateways: [`team/gw-${n}`],
      revision: { epoch: 1, counter: n },
    },
    details: {
      reason: `failure ${n}`,
      attempts: [{ at: TIME, code: 'BIP421', reason: `failure ${n}` }],
      event: {
        queue: 'slices',
        group: 'bigip-1',
        id: message,
        body: `event ${n} \u2603`,
        sentAt: NOW,
        receiveCount: 1,
        verification: 'unchecked',
        cut: { bytes: 9, sha256: '00' },
      },
    },
    message,
    at: NOW + n,
  };
}

export const STATES: readonly FailureState[] = ['archived', 'healed', 'replayed', 'quarantined'];

const ITEM = {
  failure: 'f',
  code: 'BIP421',
  sentence: 's',
  owner: EAST,
  device: 'bigip-1',
  partition: 'k8s',
  exposure: '172.16.100.195:32400/tcp',
  revision: { epoch: 1, counter: 2 },
  lifts: false,
} as const;

export const ITEMS: readonly ReplayItem[] = [
  { ...ITEM, unit: 0, status: 'waiting' },
  { ...ITEM, unit: 1, status: 'sending', deduplicationId: 'replay.j.1', count: 2 },
  {
    ...ITEM,
    unit: 2,
    status: 'sent',
    deduplicationId: 'replay.j.2',
    count: 2,
    sentAt: NOW,
    sentRevision: { epoch: 1, counter: 2 },
  },
  ...PREVIEW_VERDICTS.map((verdict, i): ReplayItem => ({
    ...ITEM,
    unit: 3 + i,
    lifts: true,
    status: 'waiting',
    preview: {
      verdict,
      reason: 'r',
      code: 'OK',
      by: '1.3',
      difference: [{ owner: EAST, key: 'k', kind: 'create', code: 'OK', reason: 'r' }],
    },
  })),
  ...RESULTS.map((kind, i): ReplayItem => ({
    failure: `r-${i}`,
    code: 'Q613',
    sentence: 's',
    unit: 20 + i,
    lifts: false,
    status: 'done',
    result: { kind, reason: 'r', code: 'OK', at: NOW },
  })),
  // More than one page.
  ...Array.from({ length: 90 }, (_, i): ReplayItem => ({
    failure: `p-${i}`,
    code: 'Q613',
    sentence: 's',
    unit: 40 + i,
    lifts: false,
    status: 'waiting',
  })),
];

const job = (id: string, over: Partial<ReplayJob>): ReplayJob => ({
  ...createJob(
    {
      id,
      filter: { code: ['BIP421'], since: NOW - 60_000 },
      by: 'ada',
      why: 'fixed',
      canary: 1,
      rate: 0.5,
      now: NOW,
    },
    ITEMS,
  ),
  ...over,
});

export const JOBS: readonly ReplayJob[] = [
  job('job-planned', {}),
  job('job-running', {
    state: 'running',
    canaryPassed: true,
    lease: { holder: 'h-1', until: NOW + 30_000 },
    policy: { name: 'passing', atMost: 3 },
  }),
  job('job-paused', {
    state: 'paused',
    code: 'RPL707',
    reason: '1 of the first 1 events did not end well',
  }),
  job('job-cancelled', { state: 'cancelled', reason: 'cancelled by ada: no need', ended: NOW }),
  job('job-done', { state: 'done', ended: NOW, canary: 0, canaryPassed: true }),
];

const SETTLED: Settled = {
  owner: EAST,
  clusterUid: 'uid-east',
  version: { epoch: 1, counter: 2, generation: 3 },
  device: 'bigip-1',
  devices: ['bigip-1'],
  servers: [],
  notes: [],
  exposures: [
    {
      address: '172.16.100.195',
      port: 80,
      protocol: 'tcp',
      partition: 'k8s',
      gateways: ['default/web'],
      outcome: 'applied',
      code: 'OK',
      message: 'm',
    },
  ],
};

/** Ids are counted, so that they are always the same. */
export function goldenFailures(blobs: Blobs): Failures {
  let ids = 0;
  return failuresOver(blobs, {
    clock: { now: () => NOW, monotonic: () => NOW, sleep: () => Promise.resolve() },
    id: () => `id-${String((ids += 1)).padStart(4, '0')}`,
  });
}

export async function fill({ store, audit, jobs, turns, history }: Failures): Promise<void> {
  for (const sighting of parked()) await store.record(sighting);
  for (const [n, state] of STATES.entries()) {
    const { id } = await store.record(plain(n, `m-${n}`));
    await store.change([id], () => ({
      state,
      note: `${state} by ada`,
      ...(state === 'quarantined' ? { replays: ['job-done'] } : {}),
    }));
  }
  for (const message of ['again-1', 'again-2']) await store.record(plain(9, message));
  for (const one of JOBS)
    await jobs.create(one, one.state === 'planned' ? ITEMS : ITEMS.slice(0, 3));
  await turns.update('passing', (turn) => ({
    ...turn,
    due: NOW + 60_000,
    misses: 2,
    job: 'job-running',
    says: '1 applied',
    lease: { holder: 'h-1', until: NOW + 30_000 },
  }));
  await turns.update('fresh', (turn) => ({ ...turn, due: NOW }));
  for (const action of ['failures archive', 'replay start', 'cluster drain'])
    await audit.append({
      who: 'ada',
      action,
      selection: 'code:BIP421',
      why: 'because',
      result: 'done',
    });
  await history.note(SETTLED, {
    hops: [{ at: TIME, where: 'watch' }],
    attempt: 1,
    deduplicationId: 'e-1',
  });
  await history.note(
    {
      ...SETTLED,
      version: { epoch: 1, counter: 3, generation: 3 },
      exposures: [{ ...SETTLED.exposures[0]!, outcome: 'rejected', code: 'BIP421', message: 'no' }],
    },
    { hops: [], attempt: 2, deduplicationId: 'replay.job-done.1' },
  );
}
