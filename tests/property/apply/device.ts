/**
 * A device without promises, clock or network for the loop: it answers each effect at once, fails
 * as its script says, and records what a real device would have seen.
 */
import type { Effect, EventBody } from '../../../functions/apply/loop/state.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeviceErrorCode, FaultClass, FaultHint } from '../../../shared/device/errors.ts';
import type { Reference } from '../../../shared/device/references.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE, isSameContent } from '../../../shared/domain/declared/declared.ts';

/** How a declare fails. */
export interface Fault {
  readonly code: DeviceErrorCode;
  readonly fault: FaultClass;
  readonly hint?: FaultHint;
  /** The device carried it out anyway. */
  readonly commit: boolean;
  readonly response: string;
}

export interface Script {
  /** Ports that the device always refuses, and how. */
  readonly bad: readonly number[];
  readonly refusal: Pick<Fault, 'code' | 'fault' | 'hint'>;
  /** The message of the refusal names the refused objects. */
  readonly nameOf: (port: number) => string;
  /** By the number of the declare; undefined: it succeeds. */
  readonly faults: readonly (Fault | undefined)[];
  /** By the number of the verification: the number of differences. */
  readonly problems: readonly number[];
  /** By the number of the reading: another client writes after it. */
  readonly writes: readonly boolean[];
  /** By the number of the declare: another client writes after it succeeded. */
  readonly overtakes: readonly boolean[];
  /** By the number of the step: newer work waits after it. */
  readonly newer: readonly boolean[];
  /** By the number of the look-up: whether every object is missing. */
  readonly missing: readonly boolean[];
  readonly foreign: readonly number[];
}

/** Broken rules that the device has seen; empty if all were kept. */
export interface ScriptedDevice {
  answer(effect: Effect): EventBody;
  state(): DeclaredState;
  /** Declares that were sent. */
  declares(): number;
  readonly violations: readonly string[];
}

export function scriptedDevice(script: Script, state: DeclaredState = EMPTY_STATE): ScriptedDevice {
  const counts = { read: 0, declare: 0, verify: 0, lookup: 0, newer: 0 };
  const violations: string[] = [];
  let present = state;
  let key = state === EMPTY_STATE ? 0 : 1;
  /**
   * Whether the loop knows what is declared: it was read, or declared and verified by the loop
   * itself.
   */
  let known: 'read' | 'declared' | undefined;
  const commit = (next: DeclaredState): void => {
    present = next;
    key += 1;
  };
  const refuse = (fault: Omit<Fault, 'commit'>): EventBody => ({
    kind: 'failed',
    error: new DeviceError(fault.code, fault.fault, 'the script says so', {
      response: fault.response,
      hint: fault.hint,
    }),
  });
  const declare = ({ state: next, lockKey }: Extract<Effect, { kind: 'declare' }>): EventBody => {
    if (known === undefined)
      violations.push(`declare ${counts.declare} is based on an old reading`);
    known = undefined;
    const fault = script.faults[counts.declare];
    counts.declare += 1;
    if (key > 0 && lockKey !== `key-${key}`)
      return refuse({ code: 'BIP430', fault: 'transient', response: '' });
    const bad = script.bad.filter((port) =>
      Object.values(next.exposures).some((e) => e.port === port),
    );
    if (bad.length > 0) {
      const response = bad.map(script.nameOf).join(' ');
      return refuse({ ...script.refusal, response });
    }
    if (fault === undefined || fault.commit) commit(next);
    if (fault !== undefined) return refuse(fault);
    const declared = { outcome: 'applied', lockKey: `key-${key}` } as const;
    if (script.overtakes[counts.declare - 1] === true) commit(present);
    // Known without a reading, until a verification finds a difference.
    known = 'declared';
    return { kind: 'declare', declared };
  };
  const read = (): EventBody => {
    const lockKey = key === 0 ? {} : { lockKey: `key-${key}` };
    known = 'read';
    const reading = { kind: 'ours', declared: { state: present, ...lockKey } } as const;
    if (script.writes[counts.read++] === true) commit(present);
    return { kind: 'read', reading };
  };
  const lookup = (references: readonly Reference[]): EventBody => {
    const all = script.missing[counts.lookup++] === true ? references : [];
    return { kind: 'lookup', missing: all.map((one) => ({ ...one, response: '01020036' })) };
  };
  const verify = (): EventBody => {
    const found = script.problems[counts.verify++] ?? 0;
    if (found > 0 && known === 'declared') known = undefined;
    return { kind: 'verify', problems: Array.from({ length: found }, (_, i) => `problem ${i}`) };
  };
  return {
    violations,
    state: () => present,
    declares: () => counts.declare,
    answer: (effect) => {
      const { kind } = effect;
      switch (kind) {
        case 'read':
          return read();
        case 'holders':
          return { kind, holders: script.foreign.map(holderOf) };
        case 'nodes':
          return { kind, nodes: [] };
        case 'drift':
          return { kind, manualChanges: [] };
        case 'lookup':
          return lookup(effect.references);
        case 'declare':
          return declare(effect);
        case 'verify':
          return verify();
        case 'newer':
          return { kind, waits: script.newer[counts.newer++] === true };
        case 'wait':
          return { kind };
        case 'members':
          if (!isSameContent(effect.state.exposures, present.exposures))
            violations.push('members of another state are reconciled');
          return { kind };
      }
    },
  };
}

function holderOf(port: number): {
  readonly path: string;
  readonly partition: string;
  readonly address: string;
  readonly port: number;
} {
  return { path: `/Common/theirs-${port}`, partition: 'Common', address: '172.16.100.195', port };
}
