/**
 * Data of an event that waited in the failure store, as an envelope extension that older readers
 * ignore.
 */
import * as z from 'zod';

/** The value of the extension `waited`. */
export const Waited = z.object({
  /**
   * Time at which it was first sent, by the queue's clock; milliseconds since 1970. This is the
   * time of an order.
   */
  sentAt: z.number(),
  /** The latest attempts before it waited, oldest first. */
  attempts: z.array(z.object({ at: z.iso.datetime(), code: z.string(), reason: z.string() })),
});
export type Waited = Readonly<z.infer<typeof Waited>>;

/** Characters; enough for everything that is written, including escapes. */
export const MAX_WAITED_CHARACTERS = 10_000;
const MAX_ATTEMPTS = 5;
const MAX_TEXT_CHARACTERS = 300;

/** Bounded, so that the event still fits into a message. */
export function formatWaited({ sentAt, attempts }: Waited): string {
  return JSON.stringify({
    sentAt,
    attempts: attempts
      .slice(-MAX_ATTEMPTS)
      .map(({ at, code, reason }) => ({ at, code, reason: reason.slice(0, MAX_TEXT_CHARACTERS) })),
  });
}

/** Undefined if absent or malformed. */
export function parseWaited(text: string | undefined): Waited | undefined {
  if (text === undefined) return undefined;
  try {
    return Waited.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
