/** Faults of the BIG-IP that the console can cause, and which of them are active. */
import type { Clock } from '../../../shared/runtime/clock.ts';
import {
  type FaultResponse,
  type InnerFault,
  isDeclare,
  type LabBigip,
  type Match,
} from '../bigip/index.ts';
import { conditionsOf, createHolds, holdFor, type Holds, holdWhile, takeBack } from './holds.ts';

/**
 * Each method causes one fault and returns a sentence about it. Times are in seconds, unless named
 * otherwise.
 */
export interface FaultDesk {
  busy(seconds: number): string;
  down(seconds: number): string;
  restart(seconds: number): string;
  slow(milliseconds: number): string;
  lose(times: number): string;
  /**
   * One of AS3's own calls inside the BIG-IP fails `times` times; `Infinity` means until it is
   * cleared.
   */
  inner(fault: InnerFault & { readonly times: number }): string;
  /** Milliseconds between two bytes; 0 ends it. */
  drip(milliseconds: number): string;
  endless(times: number): string;
  breakOff(bytes: number): string;
  wrong(what: WrongAnswer): string;
  standby(on: boolean): string;
  as3(on: boolean): string;
  expireTokens(): string;
  forgetTask(): string;
  clear(): string;
  /** The active faults of the device, as sentences. */
  conditions(): readonly string[];
}

/** What a device may answer in place of the JSON object that is expected. */
export const WRONG_ANSWERS = ['null', 'array', 'number', 'text', 'html'] as const;
/** One of {@link WRONG_ANSWERS}. */
export type WrongAnswer = (typeof WRONG_ANSWERS)[number];

const WRONG: Readonly<Record<WrongAnswer, FaultResponse>> = {
  null: { kind: 'status', status: 200, body: null },
  array: { kind: 'status', status: 200, body: [] },
  number: { kind: 'status', status: 200, body: 42 },
  text: { kind: 'html', status: 200, html: 'hello' },
  html: {
    kind: 'html',
    status: 200,
    html: '<html><body>Please sign in to the network</body></html>',
  },
};

interface Desk extends Holds {
  readonly bigip: Pick<LabBigip, 'faults' | 'view'>;
}

function down(desk: Desk, seconds: number): string {
  const begin = (): (() => void) =>
    desk.bigip.faults.inject({ times: Number.POSITIVE_INFINITY, response: { kind: 'reset' } });
  holdWhile(desk, 'down', {
    seconds,
    begin,
    sentence: 'its management closes every connection',
    over: 'The BIG-IP answers again.',
  });
  return `For ${seconds} s the BIG-IP breaks every connection to its management; its virtual servers go on.`;
}

function slow(desk: Desk, milliseconds: number): string {
  takeBack(desk, 'slow');
  if (milliseconds === 0) return 'The BIG-IP answers at its usual speed.';
  desk.undo.set('slow', desk.bigip.faults.latency('/', milliseconds));
  desk.held.set('slow', () => `every request waits ${milliseconds} ms`);
  return `Every request to the BIG-IP now waits ${milliseconds} ms ("slow 0" ends it).`;
}

interface Hits {
  readonly times: number;
  readonly match?: Match;
  readonly response: FaultResponse;
  /** The request is executed all the same. */
  readonly after?: boolean;
  /** The active faults, for `status`. */
  readonly says: (left: number) => string;
  /** Called for every hit. */
  readonly hit?: (left: number) => void;
}

/** Affects the next responses, and then ends by itself. */
function hitNext(
  desk: Desk,
  name: string,
  { times, match: fits = () => true, response, after = false, says, hit }: Hits,
): void {
  takeBack(desk, name);
  let left = times;
  const match: Match = (request) => {
    if (!fits(request)) return false;
    left -= 1;
    hit?.(left);
    return true;
  };
  desk.undo.set(name, desk.bigip.faults.inject({ times, match, response, after }));
  desk.held.set(name, () => (left > 0 ? says(left) : undefined));
}

function lose(desk: Desk, times: number): string {
  const hit = (left: number): void =>
    desk.announce(
      `An answer to a declare was lost; the BIG-IP has done it all the same${left > 0 ? ` (${left} to go)` : ''}.`,
    );
  hitNext(desk, 'lose', {
    times,
    match: isDeclare,
    after: true,
    response: { kind: 'reset' },
    says: (left) => `the answers to the next ${left} declares get lost`,
    hit,
  });
  return (
    `The answer${times === 1 ? '' : 's'} to the next ` +
    `${times === 1 ? 'declare' : `${times} declares`} will be lost after the BIG-IP ` +
    'has executed it.'
  );
}

