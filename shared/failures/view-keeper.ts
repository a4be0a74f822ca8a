/**
 * Writes views of partitions after declares and audits: each partition at most every ten seconds,
 * and after declares only what changed. It never rejects, because a missing view harms nobody.
 */
import { isSameContent } from '../domain/declared/declared.ts';
import type { Runtime } from '../host/runtime.ts';
import { createOptionalWrites } from './optional-writes.ts';
import type { Audited, Seen, ViewStore } from './views.ts';

/** The views that one process writes. */
export interface ViewKeeper {
  /**
   * Resolves when what is due is written; the rest follows within ten seconds. `looked`: also what
   * did not change, so that its age is that of the look, and that a view that another process wrote
   * in the meantime does not stay.
   */
  note(seen: readonly Seen[], how?: 'declared' | 'looked'): Promise<void>;
  noteAudit(audited: Audited): Promise<void>;
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Milliseconds between two writes of one partition. */
const WRITE_INTERVAL_MS = 10_000;

/** The view of one partition that waits to be written, or was written. */
interface Kept {
  /** Undefined until it is written. */
  readonly written?: Seen;
  readonly writtenAt: number;
  readonly newest: Seen;
}

const keyOf = ({ device, partition }: Seen): string => `${device} ${partition}`;

/** `open` is called on first use. A dry run writes nothing. */
export function createViewKeeper(
  runtime: Pick<Runtime, 'clock' | 'log' | 'dryRun'>,
  open: () => Promise<{ readonly views: ViewStore }>,
): ViewKeeper {
  const { clock, dryRun } = runtime;
  const kept = new Map<string, Kept>();
  const closing = new AbortController();
  let later: Promise<void> | undefined;
  const writeIfPossible = createOptionalWrites(
    runtime,
    'the failure store cannot keep a view of the device; the console shows an older one',
  );
  const write = (device: string, work: (views: ViewStore) => Promise<void>): Promise<boolean> =>
    writeIfPossible({ device }, async () => work((await open()).views));
  const flush = async (isDue: (one: Kept) => boolean): Promise<void> => {
    for (const [key, one] of kept) {
      const { newest, written } = one;
      if (newest === written || !isDue(one)) continue;
      kept.set(key, { ...one, writtenAt: clock.monotonic() });
      let isOurs = false;
      const isAnswered = await write(newest.device, async (views) => {
        isOurs = await views.note(newest);
      });
      // Another process has a newer one, so what this one knows is no longer in the store.
      if (isAnswered && !isOurs) kept.delete(key);
      else if (isAnswered) kept.set(key, { ...kept.get(key)!, written: newest });
    }
  };
  const isDue = ({ writtenAt }: Kept): boolean =>
    clock.monotonic() - writtenAt >= WRITE_INTERVAL_MS;
  const followUp = async (): Promise<void> => {
    await clock.sleep(WRITE_INTERVAL_MS, closing.signal);
    later = undefined;
    if (!closing.signal.aborted) await flush(isDue);
  };
  return {
    note: async (seen, how = 'declared') => {
      for (const one of seen) {
        const before = kept.get(keyOf(one));
        const isSame = before !== undefined && isSameContent(before.newest.seen, one.seen);
        if (isSame && how === 'declared') continue;
        const { written, writtenAt = Number.NEGATIVE_INFINITY } = before ?? {};
        kept.set(keyOf(one), { ...(written && { written }), writtenAt, newest: one });
      }
      await flush(isDue);
      const isLeft = [...kept.values()].some(({ newest, written }) => newest !== written);
      if (isLeft && dryRun !== true) later ??= followUp();
    },
    noteAudit: async (audited) =>
      void (await write(audited.device, (views) => views.noteAudit(audited))),
    close: async () => {
      closing.abort();
      await later;
      await flush(() => true);
    },
  };
}
