/** Mutants of apply that no test can notice, each with the reason. */
import { ALWAYS_THERE, FASTER, ONE_ONLY, SAME_ABSENT, type Equivalent } from './reasons.ts';

const BUG_ONLY = 'it would be a bug of the loop, which says so instead of going on';
const NO_OTHER_CODE = 'no other error has a code or a fault of a device';
const ONE_PARTITION = 'one partition is applied as one of several is';

/** Of the handler and the files beside the loop. */
const HANDLER: Readonly<Record<string, readonly Equivalent[]>> = {
  'functions/apply/addresses.ts': [
    { code: '!asksForAddress(slices)', what: 'is always false', why: FASTER },
    {
      code: 'held .filter(({ partition }) => partition === result.partition)',
      what: '.filter() is left out',
      why: 'a result is looked up in the partition of the exposure',
    },
    { code: 'holders', what: 'is left out of the &&', in: 'addressed', why: SAME_ABSENT },
  ],
  'functions/apply/arrivals.ts': [
    { code: 'before.length === 0', what: 'is always false', why: FASTER },
  ],
  'functions/apply/attempts.ts': [
    { code: 'oldest !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
  ],
  'functions/apply/group.ts': [
    {
      code: 'only === undefined || jobs.length > 1 || only.shareNodes === true',
      what: 'is always true',
      why: ONE_PARTITION,
    },
    { code: 'jobs.length > 1', what: '> becomes >=', in: 'applyGroup', why: ONE_PARTITION },
    { code: 'reading', what: 'is left out of the &&', why: SAME_ABSENT },
    { code: 'kept', what: 'is left out of the &&', in: 'one', why: SAME_ABSENT },
    {
      code: 'overrides === undefined',
      what: 'is always false',
      in: 'overridesIn',
      why: SAME_ABSENT,
    },
    { code: 'job.holders === undefined', what: 'is always false', why: ALWAYS_THERE },
    {
      code: '!result.refused',
      what: 'is always true',
      why: 'what Sluice declared in a partition that it cannot read is not known either way',
    },
  ],
  'functions/apply/handler.ts': [
    {
      code: 'scope.runtime.config.devices.find((d) => d.name === group)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: '!config', what: 'is left out of the ||', in: 'handleDevice', why: 'nothing arrived' },
    {
      code: 'arrivals.length === 0',
      what: 'is left out of the ||',
      in: 'handleDevice',
      why: 'no stage is made of nothing',
    },
    {
      code: 'result.deferred === undefined',
      what: 'is always true',
      why: 'the second run changes no more than the version, so both results say the same',
    },
    {
      code: 'again.find(({ partition }) => partition === result.partition)',
      what: 'is left out of the ??',
      why: 'the second run changes no more than the version, so both results say the same',
    },
    {
      code: 'again.find(({ partition }) => partition === result.partition)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: 'heard', what: 'is left out of the &&', in: 'applyStage', why: SAME_ABSENT },
    {
      code: 'error instanceof LeaseLost',
      what: 'is left out of the ||',
      why: 'what is lost stays lost, so the next look finds the same',
    },
    {
      code: 'error instanceof DeviceError',
      what: 'is left out of the &&',
      in: 'applyStage',
      why: NO_OTHER_CODE,
    },
  ],
  'functions/apply/park.ts': [
    {
      code: 'results.find((r) => r.partition === partition)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
  ],
  'functions/apply/prepare.ts': [
    { code: 'error instanceof DeviceError', what: 'is left out of the &&', why: NO_OTHER_CODE },
  ],
  'functions/apply/repair.ts': [
    { code: 'error instanceof DeviceError', what: 'is left out of the &&', why: NO_OTHER_CODE },
  ],
  'functions/apply/report.ts': [
    { code: "''", in: 'silentBeside', why: ALWAYS_THERE },
    { code: '[]', in: 'deliveryOf', why: ALWAYS_THERE },
    {
      code: "data.action === 'approve'",
      what: 'is left out of the &&',
      in: 'askForRetries',
      why: 'only an approval has it',
    },
    { code: 'first', what: 'is always true', in: 'askForRetries', why: ALWAYS_THERE },
    { code: 'shareNodes', what: 'is left out of the &&', why: SAME_ABSENT },
  ],
  'functions/apply/results.ts': [
    {
      code: 'results.find((r) => r.partition === exposure.partition)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
  ],
  'functions/apply/sizes.ts': [
    { code: '0', in: 'createSizes', why: 'no time is before one that is unknown either' },
  ],
  'functions/apply/waiting.ts': [
    { code: 'version', what: 'is always true', in: 'createWaiting', why: ALWAYS_THERE },
    {
      code: 'config.devices.find((device) => device.name === name)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
  ],
};

const LOOP: Readonly<Record<string, readonly Equivalent[]>> = {
  'functions/apply/loop/attempt.ts': [
    { code: 'loop.attempt', what: 'is always true', in: 'restarted', why: ALWAYS_THERE },
    { code: 'loop.attempt', what: 'is left out of the &&', in: 'proofOf', why: ALWAYS_THERE },
    {
      code: '{ only: new Set(), begun: monotonic }',
      what: 'is left out of the ??',
      why: ALWAYS_THERE,
    },
    {
      code: 'changes.every((entry) => attempt?.only.has(changeId(entry)) === true)',
      what: 'is always false',
      why: FASTER,
    },
    {
      code: 'attempt?.only.has(changeId(entry)) === true',
      what: '=== becomes !==',
      in: 'plannedAlready',
      why: FASTER,
    },
    { code: '{}', what: 'is left out of the ??', in: 'planOf', why: BUG_ONLY },
    ...[
      'now === undefined || base === undefined || next === undefined',
      'now === undefined || base === undefined',
      'next === undefined',
      'now === undefined',
      'base === undefined',
    ].map((code) => ({
      code,
      what: ['is always false', 'is left out of the ||'],
      in: 'planOf',
      why: BUG_ONLY,
    })),
  ],
  'functions/apply/loop/isolate.ts': [
    { code: 'only === undefined', what: 'is left out of the ||', why: ALWAYS_THERE },
    { code: 'only', what: 'is left out of the &&', in: 'afterRefusal', why: ALWAYS_THERE },
    { code: 'suspect !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
    { code: '[]', what: 'is left out of the ??', in: 'nameOf', why: ALWAYS_THERE },
    { code: '[]', what: 'is left out of the ??', in: 'sampleEvenly', why: ALWAYS_THERE },
  ],
  'functions/apply/loop/classify-fault.ts': [
    {
      code: 'attempt === undefined',
      what: 'is always false',
      in: 'classifyFault',
      why: ALWAYS_THERE,
    },
    {
      code: 'error instanceof DeviceError',
      what: 'is left out of the &&',
      in: 'proofError',
      why: NO_OTHER_CODE,
    },
    { code: '[]', what: 'is left out of the ??', in: 'referencesNotFound', why: ALWAYS_THERE },
  ],
  'functions/apply/loop/plan.ts': [
    ...['fleetOf', 'only', 'seen.holders', 'seen.nodes', 'orders', 'absences'].map((code) => ({
      code,
      what: 'is left out of the &&',
      in: 'makePlan',
      why: SAME_ABSENT,
    })),
    ...['movedFrom', 'closed', 'nodes', 'waiting'].map((code) => ({
      code,
      what: 'is left out of the &&',
      in: 'surroundingsOf',
      why: SAME_ABSENT,
    })),
    {
      code: 'shareNodes === undefined',
      what: 'is always false',
      in: 'surroundingsOf',
      why: SAME_ABSENT,
    },
    ...['heard', 'deferred'].map((code) => ({
      code,
      what: 'is left out of the &&',
      in: 'outsideOfDeclaration',
      why: SAME_ABSENT,
    })),
    {
      code: 'slices.find((one) => one.owner === owner)',
      what: '.find() becomes .findLast()',
      why: 'of each owner there is one slice, the newest',
    },
    {
      code: 'manualChanges.length > 0',
      what: ['is left out of the &&', '> becomes >='],
      why: FASTER,
    },
    { code: 'seen.state', what: 'is left out of the ??', in: 'resultOf', why: ALWAYS_THERE },
  ],
  'functions/apply/loop/read-first.ts': [
    {
      code: 'before.attempt !== undefined',
      what: 'is left out of the ||',
      why: 'the plan of a declare waits for no node, so they are only read a little earlier',
    },
  ],
  'functions/apply/loop/retry.ts': [
    {
      code: "entry.kind !== 'rejected'",
      what: 'is always false',
      why: 'what was not rejected is planned again as it is, and changes nothing',
    },
    { code: 'known !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
  ],
  'functions/apply/loop/step.ts': [
    {
      code: 'isFirst',
      what: 'is always false',
      in: 'observe',
      why: 'readings count from the first plan, and addresses are chosen from the first reading',
    },
    { code: 'plannedAlready(loop)', what: 'is left out of the ??', why: FASTER },
    {
      code: "loop.phase === 'looking up'",
      what: 'is left out of the &&',
      in: 'lookedUp',
      why: 'no other look-up follows an attempt with an error',
    },
    {
      code: 'error !== undefined',
      what: 'is left out of the &&',
      in: 'lookedUp',
      why: ALWAYS_THERE,
    },
    {
      code: "trying === 'one'",
      what: 'is always true',
      in: 'retry',
      why: 'after all together nothing is left to be tried',
    },
    ...['known.attempt', 'before.attempt'].map((code) => ({
      code,
      what: 'is left out of the &&',
      why: ALWAYS_THERE,
    })),
    { code: '{}', what: 'is left out of the ??', in: 'succeeded', why: ALWAYS_THERE },
    {
      code: "purpose === 'proof'",
      what: 'is left out of the &&',
      in: 'succeeded',
      why: 'a repeated attempt begins without an error',
    },
    {
      code: 'error !== undefined',
      what: 'is left out of the &&',
      in: 'succeeded',
      why: ALWAYS_THERE,
    },
    { code: 'task === undefined', what: 'is always false', in: 'succeeded', why: ALWAYS_THERE },
    {
      code: 'error instanceof DeviceError',
      what: 'is left out of the &&',
      in: 'failed',
      why: NO_OTHER_CODE,
    },
    {
      code: '!(error instanceof DeviceError)',
      what: 'is always false',
      in: 'failed',
      why: NO_OTHER_CODE,
    },
    {
      code: 'now !== undefined',
      what: 'is left out of the &&',
      in: 'handleFault',
      why: ALWAYS_THERE,
    },
    { code: 'now', what: 'is left out of the &&', in: 'handleFault', why: ALWAYS_THERE },
    {
      code: 'posted === undefined',
      what: 'is left out of the ||',
      in: 'waited',
      why: ALWAYS_THERE,
    },
    {
      code: "isOverBudget(loop.spent, 'parts')",
      what: 'is always false',
      why: 'six smaller parts lead to the smallest, which cannot be made smaller',
    },
    {
      code: 'before.work.refused - (cleared === undefined ? 0 : 1)',
      what: '- becomes +',
      why: 'one of the others is blamed, so another round follows in any case',
    },
    {
      code: 'cleared === undefined',
      what: 'is always true',
      in: 'isolate',
      why: 'one of the others is blamed, so another round follows in any case',
    },
  ],
  'functions/apply/loop/work.ts': [
    { code: 'expected !== undefined', what: 'is left out of the &&', why: SAME_ABSENT },
    { code: '[]', what: 'is left out of the ??', in: 'attemptCost', why: ALWAYS_THERE },
    { code: '0', what: 'is left out of the ??', in: 'costIn', why: ALWAYS_THERE },
  ],
  'functions/apply/pace.ts': [
    {
      code: 'perUnit',
      what: 'is left out of the ??',
      in: 'believed',
      why: 'what was not measured before is as fast as now, and nothing is slower than undefined',
    },
    {
      code: 'perUnit > known',
      what: '> becomes >=',
      in: 'believed',
      why: 'the mean of two equal times is the same time',
    },
    {
      code: 'done !== undefined',
      what: 'is left out of the &&',
      in: 'measured',
      why: 'undefined is less than nothing',
    },
    {
      code: 'allowed < step',
      what: '< becomes <=',
      in: 'nextStep',
      why: 'equal sizes are the same size',
    },
  ],
};

export const APPLY: Readonly<Record<string, readonly Equivalent[]>> = { ...HANDLER, ...LOOP };