function inner(
  desk: Desk,
  { call, status, times, touching }: Parameters<FaultDesk['inner']>[0],
): string {
  takeBack(desk, 'inner');
  const hold = desk.bigip.faults.inner({
    call,
    status,
    times,
    ...(touching !== undefined && { touching }),
  });
  const which = touching === undefined ? '' : ` that change ${touching}`;
  const often = (left: number): string =>
    Number.isFinite(left)
      ? `the next ${left === 1 ? 'declare' : `${left} declares`}${which}`
      : `all declares${which}`;
  desk.undo.set('inner', () => hold.takeBack());
  desk.held.set('inner', () =>
    hold.left() > 0
      ? `in ${often(hold.left())}, AS3's own call ${call} is answered ${status}`
      : undefined,
  );
  return `In ${often(times)}, AS3's own call ${call} inside the BIG-IP is answered ${status} ("clear" ends it).`;
}

function endless(desk: Desk, times: number): string {
  hitNext(desk, 'endless', {
    times,
    response: { kind: 'endless' },
    says: (left) => `the next ${left} answers never end`,
  });
  return (
    `The next ${times === 1 ? 'answer' : `${times} answers`} of the BIG-IP will never ` +
    'end; nothing is done for it.'
  );
}

function breakOff(desk: Desk, bytes: number): string {
  hitNext(desk, 'break', {
    times: 1,
    match: isDeclare,
    after: true,
    response: { kind: 'break', bytes },
    says: () => `the answer to the next declare breaks off after ${bytes} bytes`,
  });
  return `The answer to the next declare will break off after ${bytes} bytes; the BIG-IP does it all the same.`;
}

function wrong(desk: Desk, what: WrongAnswer): string {
  hitNext(desk, 'wrong', {
    times: 1,
    response: WRONG[what],
    says: () => `the next answer is a 200 with ${what}`,
  });
  return `The next answer of the BIG-IP will be a 200 with ${what}, whatever it is asked; nothing is done for it.`;
}

function drip(desk: Desk, milliseconds: number): string {
  takeBack(desk, 'drip');
  if (milliseconds === 0) return 'The BIG-IP answers at its usual speed.';
  desk.undo.set(
    'drip',
    desk.bigip.faults.inject({
      times: Number.POSITIVE_INFINITY,
      response: { kind: 'drip', ms: milliseconds },
    }),
  );
  desk.held.set('drip', () => `its answers come one byte every ${milliseconds} ms`);
  return (
    `Every answer of the BIG-IP now comes one byte every ${milliseconds} ms ("drip 0" ` +
    'ends it); what it was asked to do is done.'
  );
}

function clear(desk: Desk): string {
  const { faults } = desk.bigip;
  for (const name of desk.undo.keys()) takeBack(desk, name);
  faults.clear();
  faults.lockHeldFor(0);
  faults.standby(false);
  faults.as3Absent(false);
  desk.held.delete('busy');
  desk.held.delete('as3');
  const restarting = desk.held.get('restart')?.() === undefined ? '' : ' It is still starting.';
  return `The BIG-IP is as it should be: active, with AS3, no fault.${restarting}`;
}

/** `announce`: prints when a fault ended by itself. */
export function createFaultDesk(
  bigip: Desk['bigip'],
  clock: Clock,
  announce: Holds['announce'],
): FaultDesk {
  const desk: Desk = { bigip, ...createHolds(clock, announce) };
  const { faults } = bigip;
  return {
    busy(seconds): string {
      faults.lockHeldFor(seconds * 1000);
      holdFor(desk, 'busy', seconds, 'another client holds the lock of AS3');
      return `For ${seconds} s somebody else declares on the BIG-IP: AS3 turns every declare away as busy.`;
    },
    down: (seconds) => down(desk, seconds),
    restart(seconds): string {
      faults.restart({ downFor: seconds * 1000 });
      desk.held.delete('busy');
      holdFor(desk, 'restart', seconds, 'its management is starting and answers 503');
      return (
        `The BIG-IP's management restarts: connections break, tokens and pending tasks are ` +
        `gone, and for ${seconds} s it answers 503 with a page.`
      );
    },
    slow: (milliseconds) => slow(desk, milliseconds),
    lose: (times) => lose(desk, times),
    inner: (fault) => inner(desk, fault),
    drip: (milliseconds) => drip(desk, milliseconds),
    endless: (times) => endless(desk, times),
    breakOff: (bytes) => breakOff(desk, bytes),
    wrong: (what) => wrong(desk, what),
    standby(on): string {
      faults.standby(on);
      return on
        ? 'The BIG-IP is standby: it answers, but serves no traffic, and must not be ' +
            'configured ("standby off" ends it).'
        : 'The BIG-IP is active.';
    },
    as3(on): string {
      faults.as3Absent(!on);
      if (on) desk.held.delete('as3');
      else desk.held.set('as3', () => 'AS3 is not installed');
      return on
        ? 'AS3 is installed.'
        : 'AS3 is not installed on the BIG-IP: its paths return 404 ("as3 on" brings it back).';
    },
    expireTokens(): string {
      faults.expireTokens();
      return 'Every token has expired; the next request with one gets 401.';
    },
    forgetTask(): string {
      faults.forgetTask();
      return 'The BIG-IP has forgotten its tasks, as after a failover: polling one returns 404.';
    },
    clear: () => clear(desk),
    conditions: () => conditionsOf(desk),
  };
}
