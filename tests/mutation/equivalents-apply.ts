/** Mutants of apply that no test can notice, each with the reason. */
import { ALWAYS_THERE, FASTER, ONE_ONLY, SAME_ABSENT, type Equivalent } from './reasons.ts';

const BUG_ONLY = 'it would be a bug of the loop, which says so instead of going on';
const NO_OTHER_CODE = 'no other error has a code or a fault of a device';
const ONE_PARTITION = 'one partition is applied as one of several is';

/** Of the handler and what is beside the loop. */
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
    { code: 'only === undefined || jobs.length > 1', what: 'is always true', why: ONE_PARTITION },
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
  ],
};

export const APPLY: Readonly<Record<string, readonly Equivalent[]>> = { ...HANDLER, ...LOOP };
