/** Mutants of the queues that no test can notice. */
import { ALWAYS_THERE, FASTER, ONE_ONLY, SAME_ABSENT, type Equivalent } from './reasons.ts';

const AT_MOST_AWAKE = 'it wakes once more, looks at the time, and sleeps on';

export const QUEUE: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/queue/away.ts': [
    {
      code: "''",
      in: 'isOutage',
      why: 'the text "undefined" is no error number of a system either',
    },
  ],
  'shared/queue/sqlite/queues.ts': [
    {
      code: 'stopListening();',
      why: 'it keeps no process alive, and a bell that is heard after the end wakes nobody',
    },
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
  'shared/queue/event-source.ts': [
    {
      code: 'received.batch.length === 0',
      what: 'is always false',
      in: 'run',
      why: 'no handler is called without messages',
    },
  ],
  'shared/queue/misfit.ts': [
    { code: 'count >= most', what: ['is always false', '>= becomes >'], why: FASTER },
    { code: 'most - count', what: '- becomes +', why: FASTER },
    { code: 'misfit !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
    {
      code: 'read.find(({ success }) => success)',
      what: '.find() becomes .findLast()',
      why: 'whichever option matches, zod reads the value',
    },
  ],
  'shared/queue/trace.ts': [
    { code: "''", in: 'traceFields', why: 'the text "undefined" is no trace either' },
    { code: 'traceId === undefined', what: 'is always false', why: SAME_ABSENT },
  ],
  'shared/queue/sqlite/database.ts': [
    {
      code: "database.exec('PRAGMA synchronous = FULL');",
      why: 'it is the default of SQLite, unless Node is built with another one',
    },
  ],
  'shared/queue/sqlite/files.ts': [
    {
      code: 'database.close();',
      in: 'isLocked',
      why: 'it has no lock, and is closed when the memory is reclaimed',
    },
  ],
  'shared/queue/sqlite/in-hand.ts': [
    { code: 'end > now', what: '> becomes >=', in: 'createInHand', why: AT_MOST_AWAKE },
  ],
  'shared/queue/sqlite/leaving.ts': [
    {
      code: 'errorMessage(error)',
      in: 'refuseUnreachable',
      why: 'each error of the system has a code',
    },
  ],
  'shared/queue/sqlite/wake-up.ts': [
    { code: 'this.#waiting.size === 0', what: 'is always true', in: 'stop', why: AT_MOST_AWAKE },
    { code: 'waiter.until < this.#nextAlarm', what: '< becomes <=', why: AT_MOST_AWAKE },
    { code: 'look >= this.#nextLook', what: '>= becomes >', why: 'it is the same time' },
    {
      code: 'look < this.#nextAlarm',
      what: ['is always true', '< becomes <='],
      why: AT_MOST_AWAKE,
    },
    {
      code: 'this.#alarm.signal.aborted',
      what: 'is always true',
      why: 'nothing else has the one that it replaces',
    },
  ],
};
