/** How often functions try a device that does not answer, over all processes. */
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

const MINUTE_MS = 60_000;
/**
 * Of apply, and of express, after the first minute: pauses of ten seconds and more, as in
 * functions/apply/backoff.ts, shared/failures/waiting/away.ts and shared/failures/shared-tries.ts.
 */
const TRIES_A_MINUTE = 6;

type Method = (...given: readonly unknown[]) => unknown;

/** The tries of one function; what is asked at one moment is one try, as in a session. */
export class Tries {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #say: (text: string) => void;
  readonly #at: number[] = [];
  /** Since when nothing is answered. */
  #since: number | undefined;

  /** `say` is called with every try too many. */
  constructor(clock: Pick<Clock, 'monotonic'>, say: (text: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  /** The port with its calls counted. */
  counting<T extends object>(port: T): T {
    const counted = Object.entries(port).map(([name, part]: [string, unknown]) => [
      name,
      typeof part === 'function' ? this.#counted(part as Method, port) : part,
    ]);
    return Object.fromEntries(counted) as T;
  }

  #counted(call: Method, port: object): (...given: unknown[]) => unknown {
    return (...given) => {
      const answer: unknown = Reflect.apply(call, port, given);
      if (answer instanceof Promise)
        answer.then(
          () => this.#answered(),
          (error: unknown) => this.#failed(error),
        );
      return answer;
    };
  }

  #answered(): void {
    this.#since = undefined;
    this.#at.length = 0;
  }

  #failed(error: unknown): void {
    if (!(error instanceof DeviceError) || error.code !== 'BIP501') return this.#answered();
    const now = this.#clock.monotonic();
    this.#since ??= now;
    if (now < this.#since + MINUTE_MS || this.#at.at(-1) === now) return;
    this.#at.push(now);
    while (this.#at[0]! <= now - MINUTE_MS) this.#at.shift();
    if (this.#at.length > TRIES_A_MINUTE) this.#say(`${this.#at.length} tries in a minute`);
  }
}
