/**
 * The guards behind the promises. `npm run promises -- --mutants` takes out one at a time in a
 * scratch copy, and expects its tests to fail.
 */

/** One guard, and the edit that takes it out. */
export interface Guard {
  readonly promise: number;
  /** What is wrong without the guard. */
  readonly without: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly code: string;
  readonly becomes: string;
  /** The tests that fail then: names in tests/promises. */
  readonly noticedBy: readonly string[];
}

const PLAN = 'shared/domain/plan';
const APPLY = 'functions/apply';

export const GUARDS: readonly Guard[] = [
  {
    promise: 1,
    without: 'a slice that a newer one replaces has no end',
    file: `${APPLY}/report.ts`,
    code: 'of overtaken)\n    log.info(',
    becomes: 'of overtaken.slice(0, 0))\n    log.info(',
    noticedBy: ['model'],
  },
  {
    promise: 2,
    without: 'what the device refused is never tried again',
    file: `${PLAN}/quarantine.ts`,
    code: 'return left <= 0 || left > WAIT_MS.longest;',
    becomes: 'return left > WAIT_MS.longest;',
    noticedBy: ['model'],
  },
  {
    promise: 2,
    without: 'of owners that arrive together, the last one gets the address',
    file: `${PLAN}/upsert-exposure.ts`,
    code: '{ since: a.wanted.since, owner: a.owner },\n    { since: b.wanted.since, owner: b.owner },',
    becomes: '{ since: "", owner: "" },\n    { since: "", owner: "" },',
    noticedBy: ['order'],
  },
  {
    promise: 3,
    without: 'an older slice passes the fence',
    file: `${PLAN}/fence.ts`,
    code: 'compareVersions(slice.version, known.version) < 0',
    becomes: 'compareVersions(slice.version, known.version) < -1',
    noticedBy: ['order'],
  },
  {
    promise: 3,
    without: 'a fence waits although an older snapshot may come back',
    file: `${PLAN}/deferred-fences.ts`,
    code: 'compareRevisions(settledSince, known.version) <= 0 &&',
    becomes: '',
    noticedBy: ['deferred-fences'],
  },
  {
    promise: 3,
    without: 'a snapshot that was rejected counts as settled',
    file: 'functions/watch/emit/settled-run.ts',
    code: 'if (!isClean || supersededBy !== undefined || device === undefined)',
    becomes: 'if (device === undefined)',
    noticedBy: ['deferred-fences'],
  },
  {
    promise: 3,
    without: 'a process that stood still writes although another one has its message',
    file: `${APPLY}/loop/run.ts`,
    code: 'prove = () => Promise.resolve() } = job;',
    becomes: '} = job;\n  const prove = () => Promise.resolve();',
    noticedBy: ['stalls'],
  },
  {
    promise: 4,
    without: 'every plan counts as a change',
    file: `${PLAN}/plan.ts`,
    code: 'if (isSameContent(next, declared)) return',
    becomes: 'if (next === declared) return',
    noticedBy: ['order', 'model'],
  },
  {
    promise: 5,
    without: 'the youngest owner decides about the settings of a shared exposure',
    file: `${PLAN}/shared-exposure.ts`,
    code: 'toSorted(compareAge)[0];\n  return parts.find',
    becomes: 'toSorted(compareAge).at(-1);\n  return parts.find',
    noticedBy: ['fleet'],
  },
  {
    promise: 5,
    without: 'a refused change is not isolated from the others',
    file: `${APPLY}/loop/step.ts`,
    code: 'return isolate({ ...loop, results }, now.task, error, at);',
    becomes: 'return fail({ ...loop, results }, error);',
    noticedBy: ['neighbours'],
  },
  {
    promise: 6,
    without: 'removals need no proof',
    file: `${PLAN}/guards.ts`,
    code: 'if (unseen.length <= removalAllowance(owned)) return new Map();',
    becomes: 'if (unseen.length >= 0) return new Map();',
    noticedBy: ['absence'],
  },
  {
    promise: 6,
    without: 'any change of a Gateway proves its removal',
    file: `${PLAN}/guards.ts`,
    code: 'slice.changes.filter(provesRemoval)',
    becomes: 'slice.changes',
    noticedBy: ['absence'],
  },
  {
    promise: 6,
    without: 'what moves to a partition that cannot be written is removed',
    file: `${PLAN}/guards.ts`,
    code: '    ...stuckMoves(slice, gone, permits.closed),\n',
    becomes: '',
    noticedBy: ['moves'],
  },
  {
    promise: 6,
    without: 'nodes that another partition has are declared anyway',
    file: `${PLAN}/upsert-exposure.ts`,
    code: 'if (rules.nodes === undefined || rules.nodes.size === 0) return undefined;',
    becomes: 'return undefined;',
    noticedBy: ['nodes'],
  },
  {
    promise: 7,
    without: 'an address changes hands while its owner wants it',
    file: `${PLAN}/claims.ts`,
    code: 'if (!present || !stranger) return undefined;',
    becomes: 'if (!present || !stranger || stranger) return undefined;',
    noticedBy: ['order', 'model'],
  },
  {
    promise: 7,
    without: 'a slice chooses the partitions that are written',
    file: `${APPLY}/group.ts`,
    code: 'const jobs = partitions.map(',
    becomes:
      'const asked = slices.flatMap(({ exposures }) => exposures.map((one) => one.partition));\n' +
      '  const jobs = [...new Set([...partitions, ...asked])].map(',
    noticedBy: ['plan-and-apply'],
  },
  {
    promise: 8,
    without: 'a dry run passes declares on',
    file: 'shared/device/dry-run.ts',
    code: 'declare: (partition, next) => {\n',
    becomes:
      'declare: (partition, next, lockKey) => {\n      void device.declare(partition, next, lockKey);\n',
    noticedBy: ['plan-and-apply'],
  },
  {
    promise: 9,
    without: 'what the device did not do is reported as applied',
    file: `${APPLY}/loop/step.ts`,
    code: "if (problems.length === 0 || before.attempt?.purpose === 'proof')",
    becomes: 'if (problems.length >= 0)',
    noticedBy: ['plan-and-apply'],
  },
  {
    promise: 9,
    without: 'a plan from an outdated state is declared',
    file: `${APPLY}/loop/step.ts`,
    code: 'declareEffect(loop, state, base.lockKey)',
    becomes: 'declareEffect(loop, state, undefined)',
    noticedBy: ['plan-and-apply'],
  },
  {
    promise: 9,
    without: 'a refused exposure is reported as applied',
    file: `${APPLY}/results.ts`,
    code: "  rejected: 'rejected',\n} as const",
    becomes: "  rejected: 'applied',\n} as const",
    noticedBy: ['model'],
  },
  {
    promise: 10,
    without: 'pauses do not grow',
    file: `${APPLY}/backoff.ts`,
    code: 'first * 2 ** Math.min(attempt - 1, 20),',
    becomes: 'first,',
    noticedBy: ['retries'],
  },
  {
    promise: 10,
    without: 'a random pause may be no pause',
    file: `${APPLY}/backoff.ts`,
    code: '(least + random() * (1 - least))',
    becomes: 'Math.max(0.01, random())',
    noticedBy: ['retries'],
  },
  {
    promise: 10,
    without: 'the retry time of the device is ignored',
    file: `${APPLY}/backoff.ts`,
    code: 'Math.max(error?.after ?? 0, ',
    becomes: 'Math.max(0, ',
    noticedBy: ['retries'],
  },
  {
    promise: 10,
    without: 'a permanent fault is tried every minute',
    file: `${PLAN}/quarantine.ts`,
    code: 'WAIT_MS.first * 2 ** (tries - 1)',
    becomes: 'WAIT_MS.first',
    noticedBy: ['retries'],
  },
  {
    promise: 10,
    without: 'an absent device is probed all the time',
    file: 'shared/failures/waiting/away.ts',
    code: 'const PAUSE_MS = { first: 10_000, later: 50_000 } as const;',
    becomes: 'const PAUSE_MS = { first: 1_000, later: 1_000 } as const;',
    noticedBy: ['outages'],
  },
  {
    promise: 11,
    without: 'the quarantine of the fault keeps out its fix',
    file: `${PLAN}/quarantine.ts`,
    code: 'return known?.hash === structure ? known : undefined;',
    becomes: 'return known;',
    noticedBy: ['fix'],
  },
  {
    promise: 11,
    without: 'the oldest slice of a batch is applied instead of the newest',
    file: `${APPLY}/arrivals.ts`,
    code: 'compareVersions(b.data.version, a.data.version) >= 0 ? b : a',
    becomes: 'compareVersions(b.data.version, a.data.version) >= 0 ? a : b',
    noticedBy: ['fix'],
  },
  {
    promise: 12,
    without: 'a message that no function handled is not labelled',
    file: 'shared/failures/failure-record.ts',
    code: "    return { kind: 'raw' };\n  return {",
    becomes: "    throw new Error('not a dead letter of Sluice');\n  return {",
    noticedBy: ['dead-letters'],
  },
  {
    promise: 12,
    without: 'another structure of an exposure counts as the same failure',
    file: 'shared/failures/identity.ts',
    code: 'of.exposure, of.structure]',
    becomes: 'of.exposure]',
    noticedBy: ['dead-letters'],
  },
  {
    promise: 14,
    without: 'a job that is resumed sends under a new id',
    file: 'shared/failures/replay/send.ts',
    code: 'before?.deduplicationId ?? `replay',
    becomes: '`replay',
    noticedBy: ['replay'],
  },
  {
    promise: 14,
    without: 'failures after the cut-off are replayed',
    file: 'shared/failures/replay/select.ts',
    code: 'head.last <= cutoff && ',
    becomes: '',
    noticedBy: ['replay'],
  },
  {
    promise: 14,
    without: 'a pause takes effect only after a job was resumed',
    file: 'shared/failures/replay/driver.ts',
    code: 'job = await renew(world, job, holder);',
    becomes: 'await renew(world, job, holder);',
    noticedBy: ['replay'],
  },
  {
    promise: 15,
    without: 'messages for an absent device stay in the queue',
    file: `${APPLY}/waiting.ts`,
    code: 'return receiveCount >= QUICK.tries && now - sentAt >= QUICK.time;',
    becomes: 'return receiveCount < 0 && now - sentAt >= QUICK.time;',
    noticedBy: ['outages'],
  },
  {
    promise: 15,
    without: 'orders come back in no order',
    file: 'shared/failures/waiting/turn.ts',
    code: 'return list.toSorted((a, b) => TURN[a.entry.kind] - TURN[b.entry.kind]);',
    becomes: 'return list.toReversed();',
    noticedBy: ['outages'],
  },
  {
    promise: 16,
    without: 'what a crash left unfinished is not finished',
    file: `${PLAN}/fence.ts`,
    code: 'compareVersions(slice.version, known.version) < 0',
    becomes: 'compareVersions(slice.version, known.version) <= 0',
    noticedBy: ['crash'],
  },
  {
    promise: 16,
    without: 'a refusal has no dead letter if its process crashed before',
    file: `${APPLY}/park.ts`,
    code: 'return receiveCount > 1;',
    becomes: 'return receiveCount > 1_000;',
    noticedBy: ['crash'],
  },
  {
    promise: 17,
    without: 'the journal forgets an entry together with its removal',
    file: 'shared/domain/paths/needs.ts',
    code: ': [[key, { ...record, gone: now }]];',
    becomes: ': [];',
    noticedBy: ['paths'],
  },
];
