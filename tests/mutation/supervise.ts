/** Lets a worker try mutants, and starts a new one if a mutant never returns. */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fate, Order, Report } from './protocol.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Time limit of the first run of all tests. */
const TO_START_MS = 900_000;
/**
 * Milliseconds of computing without a message, after which it counts as an endless loop; it is
 * tried twice.
 */
const TO_TRY_MS = 15_000;
/** The factor by which a worker may wait longer on a busy machine. */
const WAITS = 10;

/**
 * Milliseconds of processor time, from ticks of 10 ms; see proc(5). 0 if the process does not
 * exist.
 */
function computedBy(pid: number | undefined): number {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
    return (user + system) * 10;
  } catch {
    return 0;
  }
}

export interface Tried {
  readonly id: number;
  readonly fate: Fate;
  /** The test that noticed the mutant. */
  readonly by?: string;
}

interface Round {
  readonly tried: readonly Tried[];
  /** The mutant whose worker had to be killed. */
  readonly stuck: number | undefined;
}

/** Runs one worker until it is done, stuck, or out of time. */
function runWorker(order: Order, until: number, each: (tried: Tried) => void): Promise<Round> {
  const child: ChildProcess = fork(WORKER, {
    execArgv: ['--disable-warning=ExperimentalWarning', '--stack-size=4000'],
    // Property tests that run for a number of steps stop after their first examples.
    env: { ...process.env, SLUICE_STEPS: '1' },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Round>();
  const tried: Tried[] = [];
  let current: number | undefined;
  let patience: NodeJS.Timeout | undefined;
  const end = (stuck: number | undefined): void => {
    clearTimeout(patience);
    child.kill('SIGKILL');
    resolve({ tried, stuck });
  };
  const wait = (ms: number, since = computedBy(child.pid), waits = WAITS): void => {
    clearTimeout(patience);
    patience = setTimeout(() => {
      if (current === undefined)
        reject(new Error('the tests do not come to an end without any mutant'));
      else if (waits > 0 && computedBy(child.pid) - since < ms) wait(ms, since, waits - 1);
      else end(current);
    }, ms);
  };
  child.on('message', (report: Report) => {
    if (report.kind === 'trying') current = report.id;
    if (report.kind === 'tried') {
      tried.push({
        id: report.id,
        fate: report.fate,
        ...(report.by === undefined ? {} : { by: report.by }),
      });
      each(tried.at(-1)!);
    }
    if (report.kind === 'broken') reject(new Error(report.why));
    if (report.kind === 'done' || (report.kind !== 'trying' && Date.now() > until)) end(undefined);
    else if (report.kind !== 'alive' || current !== undefined)
      wait(report.kind === 'ready' ? TO_START_MS : TO_TRY_MS);
  });
  // A mutant can crash the whole process; that counts as noticed too.
  child.on('exit', () =>
    end(current !== undefined && tried.at(-1)?.id !== current ? current : undefined),
  );
  wait(TO_START_MS);
  child.send(order);
  return promise.finally(() => clearTimeout(patience));
}

export interface Plan extends Order {
  /** Time limit in milliseconds for everything. */
  readonly budget: number;
  readonly each: (tried: Tried) => void;
}

export async function supervise({ budget, each, ...order }: Plan): Promise<readonly Tried[]> {
  const until = Date.now() + budget;
  const all: Tried[] = [];
  let left = order.ids;
  let suspect: number | undefined;
  while (left.length > 0 && Date.now() < until) {
    const { tried, stuck } = await runWorker({ ...order, ids: left }, until, each);
    all.push(...tried);
    if (stuck !== undefined && stuck === suspect) {
      all.push({ id: stuck, fate: 'timeout' });
      each({ id: stuck, fate: 'timeout' });
    }
    const first = stuck !== undefined && stuck !== suspect;
    suspect = stuck;
    const done = new Set(all.map(({ id }) => id));
    const rest = left.filter((id) => !done.has(id));
    if (rest.length === left.length && !first) break;
    left = rest;
  }
  return all;
}
