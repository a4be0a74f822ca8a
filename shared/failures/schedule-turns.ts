/** Which process does what is due on a schedule, so that it is done once however many there are. */
import * as z from 'zod';
import { stillHolds } from '../runtime/clock.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Blobs } from './blobs.ts';

/** Stored state of one schedule; times in milliseconds since 1970. */
const ScheduleTurn = z.strictObject({
  format: z.literal(1),
  /** Time of the next run. */
  due: z.number(),
  /** The process that has the turn. */
  lease: z.strictObject({ holder: z.string(), until: z.number() }).optional(),
});
type ScheduleTurn = Readonly<z.infer<typeof ScheduleTurn>>;

/** A schedule that processes share. */
export interface SharedSchedule {
  /** Part of a blob's name. */
  readonly name: string;
  /** Milliseconds from one run to the next. */
  readonly every: number;
}

/** The turns of all schedules. */
export interface ScheduleTurns {
  /**
   * Does the work if it is due and no other process does it; undefined otherwise. If the work
   * rejects, it stays due. Rejects with an error of the store only before the work.
   */
  take<T>(schedule: SharedSchedule, work: () => Promise<T>): Promise<T | undefined>;
}

/** A holder beyond it has died, or is so slow that doing the work twice is better than never. */
const LEASE_MS = 5 * 60_000;
/** A process that looks a little early, because its timer is not exact, has its turn nevertheless. */
const EARLY = 0.1;

/** What another version or a person wrote counts as never run. */
function parseTurn(text: string): ScheduleTurn | undefined {
  try {
    return ScheduleTurn.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** `id` names the holder of a lease. */
export function createScheduleTurns(
  blobs: Blobs,
  { now, id }: { readonly now: Clock['now']; readonly id: () => string },
): ScheduleTurns {
  const claim = async (key: string, every: number): Promise<string | undefined> => {
    const blob = await blobs.get(key);
    const turn = blob === undefined ? undefined : parseTurn(blob.text);
    const at = now();
    if (turn !== undefined && stillHolds(turn.due, at, every)) return undefined;
    if (turn?.lease !== undefined && stillHolds(turn.lease.until, at, LEASE_MS)) return undefined;
    const claimed: ScheduleTurn = {
      format: 1,
      due: turn?.due ?? at,
      lease: { holder: id(), until: at + LEASE_MS },
    };
    const condition = blob === undefined ? 'absent' : { tag: blob.tag };
    return blobs.put(key, JSON.stringify(claimed), condition);
  };
  return {
    take: async ({ name, every }, work) => {
      const key = `schedules/${name}.json`;
      const began = now();
      const tag = await claim(key, every);
      if (tag === undefined) return undefined;
      // If another process has taken over meanwhile, its turn counts. If the store does not answer
      // any more, the lease ends by itself; the work was done all the same.
      const end = async (due: number): Promise<void> => {
        const turn = JSON.stringify({ format: 1, due } satisfies ScheduleTurn);
        await blobs.put(key, turn, { tag }).catch(() => undefined);
      };
      try {
        const result = await work();
        await end(began + every * (1 - EARLY));
        return result;
      } catch (error) {
        await end(began);
        throw error;
      }
    },
  };
}
