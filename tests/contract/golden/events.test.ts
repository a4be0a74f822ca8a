/**
 * Every event that 0.1.0 sent, and that may still be in a queue or failure store, can be opened.
 * Present events are sent in the same form.
 */
import { describe, expect, test } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import type { ReceivedEvent } from '../../../shared/queue/envelope-types.ts';
import * as types from '../../../shared/queue/events.ts';
import { isSignedBy, readVerifyKey } from '../../../shared/queue/signature.ts';
import { sealFacts } from './sealed.ts';
import { golden } from './files.ts';
import {
  EVENTS,
  LETTER_TYPES,
  LETTERS,
  sealed,
  sentLetter,
  TIME,
  type DeadLetter,
  type Sent,
} from './inputs/events.ts';

const NAMES = Object.keys(EVENTS);
const PACKED = NAMES.filter((name) => name.endsWith('-large'));

function opened(
  body: string,
  known: Parameters<typeof parseEvent>[1],
): ReceivedEvent<string, unknown> {
  const result = parseEvent(body, known);
  if ('refused' in result) throw new Error(`${result.refused.code}: ${result.refused.reason}`);
  return result.ok;
}

test('there is a sample of every event type, and of every steering action', () => {
  const known = Object.values(types)
    .flatMap((value) => (typeof value === 'string' ? [value] : []))
    .filter((type) => type !== types.DEAD_LETTER);
  expect(known.length).toBeGreaterThan(8);
  // A type added after 0.1.0 has its sample with the release that added it.
  expect(
    [...new Set(NAMES.map((name) => EVENTS[name]!.type))].filter((type) => !known.includes(type)),
  ).toEqual([]);
  expect(NAMES.filter((name) => name.startsWith('steering-'))).toHaveLength(8);
});

describe('an event of 0.1.0', () => {
  test.each(NAMES)('%s: opens, with the same values', (name) => {
    const {
      type,
      types: known,
      data,
      subject = 'east/istio-system/istio-ingressgateway',
      meta,
    } = EVENTS[name]!;
    const event = opened(golden(`events/${name}.json`), known);
    expect({ ...event, data: undefined, signature: undefined }).toEqual({
      id: `golden-${name}`,
      type,
      cluster: 'east',
      subject,
      time: TIME,
      hops: [],
      ...meta,
      data: undefined,
      signature: undefined,
    });
    expect(event.data).toEqual(data);
  });

  test.each(NAMES.filter((name) => EVENTS[name]!.unsigned !== true))(
    '%s: its signature is valid for the public key beside it',
    (name) => {
      const key = readVerifyKey(golden('events/watcher.pub.pem'));
      if ('problem' in key) throw new Error(key.problem);
      const { signature } = opened(golden(`events/${name}.json`), EVENTS[name]!.types);
      expect([signature?.keyid, signature !== undefined && isSignedBy(signature, key.ok)]).toEqual([
        key.ok.keyid,
        true,
      ]);
    },
  );

  test.each(NAMES.filter((name) => !PACKED.includes(name)))(
    '%s: is still sealed to the same bytes',
    (name) => {
      expect(sealed(name, EVENTS[name]!)).toBe(golden(`events/${name}.json`));
    },
  );

  test.each(PACKED)('%s: is still packed, with the same envelope and data', (name) => {
    expect(sealFacts(sealed(name, EVENTS[name]!))).toEqual(
      sealFacts(golden(`events/${name}.json`)),
    );
    const { data_base64: packed } = JSON.parse(golden(`events/${name}.json`)) as {
      readonly data_base64: string;
    };
    expect(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString())).toEqual(
      EVENTS[name]!.data,
    );
  });
});

describe('a dead letter of 0.1.0', () => {
  test.each(Object.entries(LETTERS))('%s: opens, with the original message', (name, input) => {
    const { queue, group, body } = JSON.parse(golden(`letters/${name}.json`)) as Sent;
    const letter = opened(body, LETTER_TYPES).data as DeadLetter;
    const { id, body: sent, sentAt, receiveCount, sender } = input.message;
    const original = sent.includes('golden-ingress-desired')
      ? golden('events/ingress-desired.json')
      : sent;
    expect([queue, group]).toEqual([`${input.queue}-dead`, input.message.group || id]);
    expect(letter.original).toEqual({
      id,
      body: original,
      sentAt,
      receiveCount,
      ...(sender === undefined ? {} : { sender }),
    });
    expect(letter).toMatchObject({
      code: input.code,
      reason: input.reason,
      queue: input.queue,
      functionVersion: '7',
    });
  });

  test.each(Object.entries(LETTERS))(
    '%s: is still written in the same form',
    async (name, input) => {
      const [now, then] = [
        await sentLetter(input),
        JSON.parse(golden(`letters/${name}.json`)) as Sent,
      ];
      if (!name.endsWith('-large'))
        return expect(JSON.stringify(now)).toBe(golden(`letters/${name}.json`));
      expect({ ...now, body: sealFacts(now.body) }).toEqual({
        ...then,
        body: sealFacts(then.body),
      });
    },
  );
});
