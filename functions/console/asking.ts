/** Asks the functions that have credentials, and waits a little for their answer. */
import { canonicalJson } from '../../shared/domain/declared/declared.ts';
import type { Ask, Asks, Wanted } from '../../shared/failures/asks.ts';
import { answererOf, isEnded } from '../../shared/failures/asks.ts';
import { stillHolds } from '../../shared/runtime/clock.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Author } from '../../shared/operations/context.ts';

/** Calls a function with the id of a question; resolves as soon as the call is accepted. */
export type Call = (name: 'replay' | 'audit', ask: string) => Promise<void>;

/** Asks and waits. */
export interface Asking {
  /** Resolves when it is answered or a run is under way, and at the latest after six seconds. */
  ask(wanted: Wanted, author: Author): Promise<Ask>;
  get(id: string): Promise<Ask>;
}

/** Milliseconds: a request has to end in under ten seconds. */
const PATIENCE_MS = 6_000;
/** Between two looks for an answer while a request waits for it. */
const LOOK_MS = 150;

/** Questions whose answer is the same for everybody, while they are not older than this. */
const SHARED: ReadonlySet<Wanted['kind']> = new Set(['look', 'doctor', 'connections']);
/** Whoever asks the same within this time shares the request that is under way. */
const SHARED_MS = 60_000;

/** `call`: how this host reaches the functions. */
export function createAsking(
  { clock, id, log }: Pick<Runtime, 'clock' | 'id' | 'log'>,
  asks: Asks,
  call: Call,
): Asking {
  // Ten people who look again at the same time cost one look.
  const underWay = async (wanted: Wanted): Promise<Ask | undefined> =>
    SHARED.has(wanted.kind)
      ? (await asks.open()).find(
          (one) =>
            canonicalJson(one.wanted) === canonicalJson(wanted) &&
            stillHolds(one.at + SHARED_MS, clock.now(), SHARED_MS),
        )
      : undefined;
  const begin = async (wanted: Wanted, { who, why }: Author): Promise<Ask> => {
    const asked = await asks.create({ id: id(), by: who, why, wanted });
    try {
      await call(answererOf(wanted), asked.id);
      return asked;
    } catch (error) {
      const message = `${answererOf(wanted)} could not be asked: ${errorMessage(error)}`;
      log.error({ ask: asked.id, error: message }, 'a question could not be asked');
      return asks.update(asked.id, () => ({ state: 'failed', problem: { message } }));
    }
  };
  return {
    get: (asked) => asks.get(asked),
    ask: async (wanted, author) => {
      const asked = (await underWay(wanted)) ?? (await begin(wanted, author));
      const end = clock.monotonic() + PATIENCE_MS;
      for (;;) {
        const now = await asks.get(asked.id);
        if (isEnded(now) || now.state === 'running' || clock.monotonic() >= end) return now;
        await clock.sleep(LOOK_MS);
      }
    },
  };
}
