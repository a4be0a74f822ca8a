/**
 * What the console shows, kept up to date: each path is asked once for all who show it, again while
 * somebody does, and not at all in a hidden tab. The only place that knows how changes arrive.
 */
import { effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Answers } from './answers.ts';
import { takeTurns } from '../logic/turns.ts';
import type { Turns } from '../logic/turns.ts';
import { ApiProblem, get, loadSession, lockedOut, skew } from './client.ts';
import { followEvents, isTold } from './events.ts';

/** Milliseconds between two looks. */
const CALM_MS = 10_000;
/** Between two requests while a job runs and changes are not reported. */
const BUSY_MS = 2_000;
/** Where changes are told: ages and queues change without that. */
const TOLD_MS = 30_000;
/** Of an answer that needs not be asked for again when it is shown. */
const FRESH_MS = 1_500;
/** Answers that nobody shows at the moment, for going back without waiting. */
const MOST_KEPT = 60;

/** Something happens now, such as a run of a job, so all are asked more often. */
export const isBusy = signal(false);

/** What is known of a path. `at`: when it was last known to be so, by the clock of the console. */
export interface Live<T> {
  readonly value: T | undefined;
  /** The value is of the path that was shown before, until this one is answered. */
  readonly isOld: boolean;
  readonly problem: ApiProblem | undefined;
  readonly at: number | undefined;
  readonly refresh: () => void;
}

/** Data of one path, shared by all parts of the page that show it. */
interface Source {
  readonly path: string;
  readonly value: Signal<unknown>;
  readonly problem: Signal<ApiProblem | undefined>;
  readonly at: Signal<number | undefined>;
  etag: string | undefined;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Asks; who wants a newer answer than the one that is on its way gets one. */
  readonly turns: Turns;
}

const sources = new Map<string, Source>();

/**
 * The shared source of a path: parts of the page that show the same data make one request. Sources
 * that nobody shows are kept up to a limit, for a fast way back.
 */
function sourceOf(path: string): Source {
  const known = sources.get(path);
  if (known !== undefined) return known;
  const source: Source = {
    path,
    value: signal(undefined),
    problem: signal(undefined),
    at: signal(undefined),
    etag: undefined,
    users: 0,
    timer: undefined,
    turns: takeTurns(
      () => ask(source),
      () => schedule(source),
    ),
  };
  sources.set(path, source);
  for (const [key, { users, turns }] of sources) {
    if (sources.size <= MOST_KEPT) break;
    if (users === 0 && !turns.isUnderWay() && key !== path) sources.delete(key);
  }
  return source;
}

/**
 * Asks once, with the ETag of the last answer. A failure keeps the last value, which is shown as
 * old.
 */
async function ask(source: Source): Promise<void> {
  clearTimeout(source.timer);
  try {
    const got = await get('now', source.path, source.etag);
    if (got.value !== undefined) {
      source.value.value = got.value;
      source.etag = got.etag;
    }
    source.at.value = Date.now() + skew.value;
    source.problem.value = undefined;
  } catch (error) {
    source.problem.value =
      error instanceof ApiProblem ? error : new ApiProblem(0, { message: String(error) });
  }
}

/**
 * Plans the next request. None while nobody shows the data, the tab is hidden, or the login has
 * ended.
 */
function schedule(source: Source): void {
  clearTimeout(source.timer);
  if (source.users === 0 || document.hidden || lockedOut.value !== undefined) return;
  // Who does not know the id now will not know it later.
  if (source.problem.value?.status === 404) return;
  source.timer = setTimeout(() => void source.turns.take(), paceOf(source));
}

/**
 * Milliseconds until the next request. Slow only if changes are reported and the last request
 * succeeded.
 */
function paceOf({ problem }: Source): number {
  if (isTold.value && problem.value === undefined) return TOLD_MS;
  return isBusy.value ? BUSY_MS : CALM_MS;
}

/** After a change or a fresh look: everything that is shown is asked again. */
export function refreshAll(): void {
  // It is asked when the tab is shown again, or after a login.
  if (document.hidden || lockedOut.peek() !== undefined) return;
  for (const source of sources.values()) {
    if (source.users > 0) void source.turns.take();
    else source.at.value = undefined;
  }
}

/** Asks for a path before anybody shows it. */
export function prefetch(path: string): void {
  void sourceOf(path).turns.take();
}

/** Somebody may have logged in again in another tab. */
function tryLogin(): void {
  const locked = lockedOut.peek();
  // A refusal is shown already.
  if (locked !== undefined && locked.byChoice !== true) loadSession().catch(() => undefined);
}

/** Follows tabs that are hidden or shown, and the pace. Called once. */
export function startLive(): void {
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) for (const source of sources.values()) clearTimeout(source.timer);
    else {
      tryLogin();
      refreshAll();
    }
  });
  addEventListener('focus', tryLogin);
  effect(() => {
    if (lockedOut.value === undefined) refreshAll();
  });
  effect(() => {
    if (isBusy.value || !isTold.value) refreshAll();
  });
  followEvents(refreshAll);
}

/** Whether it was known a moment ago; an earlier time may be by a clock that was wrong. */
function isFresh({ at }: Source): boolean {
  return at.value !== undefined && Math.abs(Date.now() + skew.value - at.value) < FRESH_MS;
}

/** Keeps an answer up to date while the component is there. `path`: below `/api/v1/`. */
export function useLive<K extends keyof Answers>(_kind: K, path: string): Live<Answers[K]> {
  const source = sourceOf(path);
  const last = useRef<unknown>(undefined);
  useEffect(() => {
    source.users += 1;
    if (source.users === 1 && !source.turns.isUnderWay()) {
      if (isFresh(source)) schedule(source);
      else void source.turns.take();
    }
    return () => {
      source.users -= 1;
      if (source.users === 0) clearTimeout(source.timer);
    };
  }, [source]);
  const own = source.value.value;
  const problem = source.problem.value;
  // What was shown before stays while this is asked, but not under a refusal.
  const value = own ?? (problem === undefined ? last.current : undefined);
  last.current = value;
  return {
    // The kind names the path's schema.
    value: value as Answers[K] | undefined,
    isOld: own === undefined && value !== undefined,
    problem,
    at: source.at.value,
    refresh: () => void source.turns.take(),
  };
}
