/** Mutants that no test can notice, each with the reason. `equivalents.test.ts` holds them against the sources. */
import type { Mutant } from './mutants.ts';

/** Some mutants of one file; all that match. */
export interface Equivalent {
  /** Only in this function; anywhere in the file without it. */
  readonly in?: string;
  /** The expression, as the report prints it. */
  readonly code: string;
  /** What is done to it, as the report prints it; whatever is done without it. */
  readonly what?: string | readonly string[];
  readonly why: string;
}

const ALWAYS_THERE = 'the compiler asks for a value that is always there';
const ONE_ONLY = 'there is at most one, because its key is unique in the configuration';
const FASTER = 'it is only faster: without it the same comes out';
const LOG_ONLY = 'only a figure in a log line';
const NEVER_EQUAL = 'what is compared are distinct keys';
const SAME_FALSE = 'undefined is as false';
const ONE_PART = 'an owner has one part in an exposure';
const HAS_PART = 'who is told that it was created, updated or unchanged has a part in it';
const NOTHING_LAID_OVER = 'settings with nothing laid over them stay the same';
const SAME_ABSENT = 'a field that is undefined is as good as one that is absent';
const TWICE = 'what it calls, or who calls it, looks at the same again';

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
    {
      code: 'error instanceof DeviceError',
      what: 'is left out of the &&',
      in: 'handleDevice',
      why: 'no other error has a code of a device',
    },
    { code: 'partition === undefined', why: 'without a partition no event arrives' },
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
      code: 'own.filter((wish) => !isGuarded(wish.because))',
      what: '.filter() is left out',
      why: 'where nobody stays, those that are guarded were held before',
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
    { code: '0', in: 'handleMessage', why: LOG_ONLY },
    { code: 'absences[0]?.absent', why: LOG_ONLY },
    { code: '[]', in: 'sendAbsences', why: LOG_ONLY },
  ],
  'functions/map/inventory.ts': [
    { code: 'sender !== undefined', what: 'is left out of the &&', why: SAME_ABSENT },
  ],
  'functions/map/map.ts': [
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
      why: 'nobody who is unknown is among the replayers',
    },
  ],
  'functions/park/sight.ts': [{ code: 'proof', what: 'is left out of the &&', why: SAME_ABSENT }],
};

