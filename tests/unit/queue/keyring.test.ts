import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../../shared/config/error.ts';
import type { Secrets } from '../../../shared/config/secrets.ts';
import { createKeyring, signerOf } from '../../../shared/queue/keyring.ts';
import { newKeyPair, readVerifyKey } from '../../../shared/queue/signature.ts';

function vault(texts: Record<string, string>): {
  readonly secrets: Secrets;
  readonly texts: Record<string, string>;
  readonly read: string[];
} {
  const read: string[] = [];
  const secrets: Secrets = {
    resolve: (reference) => {
      read.push(reference);
      const text = texts[reference];
      return text === undefined
        ? Promise.reject(
            new ConfigError('GW102', `secret ${reference}`, [
              { path: '', message: 'is not there' },
            ]),
          )
        : Promise.resolve(text);
    },
  };
  return { secrets, texts, read };
}

const [one, two, three] = [newKeyPair(), newKeyPair(), newKeyPair()];
const cluster = { verifyKeys: ['file:1', 'file:2'] };
const found = (keyid: string): object => ({
  kind: 'found',
  key: expect.objectContaining({ keyid }),
});

describe('the keys of a cluster', () => {
  test('may be several during a rotation, and are read once', async () => {
    const { secrets, read } = vault({ 'file:1': one.publicPem, 'file:2': two.publicPem });
    const ring = createKeyring(secrets, { monotonic: () => 0 });
    for (const { keyid } of [one, two, one])
      expect(await ring.find(cluster, keyid)).toEqual(found(keyid));
    expect(await ring.find(cluster, three.keyid)).toEqual({
      kind: 'unknown',
      known: [one.keyid, two.keyid],
    });
    expect(read).toEqual(['file:1', 'file:2']);
  });

  test('are independent: an unreadable key is read again, and only its own events wait', async () => {
    const { secrets, texts } = vault({ 'file:1': one.publicPem });
    const ring = createKeyring(secrets, { monotonic: () => 0 });
    expect(await ring.find(cluster, one.keyid)).toEqual(found(one.keyid));
    expect(await ring.find(cluster, two.keyid)).toEqual({
      kind: 'away',
      code: 'GW102',
      reason: 'secret file:2: is not there',
    });
    texts['file:2'] = 'rubbish';
    expect(await ring.find(cluster, two.keyid)).toMatchObject({
      kind: 'away',
      code: 'GW150',
      reason: expect.stringContaining('clusters[].verifyKeys file:2: holds no Ed25519 public key'),
    });
    texts['file:2'] = two.publicPem;
    expect(await ring.find(cluster, two.keyid)).toEqual(found(two.keyid));
  });

  test('are read again when they are replaced at their source; unknown keys cause at most one read a minute', async () => {
    let now = 0;
    const { secrets, texts, read } = vault({ 'file:1': one.publicPem, 'file:2': two.publicPem });
    const ring = createKeyring(secrets, { monotonic: () => now });
    await ring.find(cluster, one.keyid);
    texts['file:2'] = three.publicPem;
    now = 59_999;
    expect(await ring.find(cluster, three.keyid)).toMatchObject({ kind: 'unknown' });
    expect(read).toHaveLength(2);
    now = 60_000;
    expect(await ring.find(cluster, three.keyid)).toEqual(found(three.keyid));
    for (let i = 0; i < 5; i++) await ring.find(cluster, 'unknown');
    expect(read).toHaveLength(4);
  });
});

describe("the watcher's key", () => {
  test('is read once on its first use; a missing one is read again', async () => {
    const { secrets, texts, read } = vault({});
    const signer = signerOf(secrets, { signKey: 'file:key' });
    await expect(signer()).rejects.toMatchObject({ code: 'GW102' });
    texts['file:key'] = one.publicPem;
    await expect(signer()).rejects.toMatchObject({
      code: 'GW151',
      message: expect.stringContaining('clusters[].signKey file:key: holds no Ed25519 private key'),
    });
    texts['file:key'] = one.privatePem;
    const key = readVerifyKey(one.publicPem);
    expect((await signer())?.keyid).toBe('ok' in key && key.ok.keyid);
    await signer();
    expect(read).toHaveLength(3);
  });

  test('is empty if none is named', async () => {
    expect(await signerOf(vault({}).secrets, {})()).toBeUndefined();
    expect(await signerOf(vault({}).secrets, undefined)()).toBeUndefined();
  });
});

test('a known key is never read again; a secret that fails without a code counts as missing', async () => {
  const { secrets, read } = vault({ 'file:1': one.publicPem });
  let now = 0;
  const ring = createKeyring(secrets, { monotonic: () => now });
  for (now of [0, 86_400_000])
    expect(await ring.find({ verifyKeys: ['file:1'] }, one.keyid)).toEqual(found(one.keyid));
  expect(read).toEqual(['file:1']);
  const broken = createKeyring(
    { resolve: () => Promise.reject(new Error('no answer')) },
    { monotonic: () => 0 },
  );
  expect(await broken.find(cluster, one.keyid)).toMatchObject({ kind: 'away', code: 'GW102' });
});
