/** What an event brings along that waited outside its queue: an extension of the envelope, which older readers pass over. */
import * as z from 'zod';

export const Waited = z.object({
  /** When it was first sent, by the queue's clock; milliseconds since 1970. The time of an order is this one. */
  sentAt: z.number(),
  /** The newest tries before it waited, oldest first. */
  attempts: z.array(z.object({ at: z.iso.datetime(), code: z.string(), reason: z.string() })),
});
export type Waited = Readonly<z.infer<typeof Waited>>;

/** Characters: enough for all that is written, whatever has to be escaped in it. */
export const LONGEST_WAITED = 10_000;
const ATTEMPTS = 5;
const WORDS = 300;

/** Bounded, so that whatever fits into a message still does. */
export function formatWaited({ sentAt, attempts }: Waited): string {
  return JSON.stringify({
    sentAt,
    attempts: attempts
      .slice(-ATTEMPTS)
      .map(({ at, code, reason }) => ({ at, code, reason: reason.slice(0, WORDS) })),
  });
}

/** Undefined where it is absent; what cannot be read says nothing. */
export function parseWaited(text: string | undefined): Waited | undefined {
  if (text === undefined) return undefined;
  try {
    return Waited.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