const WATCH: Readonly<Record<string, readonly Equivalent[]>> = {
  'functions/watch/emit/change-log.ts': [
    { code: 'oldest !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
  ],
  'functions/watch/emit/emitter.ts': [
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

const QUEUE: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/queue/away.ts': [
    {
      code: "''",
      in: 'isOutage',
      why: 'the text "undefined" is no error number of a system either',
    },
  ],
  'shared/queue/sqlite/queues.ts': [
    { code: 'queues.get(name)', what: 'is left out of the ??', why: FASTER },
  ],
  'shared/queue/suspects.ts': [
    {
      code: 'oldest !== undefined',
      why: ALWAYS_THERE,
    },
  ],
  'shared/queue/trial.ts': [
    {
      code: 'suspicious.size > 0',
      what: ['is always true', '> becomes >='],
      why: 'without suspects there is nothing to try',
    },
    { code: 'false', in: 'settle', why: 'undefined is as false' },
  ],
  'shared/queue/waited.ts': [
    {
      code: 'text === undefined',
      what: 'is always false',
      why: 'the text "undefined" is no JSON, and is nothing as well',
    },
  ],
  'shared/queue/dead-letter.ts': [
    {
      code: 'CLASSES.find(([prefix]) => code.startsWith(prefix))',
      what: '.find() becomes .findLast()',
      why: 'no code begins with two of them',
    },
    {
      code: "!(error instanceof QueueError) || error.code !== 'Q604'",
      what: 'is always false',
      why: 'what is thrown otherwise is thrown by the next form as well',
    },
    { code: '!(error instanceof QueueError)', in: 'sealLetter', why: 'as the whole condition' },
    { code: "error.code !== 'Q604'", in: 'sealLetter', why: 'as the whole condition' },
  ],
  'shared/queue/handler.ts': [
    {
      code: 'sender === undefined',
      what: 'is left out of the ||',
      in: 'fromRecord',
      why: SAME_ABSENT,
    },
  ],
  'shared/queue/keyring.ts': [
    {
      code: 'keys.find((each) => each.keyid === keyid)',
      what: '.find() becomes .findLast()',
      why: 'the id is a hash of the key, so two of one id are the same',
    },
    {
      code: "results.find((result) => result.status === 'rejected')",
      what: '.find() becomes .findLast()',
      why: 'of several keys that cannot be had any one is named',
    },
    { code: 'Infinity', why: ALWAYS_THERE },
    { code: 'old.length === 0', what: 'is always false', why: FASTER },
  ],
  'shared/queue/origin.ts': [
    {
      code: 'config.clusters.find((known) => known.id === id)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
  ],
  'shared/queue/proof.ts': [
    {
      code: 'config.clusters.find(({ id }) => id === read.ok.cluster)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
  ],
  'shared/queue/envelope-attributes.ts': [
    { code: "''", in: 'refuseEvent', why: 'the text "undefined" is no source either' },
    {
      code: "typeof json.value === 'object'",
      what: 'is left out of the &&',
      why: 'what is no object is refused by the schema, and names nothing',
    },
    {
      code: "''",
      in: 'parseAttributes',
      why: 'the schema takes only a source that names its cluster; no hops and the text "undefined" read alike',
    },
  ],
  'shared/queue/envelope-data.ts': [
    {
      code: 'known.find((k) => withoutVersion(k) === withoutVersion(type))',
      what: '.find() becomes .findLast()',
      why: 'one version of each type is read',
    },
  ],
  'shared/queue/envelope.ts': [
    { code: 'meta.traceparent === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'traceparent === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'waited === undefined', what: 'is always false', why: SAME_ABSENT },
  ],
  'shared/queue/settings.ts': [
    {
      code: "''",
      in: 'checkQueueSettings',
      why: 'the sentence is not said where there is no policy',
    },
    {
      code: '0',
      in: 'checkQueueSettings',
      why: 'the sentence is not said where there is no policy',
    },
  ],
  'shared/queue/sqlite/message-store.ts': [
    {
      code: 'this.#dead === undefined',
      what: 'is always false',
      why: 'where there are no dead letters nothing is received too often',
    },
    {
      code: 'inHand.forget(receipt);',
      why: 'its row is gone, no receipt is given twice, and it is forgotten with those that expire',
    },
  ],
};

const FAILURES: Readonly<Record<string, readonly Equivalent[]>> = {
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

const PLAN: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/domain/declared/declared.ts': [{ code: 'a < b', what: '< becomes <=', why: NEVER_EQUAL }],
  'shared/domain/plan/apply-orders.ts': [
    {
      code: 'now !== undefined',
      what: 'is left out of the &&',
      in: 'isAhead',
      why: 'no time is later than none',
    },
    {
      code: 'isOwnerOrder(steering)',
      what: 'is always false',
      in: 'isOvertaken',
      why: 'an order about an owner names no cluster, so nothing newer is found for it',
    },
    {
      code: 'newest !== undefined',
      what: 'is left out of the &&',
      in: 'isOvertaken',
      why: 'a time that is none is later than nothing',
    },
    {
      code: 'record.seen !== undefined',
      what: 'is left out of the &&',
      in: 'isStillSilent',
      why: 'a time that is none is later than nothing',
    },
    {
      code: 'since !== undefined',
      what: 'is left out of the &&',
      in: 'forget',
      why: 'without it there is no drain to delete',
    },
  ],
  'shared/domain/plan/claims.ts': [
    { code: '!present', what: 'is left out of the ||', why: 'without it there is no stranger' },
  ],
  'shared/domain/plan/describe-update.ts': [
    {
      code: 'after.contributions.find((c) => c.owner === a.owner)',
      what: '.find() becomes .findLast()',
      why: ONE_PART,
    },
  ],
  'shared/domain/plan/draft.ts': [
    { code: 'false', in: 'sharingRules', why: SAME_FALSE },
    {
      code: 'exposure.contributions.find((c) => c.owner === owner)',
      what: '.find() becomes .findLast()',
      why: ONE_PART,
    },
  ],
  'shared/domain/plan/fence.ts': [
    { code: 'known', what: 'is always true', in: 'admitSlice', why: SAME_ABSENT },
    { code: 'draft.declared.floors', what: 'is left out of the &&', why: SAME_ABSENT },
    {
      code: '!known',
      what: 'is left out of the ||',
      in: 'remember',
      why: 'only an owner with a record has a stranger',
    },
    { code: 'false', in: 'wasReplaced', why: SAME_FALSE },
  ],
  'shared/domain/plan/fleet.ts': [
    { code: 'FITTING.get(fleet)', what: 'is left out of the ??', why: FASTER },
    { code: 'FITTING.set(fleet, known);', why: FASTER },
    { code: 'present !== undefined', what: 'is always false', why: FASTER },
    { code: 'known.set(key, fitting);', why: FASTER },
    {
      code: 'mode === wished.mode',
      what: 'is always false',
      in: 'applyFleetSettings',
      why: 'settings fit the mode that was asked for with them',
    },
  ],
  'shared/domain/plan/foreign.ts': [
    {
      code: "there.find( (holder) => holder.port === wanted.port && [undefined, 'any', wanted.protocol].includes(",
      what: '.find() becomes .findLast()',
      why: 'of several holders the reason names any one',
    },
    {
      code: "there.find((holder) => holder.partition !== 'Common')",
      what: '.find() becomes .findLast()',
      why: 'of several holders the reason names any one',
    },
  ],
  'shared/domain/plan/guards.ts': [
    {
      code: 'gateways .map((gateway) => faults.get(gateway)) .find((report) => report !== undefined)',
      what: '.find() becomes .findLast()',
      why: 'of several mistakes the reason names any one',
    },
    { code: "''", in: 'stuckMoves', why: 'no partition has an empty name, or none' },
  ],
  'shared/domain/plan/moves.ts': [{ code: 'false', in: 'movesBetween', why: SAME_FALSE }],
  'shared/domain/plan/owner-draft.ts': [
    { code: 'sender === undefined', what: 'is always false', why: SAME_ABSENT },
  ],
  'shared/domain/plan/plan.ts': [
    {
      code: 'a.owner < b.owner',
      what: '< becomes <=',
      why: 'a batch holds one slice of each owner',
    },
    { code: '[]', in: 'waiting', why: ALWAYS_THERE },
    { code: 'shareNodes === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'declared.floors', what: 'is left out of the &&', in: 'conclude', why: SAME_ABSENT },
  ],
  'shared/domain/plan/refused-anew.ts': [
    {
      code: 'partsOf(there).find(({ contribution }) => contribution.owner === owner)',
      what: '.find() becomes .findLast()',
      why: ONE_PART,
    },
    {
      code: 'found.find((one) => one.address === address)',
      what: '.find() becomes .findLast()',
      why: 'a partition has an address and port once; over several ones it only counts that it is there',
    },
    { code: 'asksForOther', what: 'is always true', why: FASTER },
  ],
  'shared/domain/plan/remarks.ts': [
    { code: '!mine', what: 'is left out of the ||', why: HAS_PART },
    { code: '!exposure', what: 'is left out of the ||', why: HAS_PART },
    { code: "''", in: 'deciding', why: ALWAYS_THERE },
    {
      code: 'fleet',
      what: 'is left out of the &&',
      in: 'deciding',
      why: 'without a fleet nothing is said by it',
    },
    {
      code: '!fleet',
      what: 'is left out of the ||',
      in: 'fallback',
      why: 'the fleet of the same plan gave the weight',
    },
    {
      code: 'slice.exposures.find((one) => exposureKey(one) === key)',
      what: '.find() becomes .findLast()',
      why: 'a slice asks for an exposure once',
    },
    {
      code: '(waiting.get(key) ?? []).filter((one) => one !== owner)',
      what: '.filter() is left out',
      why: 'an owner that has its part waits for it no more',
    },
  ],
  'shared/domain/plan/remove.ts': [
    {
      code: '!record',
      in: 'removeUnwanted',
      what: 'is always false',
      why: 'an owner that is admitted, or missed by an inventory, has a record',
    },
    {
      code: '!record || record.held.size === 0 || record.approved.size === 0',
      what: 'is always false',
      why: FASTER,
    },
    { code: '!record || record.held.size === 0', what: 'is left out of the ||', why: FASTER },
    { code: 'record.held.size === 0', what: 'is left out of the ||', why: FASTER },
    { code: 'record.approved.size === 0', what: 'is left out of the ||', why: FASTER },
    {
      code: '!record',
      in: 'removeApproved',
      what: 'is left out of the ||',
      why: 'its callers take the owners from the records',
    },
  ],
  'shared/domain/plan/settle-shared.ts': [
    {
      code: '!isComposed(present, rules) || apart(present)',
      what: 'is always true',
      why: 'an exposure that is composed is composed to itself',
    },
    { code: 'contributions.length === 1', what: 'is always false', why: FASTER },
    { code: 'known.get(names)', what: 'is left out of the ??', why: FASTER },
    { code: 'known.set(names, found);', why: FASTER },
    ...[
      ['owners.slice(i + 1).some((b) => !sameFleet(a, b))', '.some() becomes .every()'],
      ['owners.slice(i + 1)', '.slice() is left out'],
    ].map(([code = '', what = '']) => ({
      code,
      what,
      why: 'it holds for more, and an exposure whose owners may share is composed to itself',
    })),
    { code: '!decider || !decided', what: 'is always false', why: ALWAYS_THERE },
    { code: '!decider', what: 'is left out of the ||', why: ALWAYS_THERE },
    { code: '!decided', what: 'is left out of the ||', why: ALWAYS_THERE },
    {
      code: 'claims',
      what: 'is left out of the &&',
      in: 'keepClaimsOfEvicted',
      why: 'who has a part has a record',
    },
  ],
  'shared/domain/plan/shared-exposure.ts': [
    { code: 'wish', what: 'is always true', in: 'partsOf', why: NOTHING_LAID_OVER },
    { code: 'oldest.wish', what: 'is always true', in: 'isComposed', why: NOTHING_LAID_OVER },
    {
      code: 'parts.find(({ contribution }) => contribution === oldest)',
      what: '.find() becomes .findLast()',
      why: ONE_PART,
    },
    { code: '!decider', what: 'is always false', in: 'decidedSettings', why: ALWAYS_THERE },
    { code: '!oldest', what: 'is always false', in: 'isComposed', why: ALWAYS_THERE },
    {
      code: "!placed || e.minimumActive !== (fleet?.mode === 'active-standby' ? fleet.minimumActive : undefined)",
      what: 'is always true',
      why: 'an exposure that is composed is composed to itself',
    },
    {
      code: "fleet?.mode === 'active-standby'",
      what: 'is always false',
      in: 'isComposed',
      why: 'an exposure that is composed is composed to itself; without a minimum it has no places either',
    },
    { code: 'parts[0]', what: 'is left out of the &&', why: ALWAYS_THERE },
    { code: 'a.owner < b.owner', what: '< becomes <=', why: ONE_PART },
  ],
  'shared/domain/plan/steps.ts': [
    { code: 'after.shareNodes === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'drains === undefined', what: 'is always false', why: SAME_ABSENT },
    { code: 'c[key] === undefined', what: 'is always false', why: SAME_ABSENT },
  ],
  'shared/domain/plan/tombstones.ts': [
    {
      code: 'record.gone !== undefined',
      what: 'is left out of the &&',
      why: 'a time that is none is before nothing',
    },
    {
      code: 'compareVersions(version, floor) > 0',
      what: '> becomes >=',
      why: 'versions that are equal are the same',
    },
  ],
  'shared/domain/plan/update-owner-record.ts': [{ code: 'false', in: 'declared', why: SAME_FALSE }],
  'shared/domain/plan/upsert-exposure.ts': [
    {
      code: 'a.address < b.address',
      what: '< becomes <=',
      why: 'an exposure has a member once',
    },
    {
      code: 'partsOf(present).find(({ contribution }) => contribution.owner === owner)',
      what: '.find() becomes .findLast()',
      why: ONE_PART,
    },
    {
      code: 'present',
      what: 'is left out of the &&',
      in: 'leaveOut',
      why: 'without it nothing was accepted, and nothing follows',
    },
    { code: 'wanted.settings', in: 'joined', why: ALWAYS_THERE },
    {
      code: 'present',
      what: 'is left out of the &&',
      in: 'joined',
      why: 'alone at an exposure, an owner decides',
    },
  ],
  'shared/domain/steering/silence.ts': [
    {
      code: 'Date.parse(seen) > Date.parse(known)',
      what: '> becomes >=',
      why: 'times that are equal are the same',
    },
    {
      code: 'seen !== undefined',
      what: 'is left out of the &&',
      in: 'isSilent',
      why: 'a time that is none is before nothing',
    },
    { code: 'silent.length === 0', what: 'is always false', why: FASTER },
    { code: 'drained', what: 'is left out of the &&', in: 'judge', why: SAME_ABSENT },
    { code: 'false', in: 'silenceNotes', why: SAME_FALSE },
  ],
  'shared/domain/steering/steering.ts': [{ code: 'false', in: 'has', why: SAME_FALSE }],
};

const OTHER_POOLS = 'the configuration refuses pools that overlap';
const ADDRESSES: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/domain/address-pools/range.ts': [
    {
      code: 'range.last - range.first < 2n',
      what: '< becomes <=',
      why: 'a CIDR has one address, two, or at least four',
    },
  ],
  'shared/domain/addresses/allocation-messages.ts': [
    {
      code: "choice.kind === 'new'",
      what: 'is left out of the &&',
      why: 'only a new address has one before it',
    },
  ],
  'shared/domain/addresses/allocation-table.ts': [
    { code: 'first === undefined', what: 'is always false', why: ALWAYS_THERE },
    {
      code: 'exposures .filter(({ address }) => poolOfAutoAddress(address) === undefined)',
      what: '.filter() is left out',
      why: 'no address is called like a request for one; the search for a free one looks at one more',
    },
    { code: "''", in: 'addressOf', why: ALWAYS_THERE },
    ...['is always true', '.some() becomes .every()'].map((what) => ({
      code: `${what.startsWith('is') ? '!' : ''}there.some((other) => other.owner === occupant.owner && other.partition === occupant.partition)`,
      what,
      why: 'an owner that is noted twice counts as once',
    })),
  ],
  'shared/domain/addresses/assign.ts': [
    {
      code: 'exposures.length === slice.exposures.length',
      what: 'is always false',
      why: FASTER,
    },
    {
      code: 'poolOfAutoAddress(e.address) !== undefined',
      what: 'is left out of the &&',
      in: 'askersOf',
      why: 'a literal address names no pool, and no pool has an empty name',
    },
    {
      code: "'\\uffff'",
      what: 'is left out of the ||',
      why: 'the text "undefined" comes after every time as well',
    },
    {
      code: "''",
      in: 'askersOf',
      why: 'a literal address names no pool, and a pool has exposures',
    },
    { code: 'age(a) < age(b)', what: '< becomes <=', why: NEVER_EQUAL },
    {
      code: "choice.kind !== 'none'",
      what: 'is always true',
      why: 'who got none holds no address; the search for a free one looks at one more',
    },
    ...[
      ["one.kind === 'none' || one.asker.pool.name !== pool.name", 'is always false'],
      ["one.kind === 'none'", 'is left out of the ||'],
      ['one.asker.pool.name !== pool.name', 'is left out of the ||'],
    ].map(([code = '', what = '']) => ({
      code,
      what,
      in: 'had',
      why: `when siblings are looked for nobody was refused yet, and ${OTHER_POOLS}`,
    })),
  ],
  'shared/domain/addresses/choose.ts': [
    { code: '[]', in: 'best', why: 'a slice that asks for an address carries its claims' },
    { code: '0', in: 'compare', why: ALWAYS_THERE },
    { code: 'x < y', what: '< becomes <=', in: 'byValue', why: 'equal addresses are the same' },
    {
      code: 'exposures.find( (other) => other.address === address && other.port === port && other.protocol === pr',
      what: '.find() becomes .findLast()',
      why: 'a slice asks for an exposure once',
    },
    {
      code: '[]',
      in: 'claimedAddress',
      why: 'a slice that asks for an address carries its claims',
    },
    {
      code: 'owner !== slice.owner',
      what: 'is left out of the &&',
      in: 'siblingAddress',
      why: 'an owner does not share with itself',
    },
    {
      code: 'book.share(owner, slice.owner)',
      what: 'is left out of the &&',
      in: 'siblingAddress',
      why: 'the address of anybody else is not free',
    },
    {
      code: 'chosen .filter(({ owner }) => book.share(owner, slice.owner))',
      what: '.filter() is left out',
      why: 'the address of anybody else is not free',
    },
    {
      code: 'slice.owner',
      what: 'is left out of the ??',
      in: 'nextFree',
      why: 'a slice that asks for an address carries its seed',
    },
    ...[
      ['i < size', 'is left out of the &&'],
      ['i < size', '< becomes <='],
      ['i < known', 'is left out of the &&'],
      ['i < known', '< becomes <='],
    ].map(([code = '', what = '']) => ({
      code,
      what,
      why: 'either bound ends the search when every address was looked at',
    })),
    {
      code: 'address !== undefined',
      what: 'is left out of the &&',
      in: 'nextFree',
      why: ALWAYS_THERE,
    },
  ],
  'shared/domain/addresses/fill-in.ts': [
    { code: 'choices.length === 0', what: 'is always false', why: FASTER },
    {
      code: 'choices.find(({ asker }) => asker.exposures.includes(from))',
      what: '.find() becomes .findLast()',
      why: 'an exposure is asked for once',
    },
    {
      code: "fate.kind === 'joined'",
      what: 'is left out of the &&',
      in: 'withJoined',
      why: 'nothing else has a key',
    },
    { code: 'joined.length === 0', what: 'is always false', why: FASTER },
    { code: 'exposure.since', what: 'is left out of the ??', why: ALWAYS_THERE },
  ],
  'shared/domain/addresses/usage.ts': [
    { code: 'a.who < b.who', what: '< becomes <=', why: NEVER_EQUAL },
    { code: 'x < y', what: '< becomes <=', why: NEVER_EQUAL },
  ],
};

export const EQUIVALENTS: Readonly<Record<string, readonly Equivalent[]>> = {
  ...EXPRESS,
  ...MAP,
  ...WATCH,
  ...QUEUE,
  ...FAILURES,
  ...PLAN,
  ...ADDRESSES,
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
