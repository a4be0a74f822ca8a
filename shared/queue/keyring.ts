/** Loads and caches the keys behind `clusters[].verifyKeys` and `clusters[].signKey`. */
import { ConfigError } from '../config/error.ts';
import type { ClusterConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorCode, errorMessage } from '../telemetry/errors.ts';
import { readSigner, readVerifyKey, type EventSigner, type VerifyKey } from './signature.ts';

/**
 * `away`: a key of the cluster cannot be read, so the signature can neither be accepted nor
 * refused.
 */
export type KeyLookup =
  | { readonly kind: 'found'; readonly key: VerifyKey }
  | { readonly kind: 'unknown'; readonly known: readonly string[] }
  | { readonly kind: 'away'; readonly code: string; readonly reason: string };

/** Finds verification keys by cluster and key id. */
export interface Keyring {
  /** Never rejects: a key that cannot be read is an answer, `away`. */
  find(cluster: Pick<ClusterConfig, 'verifyKeys'>, keyid: string): Promise<KeyLookup>;
}

/** Keys are re-read at most once per interval, so that unknown key ids cannot cause more reads. */
const REREAD_MS = 60_000;

/** Throws GW102 or GW150. */
export async function loadVerifyKey(secrets: Secrets, reference: string): Promise<VerifyKey> {
  const read = readVerifyKey(await secrets.resolve(reference));
  if ('ok' in read) return read.ok;
  throw new ConfigError('GW150', `clusters[].verifyKeys ${reference}`, [
    { path: '', message: read.problem },
  ]);
}

/** Throws GW102 or GW151. */
export async function loadSigner(secrets: Secrets, reference: string): Promise<EventSigner> {
  const read = readSigner(await secrets.resolve(reference));
  if ('ok' in read) return read.ok;
  throw new ConfigError('GW151', `clusters[].signKey ${reference}`, [
    { path: '', message: read.problem },
  ]);
}

/** Undefined for a cluster without a signing key. Failed reads are not cached. */
export function signerOf(
  secrets: Secrets,
  cluster: Pick<ClusterConfig, 'signKey'> | undefined,
): () => Promise<EventSigner | undefined> {
  const reference = cluster?.signKey;
  let signer: Promise<EventSigner> | undefined;
  return async () => {
    if (reference === undefined) return undefined;
    signer ??= loadSigner(secrets, reference);
    try {
      return await signer;
    } catch (error) {
      signer = undefined;
      throw error;
    }
  };
}

/** A key, and when it was asked for, by the monotonic clock in milliseconds. */
interface Held {
  readonly at: number;
  readonly key: Promise<VerifyKey>;
}

/** Keys are read on first use and re-read at most once a minute. */
export function createKeyring(secrets: Secrets, clock: Pick<Clock, 'monotonic'>): Keyring {
  const held = new Map<string, Held>();

  const hold = (reference: string): Promise<VerifyKey> => {
    const known = held.get(reference);
    if (known !== undefined) return known.key;
    const entry = { at: clock.monotonic(), key: loadVerifyKey(secrets, reference) };
    held.set(reference, entry);
    entry.key.catch(() => held.delete(reference));
    return entry.key;
  };

  const lookUp = async (references: readonly string[], keyid: string): Promise<KeyLookup> => {
    const results = await Promise.allSettled(references.map(hold));
    const keys = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const key = keys.find((each) => each.keyid === keyid);
    if (key !== undefined) return { kind: 'found', key };
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return { kind: 'unknown', known: keys.map((each) => each.keyid) };
    return {
      kind: 'away',
      code: errorCode(failed.reason) ?? 'GW102',
      reason: errorMessage(failed.reason),
    };
  };

  return {
    find: async ({ verifyKeys }, keyid) => {
      const first = await lookUp(verifyKeys, keyid);
      if (first.kind !== 'unknown') return first;
      const old = verifyKeys.filter(
        (reference) => clock.monotonic() - (held.get(reference)?.at ?? Infinity) >= REREAD_MS,
      );
      for (const reference of old) held.delete(reference);
      return old.length === 0 ? first : lookUp(verifyKeys, keyid);
    },
  };
}
