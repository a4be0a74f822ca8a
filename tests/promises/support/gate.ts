/**
 * Ends or pauses a process at one of its calls through ports. A gate stands before whatever object
 * of ports it is given, and counts each call of each method, so a method that a port gets later is
 * covered without a change here.
 */

/** A call of a process through a port. */
export interface Call {
  /** From 1, in the order in which the process makes them. */
  readonly number: number;
  /** Port and method, such as `devices.read`. */
  readonly name: string;
}

/** What stands between a process and its ports. */
export interface Gate {
  /** Whether it does anything to the process. */
  readonly fatal: boolean;
  readonly dead: boolean;
  /** Resolves when the process ends; nothing of it goes on then. */
  readonly death: Promise<void>;
  /** The names of all calls that were made or prevented. */
  readonly calls: readonly string[];
  pass<T>(name: string, make: () => Promise<T>): Promise<T>;
}

/** A call, or the first call that this is true of. */
export type Where = number | ((call: Call) => boolean);
/** `after`: the call has its effect, and the process never learns the answer. */
export type When = 'before' | 'after';

/** What a call of a process that has ended gets: no answer, and no error. */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** Ends the process around one of its calls. */
export function killAt(where: Where, when: When): Gate {
  const calls: string[] = [];
  const death = Promise.withResolvers<void>();
  const isHere = finder(where);
  let dead = false;
  const die = (): void => {
    dead = true;
    death.resolve();
  };
  return {
    fatal: where !== Infinity,
    get dead() {
      return dead;
    },
    death: death.promise,
    calls,
    pass: async (name, make) => {
      if (dead) return never();
      calls.push(name);
      const isLast = isHere({ number: calls.length, name });
      if (isLast && when === 'before') die();
      if (dead) return never();
      try {
        return await make();
      } finally {
        if (isLast) die();
        // Whatever was under way while another call ended the process.
        if (dead) await never();
      }
    },
  };
}

/** Pauses the process before a call until it is released; then it continues normally. */
export function pauseAt(where: Where): Gate & { readonly paused: Promise<void>; release(): void } {
  const inner = killAt(Infinity, 'after');
  const isHere = finder(where);
  const stopped = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  return {
    ...inner,
    fatal: true,
    dead: false,
    paused: stopped.promise,
    release: () => going.resolve(),
    pass: async (name, make) => {
      if (isHere({ number: inner.calls.length + 1, name })) {
        stopped.resolve();
        await going.promise;
      }
      return inner.pass(name, make);
    },
  };
}

/** Lets one call fail, before it has its effect or after that; the process goes on. */
export function failAt(where: Where, when: When, error: () => Error): Gate {
  const inner = openGate();
  const isHere = finder(where);
  return {
    ...inner,
    fatal: true,
    pass: async (name, make) => {
      const fails = isHere({ number: inner.calls.length + 1, name });
      return inner.pass(name, async () => {
        if (fails && when === 'before') throw error();
        const done = await make();
        if (fails) throw error();
        return done;
      });
    },
  };
}

/** Counts the calls, and lets all of them pass. */
export function countAll(): Gate {
  return { ...openGate(), fatal: true };
}

/** Lets everything pass. */
export function openGate(): Gate {
  return killAt(Infinity, 'after');
}

function finder(where: Where): (call: Call) => boolean {
  if (typeof where === 'number') return ({ number }) => number === where;
  let isFound = false;
  return (call) => {
    if (isFound || !where(call)) return false;
    isFound = true;
    return true;
  };
}

/** Methods that answer at once: nothing can happen to a process during one. All others are calls. */
const AT_ONCE: ReadonlySet<string> = new Set([
  'clock.now',
  'clock.monotonic',
  'queues.queue',
  'kubernetes.time',
  'kubernetes.fenced',
]);
/** Methods that answer with something to read piece by piece: each piece is a call. */
const PIECEMEAL: ReadonlySet<string> = new Set(['kubernetes.pages', 'kubernetes.watch']);
/** Objects of pure functions. */
const PURE: ReadonlySet<string> = new Set(['capabilities']);

type Method = (...args: readonly unknown[]) => unknown;

/** An object with methods of its own. Data has none, and a `Map` only those of its class. */
function isPort(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((one) => typeof one === 'function')
  );
}

/**
 * The ports as a process behind the gate sees them: their methods, those of objects in them, and
 * those of objects that a method answers with. `ports`: each port by the name that its calls get.
 */
export function portsThrough<T extends object>(ports: T, gate: Gate): T {
  return new Proxy(ports, {
    get: (target, key) => {
      const port: unknown = Reflect.get(target, key);
      if (!isPort(port)) throw new Error(`${String(key)} has no methods of its own to count`);
      return behind(port, String(key), gate);
    },
  });
}

function behind<T>(value: T, label: string, gate: Gate): T {
  if (!isPort(value) || PURE.has(label)) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const found: unknown = Reflect.get(target, key);
      if (typeof found !== 'function') return behind(found, String(key), gate);
      const name = `${label}.${String(key)}`;
      return (...args: readonly unknown[]) =>
        called({ name, label, gate, make: () => Reflect.apply(found as Method, target, args) });
    },
  });
}

interface Made {
  readonly name: string;
  readonly label: string;
  readonly gate: Gate;
  readonly make: () => unknown;
}

function called({ name, label, gate, make }: Made): unknown {
  if (AT_ONCE.has(name)) return behind(make(), label, gate);
  if (PIECEMEAL.has(name)) return pieces(make() as AsyncIterable<unknown>, name, gate);
  return gate.pass(name, async () => {
    const answer = make();
    if (!(answer instanceof Promise))
      throw new Error(
        `${name} answers at once: name it in AT_ONCE or PIECEMEAL, or make it a promise`,
      );
    return behind(await answer, label, gate);
  });
}

/** Nothing is asked for before the first piece. */
async function* pieces(all: AsyncIterable<unknown>, name: string, gate: Gate): AsyncGenerator {
  const source = all[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await gate.pass(name, () => source.next());
      if (piece.done === true) return;
      yield piece.value;
    }
  } finally {
    await source.return?.();
  }
}
