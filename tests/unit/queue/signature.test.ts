import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import * as z from 'zod';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import {
  isSignedBy,
  newKeyPair,
  readSigner,
  readVerifyKey,
  type EventSigner,
  type VerifyKey,
} from '../../../shared/queue/signature.ts';

const TYPE = 'sluice.test.note.v1';
const TYPES = { [TYPE]: z.looseObject({}), 'sluice.test.other.v1': z.looseObject({}) } as const;
const META: EventMeta = {
  id: 'e-1',
  cluster: 'east',
  subject: 'east/istio-system/gw',
  time: '2026-11-22T10:00:00.000Z',
  traceparent: '00-1-2-01',
};

function pair(): { readonly signer: EventSigner; readonly key: VerifyKey } {
  const { privatePem, publicPem } = newKeyPair();
  const [signer, key] = [readSigner(privatePem), readVerifyKey(publicPem)];
  if ('problem' in signer || 'problem' in key) throw new Error('a new pair cannot be read');
  return { signer: signer.ok, key: key.ok };
}

const { signer, key } = pair();

function holds(body: string, by = key): boolean {
  const opened = parseEvent(body, TYPES);
  if ('refused' in opened) throw new Error(opened.refused.reason);
  return opened.ok.signature !== undefined && isSignedBy(opened.ok.signature, by);
}

function changed(body: string, change: (envelope: Record<string, unknown>) => void): string {
  const envelope = JSON.parse(body) as Record<string, unknown>;
  change(envelope);
  return JSON.stringify(envelope);
}

const small = serialiseEvent(TYPE, { port: 443, name: 'a' }, META, signer);
const large = serialiseEvent(TYPE, { text: 'x'.repeat(250_000) }, META, signer);

describe('a signed event', () => {
  test.each([
    ['plain', small],
    ['packed', large],
  ])('is valid as it was sent, also when it is sent again (%s)', (_, body) => {
    expect(holds(body)).toBe(true);
    expect(holds(body)).toBe(true);
  });

  test('contains its key id, and is otherwise the same as unsigned', () => {
    const { keyid, signature, ...rest } = JSON.parse(small) as Record<string, unknown>;
    expect(keyid).toBe(signer.keyid);
    expect(Buffer.from(String(signature), 'base64')).toHaveLength(64);
    expect(rest).toEqual(JSON.parse(serialiseEvent(TYPE, { port: 443, name: 'a' }, META)));
    expect(parseEvent(serialiseEvent(TYPE, {}, META), TYPES)).not.toHaveProperty('ok.signature');
  });

  test('is valid for any data: text of any kind, numbers, depth', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.string({ unit: 'binary', minLength: 1 }),
        (data, subject) => {
          expect(holds(serialiseEvent(TYPE, data, { ...META, subject }, signer))).toBe(true);
        },
      ),
    );
  });

  test('is valid if its JSON is reformatted or its trace and hops change', () => {
    expect(holds(JSON.stringify(JSON.parse(small), null, 2))).toBe(true);
    expect(
      holds(
        changed(small, (e) =>
          Object.assign(e, { hops: '2026-11-22T10:00:00.000Z replay', traceparent: '00-3-4-01' }),
        ),
      ),
    ).toBe(true);
  });

  test.each<[string, (envelope: Record<string, unknown>) => void]>([
    ['id', (e) => (e['id'] = 'e-2')],
    ['cluster', (e) => (e['source'] = '/clusters/west')],
    ['type', (e) => (e['type'] = 'sluice.test.other.v1')],
    ['subject', (e) => (e['subject'] = 'east/istio-system/other')],
    ['time', (e) => (e['time'] = '2026-11-22T10:00:01.000Z')],
    ['a value', (e) => (e['data'] = { port: 80, name: 'a' })],
    ['the order of keys', (e) => (e['data'] = { name: 'a', port: 443 })],
    ['more data', (e) => (e['data'] = { port: 443, name: 'a', more: true })],
    ['the signature', (e) => (e['signature'] = Buffer.alloc(64).toString('base64'))],
    ['a signature of another length', (e) => (e['signature'] = 'AAAA')],
    ['a signature that is not base64', (e) => (e['signature'] = '???')],
  ])('does not hold any more with another %s', (_, change) => {
    const body = changed(small, change);
    expect(body).not.toBe(small);
    expect(holds(body)).toBe(false);
  });

  test('is not valid with the data of another packed event', () => {
    const other = JSON.parse(serialiseEvent(TYPE, { text: 'y'.repeat(250_000) }, META, signer)) as {
      data_base64: string;
    };
    expect(holds(changed(large, (e) => (e['data_base64'] = other.data_base64)))).toBe(false);
  });

  test('is never valid for another key, not even with its id', () => {
    const stranger = pair();
    expect(holds(small, stranger.key)).toBe(false);
    const posing: EventSigner = {
      keyid: key.keyid,
      sign: (covered) => stranger.signer.sign(covered),
    };
    expect(holds(serialiseEvent(TYPE, { port: 443 }, META, posing))).toBe(false);
  });

  test('signs attributes separately: moving text from one attribute to the next is detected', () => {
    const a = JSON.parse(
      serialiseEvent(TYPE, {}, { ...META, id: 'ab', subject: 'c' }, signer),
    ) as Record<string, unknown>;
    expect(holds(JSON.stringify({ ...a, id: 'a', subject: 'bc' }))).toBe(false);
  });
});

describe('a key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (
    keyObject: { export(options: { format: 'pem'; type: 'spki' | 'pkcs8' }): string | Buffer },
    type: 'spki' | 'pkcs8',
  ): string => keyObject.export({ format: 'pem', type }).toString();

  test('has the same id as private and as public key', () => {
    expect(signer.keyid).toBe(key.keyid);
    expect(key.keyid).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each([
    ['nothing', '', /no Ed25519 public key/],
    ['a password', 'hunter2', /no Ed25519 public key/],
    ['a key of another kind', pem(rsa.publicKey, 'spki'), /no Ed25519 public key/],
    [
      'the private half',
      newKeyPair().privatePem,
      /holds a private key, which only the watcher may have/,
    ],
  ])('for verifying is not %s', (_, text, problem) => {
    expect(readVerifyKey(text)).toEqual({ problem: expect.stringMatching(problem) });
    expect(JSON.stringify(readVerifyKey(text))).not.toContain('hunter2');
  });

  test.each([
    ['a password', 'hunter2'],
    ['a key of another kind', pem(rsa.privateKey, 'pkcs8')],
    ['the public half', newKeyPair().publicPem],
  ])('for signing is not %s', (_, text) => {
    expect(readSigner(text)).toEqual({ problem: expect.stringMatching(/no Ed25519 private key/) });
  });
});
