/** One change from its preview to its result; what the panel shows is read from here. */
import { signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { nextClick } from '../logic/confirming.ts';
import { differenceOf } from '../logic/difference.ts';
import type { Answers, ChangeBody } from './answers.ts';
import { follow } from './asking.ts';
import { ApiProblem, post } from './client.ts';
import { refreshAll } from './live.ts';

type Preview = Answers['preview'];

/** `moved`: what changed since the preview that was confirmed; nothing was done. */
export interface ChangeState {
  readonly step: 'reading' | 'shown' | 'acting' | 'done' | 'impossible';
  readonly preview?: Preview;
  readonly moved?: readonly string[];
  readonly problem?: ApiProblem;
  readonly says?: string;
  /** What takes it back, if anything does. */
  readonly undo?: ChangeBody;
  /** Of a run that is being checked against the devices. */
  readonly progress?: { readonly done: number; readonly total: number };
}

/** A change that a person looks at. */
export interface ChangeAct {
  readonly state: Signal<ChangeState>;
  /** Unique to this click, until it ended or something moved. */
  readonly key: Signal<string>;
  /** The reason that was sent with this key, while the change may have been made. */
  readonly sentWhy: Signal<string | undefined>;
  readonly read: () => Promise<void>;
  readonly confirm: (why: string, force: boolean) => Promise<void>;
}

/** Works without a secure context, too. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

const asProblem = (error: unknown): ApiProblem =>
  error instanceof ApiProblem ? error : new ApiProblem(0, { message: String(error) });

/** Starts with the preview. */
export function beginChange(change: ChangeBody): ChangeAct {
  const state = signal<ChangeState>({ step: 'reading' });
  const key = signal(newKey());
  const sentWhy = signal<string | undefined>(undefined);
  const path = `changes/${change.kind}`;

  const read = async (): Promise<void> => {
    state.value = { step: 'reading' };
    try {
      state.value = { step: 'shown', preview: await post('preview', `${path}/preview`, change) };
    } catch (error) {
      state.value = { step: 'impossible', problem: asProblem(error) };
    }
  };

  /** The new preview is in the refusal, or is read again. */
  const showMoved = async (before: Preview, problem: ApiProblem): Promise<void> => {
    const preview = problem.preview ?? (await post('preview', `${path}/preview`, change));
    state.value = { step: 'shown', preview, moved: differenceOf(before, preview), problem };
  };

  const make = async (preview: Preview, why: string, force: boolean): Promise<void> => {
    const confirm = { hash: preview.hash, key: key.value, why, force };
    const { says, undo, ask } = await post('done', path, { change, confirm });
    if (ask !== undefined)
      await follow(ask, ({ progress }) => {
        state.value = { step: 'acting', preview, ...(progress && { progress }) };
      });
    state.value = { step: 'done', preview, says, ...(undo && { undo }) };
    refreshAll();
  };

  const confirm = async (why: string, force: boolean): Promise<void> => {
    const { preview } = state.value;
    if (preview === undefined || state.value.step !== 'shown') return;
    state.value = { step: 'acting', preview };
    // Another reason would be another change.
    const sent = sentWhy.value ?? why;
    try {
      await make(preview, sent, force);
    } catch (error) {
      const problem = asProblem(error);
      const next = nextClick(problem);
      if (next === 'unknown') sentWhy.value = sent;
      if (next === 'moved' || next === 'failed') {
        key.value = newKey();
        sentWhy.value = undefined;
      }
      state.value = { step: 'shown', preview, problem };
      if (next !== 'moved') return;
      await showMoved(preview, problem).catch((again: unknown) => {
        state.value = { step: 'impossible', problem: asProblem(again) };
      });
    }
  };

  void read();
  return { state, key, sentWhy, read, confirm };
}
