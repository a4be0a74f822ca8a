/** The first step of a replay: a selection is compared with the devices. Nothing is sent. */
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { follow } from '../api/asking.ts';
import type { Answers } from '../api/answers.ts';
import { post } from '../api/client.ts';
import { useLive } from '../api/live.ts';
import { go } from '../api/place.ts';
import { replayCommand } from '../logic/commands.ts';
import type { ReplaySettings } from '../logic/commands.ts';
import { wholeNumber } from '../logic/numbers.ts';
import { hrefOf } from '../logic/place.ts';
import { failureCount } from '../logic/totals.ts';
import { requestText } from '../logic/wanted.ts';
import { Copy, Name, Notice, Words } from './basic.tsx';
import { closePanel, Panel } from './panel.tsx';
import { Reason, reason } from './reason.tsx';

interface Planning {
  readonly isAsking: boolean;
  readonly progress?: Answers['ask']['progress'];
  readonly problem?: string;
}

/** Goes to the job, with the panel that starts it, unless the panel was closed meanwhile. */
async function plan(
  filter: string,
  settings: ReplaySettings,
  planning: Signal<Planning>,
  isOpen: () => boolean,
): Promise<void> {
  planning.value = { isAsking: true };
  try {
    const why = reason.value.trim();
    const body = { filter, ...settings, ...(why !== '' && { why }) };
    const ask = await follow(await post('ask', 'replay/plans', body), ({ progress }) => {
      planning.value = { isAsking: true, ...(progress && { progress }) };
    });
    const job = ask.answer?.['job'];
    if (typeof job !== 'string') throw new Error('The preview names no job; preview it again.');
    if (isOpen()) go(hrefOf('replay', job, { do: requestText({ kind: 'start', job }) }));
  } catch (error) {
    planning.value = { isAsking: false, problem: (error as Error).message };
  }
}

/** As it is typed. */
interface TypedSettings {
  readonly canary: string;
  readonly rate: string;
  readonly force: boolean;
}

/** The API accepts no more per second, and a larger canary is no canary. */
const MOST = 1_000;
const CANARY = { min: 0, max: MOST };
const RATE = { min: 1, max: MOST };

/** Undefined until both numbers are typed. */
function settingsOf({ canary, rate, force }: TypedSettings): ReplaySettings | undefined {
  const [first, then] = [wholeNumber(canary, CANARY), wholeNumber(rate, RATE)];
  return first === undefined || then === undefined
    ? undefined
    : { canary: first, rate: then, force };
}

function NumberField({
  label,
  value,
  bounds,
  onValue,
}: {
  readonly label: string;
  readonly value: string;
  readonly bounds: typeof CANARY;
  readonly onValue: (value: string) => void;
}): VNode {
  return (
    <label class="field small">
      <span>{label}</span>
      <input
        type="number"
        {...bounds}
        required
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

/** Canary, rate and `force` of a replay, within the bounds of the API. */
function Options({ settings }: { readonly settings: Signal<TypedSettings> }): VNode {
  const { canary, rate, force } = settings.value;
  const set = (changed: Partial<TypedSettings>): void => {
    settings.value = { ...settings.value, ...changed };
  };
  return (
    <>
      <div class="fields">
        <NumberField
          label="Send first"
          value={canary}
          bounds={CANARY}
          onValue={(n) => set({ canary: n })}
        />
        <NumberField
          label="Then per second"
          value={rate}
          bounds={RATE}
          onValue={(n) => set({ rate: n })}
        />
      </div>
      <p class="fine">
        {wholeNumber(canary, CANARY) === 0
          ? 'All are sent one after the other.'
          : 'The rest is sent only if the first succeed. Nothing is sent before you have seen the preview.'}
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={force}
          onChange={({ currentTarget }) => set({ force: currentTarget.checked })}
        />
        <span>
          Also where an event is no longer valid: order the device to try its newest state again
        </span>
      </label>
    </>
  );
}

function Asking({
  planning: { isAsking, progress },
  isReady,
  total,
}: {
  readonly planning: Planning;
  readonly isReady: boolean;
  readonly total: number | undefined;
}): VNode {
  return (
    <>
      <button type="submit" class="primary" disabled={isAsking || !isReady || total === 0}>
        {isAsking ? 'Comparing …' : `Preview ${total === undefined ? '' : failureCount(total)}`}
      </button>
      {isAsking && (
        <span class="muted" role="status">
          {progress === undefined ? 'Asked.' : `${progress.done} of ${progress.total} compared.`}
        </span>
      )}
    </>
  );
}

/** A selection of the URL. */
export function ReplayPanel({ filter }: { readonly filter: string }): VNode {
  const typed = useSignal<TypedSettings>({ canary: '1', rate: '5', force: false });
  const settings = settingsOf(typed.value);
  const isOpen = useRef(true);
  useEffect(
    () => () => {
      isOpen.current = false;
    },
    [],
  );
  const planning = useSignal<Planning>({ isAsking: false });
  const found = useLive(
    'failures',
    `failures?${new URLSearchParams({ filter, limit: '1' }).toString()}`,
  );
  const total = found.value?.total;
  const refused = planning.value.problem ?? found.problem?.message;
  return (
    <Panel title="Preview a replay" onClose={closePanel}>
      <p class="what">
        {total === undefined ? 'The failures' : failureCount(total)} that{' '}
        {total === 1 ? 'matches' : 'match'} <Name text={filter || 'state:open'} />{' '}
        {total === 1 ? 'is' : 'are'} compared with the devices as they are now.{' '}
        <b>Nothing is sent.</b>
      </p>
      {refused !== undefined && (
        <Notice tone="bad">
          <Words text={refused} />
        </Notice>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (settings !== undefined) void plan(filter, settings, planning, () => isOpen.current);
        }}
      >
        <Options settings={typed} />
        <Reason />
        <div class="deed">
          <Asking planning={planning.value} isReady={settings !== undefined} total={total} />
        </div>
      </form>
      {settings !== undefined && (
        <Copy text={replayCommand(filter, settings)} label="Copy as command" />
      )}
    </Panel>
  );
}
