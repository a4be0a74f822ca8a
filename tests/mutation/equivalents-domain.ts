/**
 * Mutants of the plan and of addresses that no test can notice, each with the reason.
 */
import {
  ALWAYS_THERE,
  FASTER,
  NEVER_EQUAL,
  SAME_ABSENT,
  SAME_FALSE,
  type Equivalent,
} from './reasons.ts';

const ONE_PART = 'an owner has one part in an exposure';
const HAS_PART = 'who is told that it was created, updated or unchanged has a part in it';
const NOTHING_LAID_OVER = 'settings with nothing laid over them stay the same';

export const PLAN: Readonly<Record<string, readonly Equivalent[]>> = {
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
      code: 'time !== undefined',
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
      code: 'mode === requested.mode',
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
  'shared/domain/plan/overrides.ts': [
    { code: '{}', in: 'withAdoption', why: 'an override without values is not kept' },
  ],
  'shared/domain/plan/owner-draft.ts': [
    {
      code: '[...held].sort()',
      what: '.sort() is left out',
      why: 'they are held in the order of the exposures, which is this one',
    },
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
  'shared/bigip/as3/steps.ts': [
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
export const ADDRESSES: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/domain/address-pools/pool.ts': [
    { code: '[]', in: 'readAddressPool', why: 'the schema takes only texts that are ranges' },
  ],
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
      code:
        `${what.startsWith('is') ? '!' : ''}there.some((other) => other.owner === ` +
        'occupant.owner && other.partition === occupant.partition)',
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
      why: `when siblings are looked for no owner was refused yet, and ${OTHER_POOLS}`,
    })),
  ],
  'shared/domain/addresses/choose.ts': [
    { code: '[]', in: 'best', why: 'a slice that asks for an address carries its claims' },
    { code: '0', in: 'compare', why: ALWAYS_THERE },
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
      why: 'the address of another holder is not free',
    },
    {
      code: 'chosen .filter(({ owner }) => book.share(owner, slice.owner))',
      what: '.filter() is left out',
      why: 'the address of another holder is not free',
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
  ],
};
