/** Tells which parts of the failure store changed, by names and tags, without reading content. */
import { AUDIT_PREFIX } from './audit-keys.ts';
import { ASKS } from './asks.ts';
import type { Blobs } from './blobs.ts';
import { digest } from './identity.ts';
import { VERDICTS } from './verdicts.ts';
import { VIEWS } from './views.ts';

/** Prefixes of the parts that a person looks at. Of the audit log, only today's entries. */
const PARTS = {
  failures: () => 'index/',
  jobs: () => 'jobs/',
  policies: () => 'policies/',
  waiting: () => 'waiting/',
  views: () => VIEWS,
  verdicts: () => VERDICTS,
  asks: () => ASKS,
  audit: (now: number) => `${AUDIT_PREFIX}${new Date(now).toISOString().slice(0, 10)}`,
} as const satisfies Readonly<Record<string, (now: number) => string>>;

/** A part of the failure store. */
export type StorePart = keyof typeof PARTS;

/** The parts that signs are kept of. */
export const STORE_PARTS = Object.keys(PARTS) as readonly StorePart[];

/** A text for each part, which differs if anything in it differs. */
export type StoreSigns = Readonly<Record<StorePart, string>>;

/** Rejects with a ReplayError RPL700 if the storage is unavailable. */
export type ReadSigns = () => Promise<StoreSigns>;

/** Costs one listing for each part. */
export function createSigns(blobs: Blobs, now: () => number): ReadSigns {
  const signOf = async (part: StorePart): Promise<readonly [StorePart, string]> => {
    const entries = await blobs.list(PARTS[part](now()));
    return [part, digest(entries.map(({ key, tag }) => `${key} ${tag}`).join('\n'))];
  };
  return async () => Object.fromEntries(await Promise.all(STORE_PARTS.map(signOf))) as StoreSigns;
}
