/**
 * Ed25519 signatures of events, for queues that do not report senders. Keys are PEM; errors never
 * contain a key.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/**
 * The signed fields: everything that identifies the event and its owner, and the serialised
 * content. Trace and hops are informational and not signed.
 */
export interface SignedFields {
  readonly id: string;
  /** `/clusters/<id>`; a signature of one cluster is none of another. */
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  /** `json`: `data` is JSON text. `gzip`: `data` is compressed and base64-encoded. */
  readonly encoding: string;
  readonly data: string;
}

/** The signature of an event, not yet verified. */
export interface SignatureClaim {
  readonly keyid: string;
  /** Base64. */
  readonly value: string;
  readonly covers: () => SignedFields;
}

/** Signs events with a private key. */
export interface EventSigner {
  readonly keyid: string;
  /** Base64. */
  sign(covered: SignedFields): string;
}

/** A public key with its id. */
export interface VerifyKey {
  readonly keyid: string;
  readonly key: KeyObject;
}

/** Context string, so that signatures made for other purposes are not valid here. */
const CONTEXT = 'sluice event signature 1';

/**
 * JSON text contains no line break, so the first one ends the attributes, and no two events
 * serialise to the same bytes.
 */
function bytesOf({ id, source, type, subject, time, encoding, data }: SignedFields): Buffer {
  return Buffer.from(
    `${JSON.stringify([CONTEXT, '1.0', id, source, type, subject, time, encoding])}\n${data}`,
  );
}

/** Whether the signature matches the event and the key. */
export function isSignedBy(claim: SignatureClaim, { key }: VerifyKey): boolean {
  return verify(null, bytesOf(claim.covers()), key, Buffer.from(claim.value, 'base64'));
}

/** First sixteen hex digits of the SHA-256 of the public key. Selects a key; proves nothing. */
function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}

type Read<T> = { readonly ok: T } | { readonly problem: string };

/** An Ed25519 key; undefined for other kinds and for text that is no key. */
function parse(pem: string, read: (pem: string) => KeyObject): KeyObject | undefined {
  try {
    const key = read(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Parses a PEM public key; returns a problem for a private or non-Ed25519 key. */
export function readVerifyKey(pem: string): Read<VerifyKey> {
  // Node would silently derive the public key from a private key.
  if (/PRIVATE KEY/.test(pem))
    return {
      problem: 'holds a private key, which only the watcher may have; put the public key here',
    };
  const key = parse(pem, createPublicKey);
  return key === undefined
    ? { problem: 'holds no Ed25519 public key in PEM format; "sluice keys new" creates a pair' }
    : { ok: { keyid: keyIdOf(key), key } };
}

/** Parses a PEM private key; returns a problem for any other key. */
export function readSigner(pem: string): Read<EventSigner> {
  const key = parse(pem, createPrivateKey);
  if (key === undefined)
    return {
      problem: 'holds no Ed25519 private key in PEM format; "sluice keys new" creates a pair',
    };
  return {
    ok: {
      keyid: keyIdOf(createPublicKey(key)),
      sign: (covered) => sign(null, bytesOf(covered), key).toString('base64'),
    },
  };
}

/** A new key pair. `keyid` is derived from the public key. */
export interface KeyPair {
  /** Derived from the public key, so that a verifier finds it among several. */
  readonly keyid: string;
  /** PKCS #8; only for `clusters[].signKey` of the watcher. */
  readonly privatePem: string;
  readonly publicPem: string;
}

/** A new Ed25519 key pair in PEM. */
export function newKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    keyid: keyIdOf(publicKey),
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}
