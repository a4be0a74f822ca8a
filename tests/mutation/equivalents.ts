/**
 * Mutants that no test can notice, each with the reason. `equivalents.test.ts` checks that each
 * still exists in the sources.
 */
import { APPLY } from './equivalents-apply.ts';
import { ADDRESSES, PLAN } from './equivalents-domain.ts';
import { EXPOSURE } from './equivalents-exposure.ts';
import { QUEUE } from './equivalents-queue.ts';
import type { Mutant } from './mutants.ts';
import {
  ALWAYS_THERE,
  ONE_ONLY,
  FASTER,
  LOG_ONLY,
  NEVER_EQUAL,
  SAME_ABSENT,
  TWICE,
  type Equivalent,
} from './reasons.ts';

const EXPRESS: Readonly<Record<string, readonly Equivalent[]>> = {
  'functions/express/device.ts': [
    {
      code: "results.find((result) => result.status === 'rejected')",
      what: '.find() becomes .findLast()',
      why: 'of several failed writes any one stands for all',
    },
  ],
  'functions/express/handler.ts': [
    {
      code: 'runtime.config.devices.find((device) => device.name === group)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    {
      code: 'config === undefined || partition === undefined',
      what: 'is left out of the ||',
      why: 'without device or partition no event arrives, so the last condition stands for both',
    },
    { code: 'config === undefined', why: 'without a device no event arrives' },
    { code: 'partition === undefined', why: 'without a partition no event arrives' },
    { code: '0', in: 'handleEvents', why: 'undefined is not above 0 either' },
    {
      code: 'error instanceof DeviceError',
      what: 'is left out of the &&',
      in: 'afterError',
      why: 'no other error has the code BIP402',
    },
  ],
  'functions/map/express.ts': [
    { code: '[]', in: 'expressEvents', why: 'slices are made for configured devices only' },
    {
      code: 'config.devices.find((device) => device.name === slice.device)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: 'partition === undefined', why: 'a device has at least one partition' },
    { code: 'events.length === 0', why: FASTER },
  ],
  'shared/domain/express/cordon.ts': [
    {
      code: 'suspects.cordoned.size === 0 && suspects.notReady.size === 0',
      what: 'is always false',
      why: FASTER,
    },
  ],
  'shared/domain/express/decide.ts': [
    {
      code: 'found.find( (use) => use.owner !== owner && !(mayShare && clusterOfOwner(use.owner) === clusterOfOwn',
      what: '.find() becomes .findLast()',
      why: 'of several strangers the reason names any one',
    },
    { code: 'false', why: 'an address without any use was refused before' },
  ],
  'shared/domain/express/express-event.ts': [
    { code: 'wanted.size === 0', what: 'is always false', why: FASTER },
    { code: 'a.address < b.address', what: '< becomes <=', why: NEVER_EQUAL },
    {
      code: 'availability',
      in: 'availabilities',
      why: 'compared with itself or with nothing, an availability stays what it is',
    },
  ],
  'shared/domain/express/node.ts': [
    {
      code: 'b !== undefined',
      what: 'is left out of the &&',
      why: 'undefined ranks above nothing',
    },
    { code: 'RANK[b] > RANK[a]', what: '> becomes >=', why: 'what ranks the same is the same' },
  ],
  'shared/domain/express/pool-guard.ts': [
    { code: 'leaving.size === 0', what: 'is always false', why: FASTER },
    { code: 'own.length > 0', why: FASTER },
    { code: "'back'", why: 'no wish is as little guarded as one to come back' },
    {
      code: 'own.filter((change) => !isGuarded(change.because))',
      what: '.filter() is left out',
      why: 'where no member stays, those that are guarded were held before',
    },
  ],
  'shared/domain/express/ratio.ts': [
    { code: 'shared.length === 0', what: 'is always false', why: FASTER },
    { code: '[]', why: ALWAYS_THERE },
    {
      code: 'first && known.size === 1 && owners.every((owner) => groupOf.get(owner) === first)',
      what: 'is always false',
      why: 'to merge once more what is together gives the same groups',
    },
    ...['first', 'known.size === 1', 'groupOf.get(owner) === first'].map((code) => ({
      code,
      in: 'groupsOf',
      why: 'to merge once more what is together gives the same groups',
    })),
  ],
  'shared/domain/express/reconcile.ts': [
    {
      code: 'present !== undefined',
      what: 'is left out of the &&',
      why: 'no stamp is newer than none',
    },
    {
      code: 'given !== undefined',
      what: 'is left out of the &&',
      why: 'what is idle and was given nothing was answered the line before',
    },
    { code: '{ epoch: 0, counter: 0, generation: 0 }', why: ALWAYS_THERE },
    { code: "''", in: 'stampFor', why: ALWAYS_THERE },
    { code: '[]', in: 'nodesToEnable', why: 'only nodes with uses are written' },
  ],
  'shared/domain/express/stamp.ts': [
    { code: "''", in: 'parseStamp', why: 'the text "undefined" is no stamp either' },
  ],
};

const MAP: Readonly<Record<string, readonly Equivalent[]>> = {
  'functions/map/handler.ts': [
    {
      code: 'messages.slice(done)',
      what: '.slice() is left out',
      why: 'messages are handed over one at a time',
    },
    { code: 'result.slices[0]?.exposures.length', why: LOG_ONLY },
    { code: '0', in: 'handleState', why: LOG_ONLY },
    { code: 'absences[0]?.absent', why: LOG_ONLY },
    { code: '[]', in: 'sendAbsences', why: LOG_ONLY },
  ],
  'functions/map/inventory.ts': [
    { code: 'sender !== undefined', what: 'is left out of the &&', why: SAME_ABSENT },
  ],
  'functions/map/leaving.ts': [
    {
      code: 'config.ingresses.find((one) => one.cluster === cluster && one.service === service)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    {
      code: 'config.clusters.find(({ id }) => id === cluster)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: '{}', in: 'leavingEvents', why: 'an ingress belongs to a configured cluster' },
  ],
  'functions/map/map.ts': [
    { code: 'snapshot.settledSince', what: 'is left out of the &&', why: SAME_ABSENT },
    {
      code: 'config.ingresses.find( (i) => i.cluster === snapshot.cluster && i.service === service, )',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: 'sender === undefined', what: 'is always false', in: 'mapSnapshot', why: SAME_ABSENT },
    { code: 'built.auto', what: 'is left out of the &&', why: SAME_ABSENT },
    {
      code: 'config.clusters.find((c) => c.id === snapshot.cluster)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: 'config.clusters[0]!.mesh', why: 'an ingress belongs to a configured cluster' },
    {
      code: 'sender === undefined',
      what: 'is left out of the ||',
      in: 'isClustersOwnSender',
      why: 'an unknown sender is not among the replayers',
    },
  ],
  'functions/park/record-of-message.ts': [
    { code: 'proof', what: 'is left out of the &&', why: SAME_ABSENT },
  ],
};

const WATCH: Readonly<Record<string, readonly Equivalent[]>> = {
  'functions/watch/emit/change-log.ts': [
    { code: 'oldest !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
  ],
  'functions/watch/emit/emitter.ts': [
    {
      code: "this.#heldUntil !== undefined && !urgent && change.what === 'added'",
      what: 'is always false',
      why: FASTER,
    },
    {
      code: 'this.#heldUntil !== undefined',
      what: 'is always true',
      in: 'portsChanged',
      why: FASTER,
    },
    {
      code: '!this.#mustWait()',
      what: 'is always false',
      in: '#hold',
      why: 'the next turn of the loop asks the same, and ends the wait before it began',
    },
    { code: '!this.#stopping', what: 'is always true', in: '#send', why: TWICE },
  ],
  'functions/watch/leader/leadership.ts': [
    {
      code: 'this.#term !== undefined',
      what: 'is left out of the &&',
      in: 'assure',
      why: TWICE,
    },
    { code: 'term === undefined', what: 'is always false', in: '#renew', why: TWICE },
    { code: 'before?.holder', why: LOG_ONLY },
    { code: "''", in: '#announce', why: LOG_ONLY },
    {
      code: 'error instanceof KubernetesError',
      what: 'is left out of the &&',
      why: 'no other error has a status',
    },
  ],
};

const FAILURES: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/failures/waiting/away.ts': [
    {
      code: 'time !== undefined',
      what: 'is left out of the &&',
      why: 'what is not there is not later than now',
    },
  ],
  'shared/failures/waiting/merge.ts': [
    {
      code: 'error instanceof QueueError',
      what: 'is left out of the &&',
      why: 'no other error has such a code',
    },
    ...[
      { code: "error instanceof QueueError && error.code === 'Q604'", what: 'is always true' },
      { code: "error.code === 'Q604'", what: 'is left out of the &&' },
    ].map((mutant) => ({
      ...mutant,
      in: 'sealed',
      why: 'what was read as an event can be written, unless it is too large',
    })),
  ],
  'shared/failures/waiting/remaining-order.ts': [
    {
      code: 'looked !== undefined',
      what: 'is left out of the &&',
      why: ALWAYS_THERE,
    },
  ],
  'shared/failures/waiting/turn.ts': [
    {
      code: "entry.kind === 'order'",
      what: 'is always true',
      in: 'sendBack',
      why: 'what is no order is refused as one, and goes as it came',
    },
    { code: "'ok' in opened", what: 'is always true', in: 'tellVoid', why: ALWAYS_THERE },
  ],
  'shared/failures/replay/preview-partition.ts': [
    { code: 'fleetOf', what: 'is left out of the &&', why: SAME_ABSENT },
    { code: '[]', in: 'combinePreviews', why: ALWAYS_THERE },
  ],
  'shared/failures/replay/driver.ts': [
    { code: "''", in: 'isBad', why: 'no result at all is no bad one either' },
    { code: '[]', in: 'itemsOf', why: ALWAYS_THERE },
    { code: 'unit === undefined', what: 'is always false', in: 'send', why: ALWAYS_THERE },
  ],
  'shared/failures/replay/policy-turn.ts': [
    {
      code: 'error instanceof ReplayError',
      what: 'is left out of the &&',
      why: 'no other error has such a code',
    },
    {
      code: 'turn.job === undefined',
      what: 'is always false',
      why: 'no job is called undefined',
    },
    { code: "''", in: 'drive', why: 'no code at all is none of those either' },
    { code: "''", in: 'conclude', why: 'no result at all is no bad one either' },
    { code: "'by hand'", in: 'conclude', why: 'who stops a job gives a reason' },
    { code: "''", in: 'giveUp', why: 'a job that pauses itself gives a reason' },
  ],
  'shared/failures/replay/preview.ts': [
    { code: 'code === undefined', what: 'is always false', in: 'readNow', why: SAME_ABSENT },
    {
      code: 'config.devices.find((d) => d.name === slice.device)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    { code: 'code === undefined', what: 'is always false', in: 'unknown', why: SAME_ABSENT },
    {
      code: "reading.kind === 'unknown'",
      what: 'is always false',
      in: 'surroundingsOf',
      why: 'a plan takes the states of what is ours and the codes of what is refused, and nothing else',
    },
    { code: 'holders', what: 'is left out of the &&', in: 'surroundingsOf', why: SAME_ABSENT },
  ],
  'shared/failures/fs/blobs.ts': [
    {
      code: "condition === 'absent'",
      what: 'is always false',
      why: 'a text has no tag, and what is absent has none either',
    },
    { code: 'condition === undefined', what: 'is always false', in: 'put', why: FASTER },
    { code: 'a.key < b.key', what: '< becomes <=', why: NEVER_EQUAL },
  ],
  'shared/failures/replay/map-event.ts': [
    { code: '0', in: 'mapWithBundle', why: 'nothing is not more than nothing' },
    { code: 'sender === undefined', what: 'is always false', why: SAME_ABSENT },
  ],
  'shared/failures/filter.ts': [
    { code: 'cut < 0', what: '< becomes <=', why: 'up to its first character it is empty as well' },
    {
      code: 'values.find((v) => !choices.includes(v))',
      what: '.find() becomes .findLast()',
      why: 'of several strangers it is only asked whether there is one',
    },
    { code: "''", in: 'namespacesOfFailure', why: ALWAYS_THERE },
  ],
  'shared/failures/history.ts': [
    { code: 'device === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'job === undefined', what: 'is always false', why: SAME_ABSENT },
    {
      code: 'tag !== undefined',
      what: 'is always true',
      why: 'what is written without a condition has a tag',
    },
  ],
  'shared/failures/replay/jobs.ts': [
    { code: "''", in: 'listAll', why: ALWAYS_THERE },
    {
      code: 'edits.find(([index]) => index === number * PAGE_ITEMS + i)',
      what: '.find() becomes .findLast()',
      why: 'a map has every index once',
    },
  ],
  'shared/failures/replay/policy.ts': [
    { code: 'codes === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'classes === undefined', what: 'is always false', why: SAME_ABSENT },
  ],
  'shared/failures/replay/select.ts': [
    { code: 'a.id < b.id', what: '< becomes <=', why: NEVER_EQUAL },
  ],
  'shared/failures/read.ts': [
    { code: 'i < items.length', what: '< becomes <=', why: 'the last round may read nothing' },
  ],
  'shared/failures/resolve-failures.ts': [
    { code: 'over.length === 0', what: 'is always false', why: FASTER },
  ],
  'shared/failures/shards.ts': [
    {
      code: 'tag !== undefined',
      what: 'is always true',
      why: 'no blob has the tag undefined, so what is remembered under it is read again',
    },
  ],
  'shared/failures/store.ts': [
    { code: 'a.id < b.id', what: '< becomes <=', why: NEVER_EQUAL },
    { code: '[...heads.values()].filter(over)', what: '.filter() is left out', why: TWICE },
  ],
  'shared/failures/failure-record.ts': [
    {
      code: "clusters.find((c) => c.id === parseOwner(origin.owner ?? '').cluster)",
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
    {
      code: "proof.kind !== 'unproven'",
      what: 'is left out of the &&',
      why: 'what is unproven names no cluster, and every owner does',
    },
  ],
  'shared/failures/replay/check-sent.ts': [
    { code: "''", in: 'checkSentUnit', why: 'no result at all is no bad one either' },
    {
      code: 'head.count',
      in: 'failedAgain',
      why: 'nothing is more than a count that is not there',
    },
    { code: 'code === undefined', what: 'is always false', in: 'onDevice', why: SAME_ABSENT },
  ],
  'shared/failures/replay/send.ts': [
    {
      code: 'gone !== undefined',
      what: 'is always true',
      why: 'what is not gone gets another entry under its index before anything is saved',
    },
    {
      code: '!wanted.includes(each)',
      what: 'is always true',
      why: 'what is sent gets another entry under its index, and closing it is for other verdicts',
    },
    {
      code: 'load === undefined',
      what: 'is left out of the ||',
      why: 'without the event no preview says that it would apply',
    },
    { code: 'leader', what: 'is left out of the &&', in: 'loadOf', why: ALWAYS_THERE },
    { code: '[]', in: 'loadOf', why: 'isTried asked for the order before' },
    { code: '0', in: 'arrived', why: 'no count is more than another one, and neither is 0' },
    { code: 'Infinity', in: 'arrived', why: 'nothing is more than a count that is not there' },
    { code: '0', in: 'leaderOf', why: 'a sort takes undefined for 0' },
    { code: 'code === undefined', what: 'is always false', in: 'settleUnsent', why: SAME_ABSENT },
    {
      code: 'wanted.find(({ item }) => item.deduplicationId !== undefined)',
      what: '.find() becomes .findLast()',
      why: 'a unit is sent under one id',
    },
    {
      code: "wanted .filter(({ head }) => head.state === 'quarantined')",
      what: '.filter() is left out',
      why: TWICE,
    },
  ],
};

export const EQUIVALENTS: Readonly<Record<string, readonly Equivalent[]>> = {
  ...APPLY,
  ...EXPRESS,
  ...MAP,
  ...WATCH,
  ...QUEUE,
  ...FAILURES,
  ...PLAN,
  ...ADDRESSES,
  ...EXPOSURE,
};

export function matches(equivalent: Equivalent, mutant: Mutant): boolean {
  const { in: where, code, what } = equivalent;
  return (
    code === mutant.source &&
    (where === undefined || where === mutant.in) &&
    (what === undefined || [what].flat().includes(mutant.what))
  );
}

/** Undefined for a mutant that a test should notice. */
export function reasonFor(mutant: Mutant): string | undefined {
  return EQUIVALENTS[mutant.file]?.find((equivalent) => matches(equivalent, mutant))?.why;
}
