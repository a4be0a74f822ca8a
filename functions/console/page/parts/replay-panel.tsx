/** The first step of a replay: a selection is compared with the devices. Nothing is sent. */
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { VNode } from 'preact';
import { follow } from '../api/asking.ts';
import type { Answers } from '../api/answers.ts';
import { post } from '../api/client.ts';
import { useLive } from '../api/live.ts';
import { go } from '../api/place.ts';
import { replayCommand } from '../logic/commands.ts';
import type { ReplaySettings } from '../logic/commands.ts';
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

/** Goes to the job, with the panel that starts it. */
async function plan(
  filter: string,
  settings: ReplaySettings,
  planning: Signal<Planning>,
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
    go(hrefOf('replay', job, { do: requestText({ kind: 'start', job }) }));
  } catch (error) {
    planning.value = { isAsking: false, problem: (error as Error).message };
  }
}

function NumberField({
  label,
  value,
  min,
  onValue,
}: {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly onValue: (value: number) => void;
}): VNode {
  return (
    <label class="field small">
      <span>{label}</span>
      <input
        type="number"
        min={min}
        max={1_000}
        required
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.valueAsNumber || min)}
      />
    </label>
  );
}

function Options({ settings }: { readonly settings: Signal<ReplaySettings> }): VNode {
  const { canary, rate, force } = settings.value;
  const set = (changed: Partial<ReplaySettings>): void => {
    settings.value = { ...settings.value, ...changed };
  };
  return (
    <>
      <div class="fields">
        <NumberField
          label="Send first"
          value={canary}
          min={0}
          onValue={(n) => set({ canary: n })}
        />
        <NumberField
          label="Then per second"
          value={rate}
          min={1}
          onValue={(n) => set({ rate: n })}
        />
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={force}
          onChange={({ currentTarget }) => set({ force: currentTarget.checked })}
        />
        <span>Order devices to try again even what cannot be sent</span>
      </label>
    </>
  );
}

function Asking({
  planning: { isAsking, progress },
  total,
}: {
  readonly planning: Planning;
  readonly total: number | undefined;
}): VNode {
  return (
    <>
      <button type="submit" class="primary" disabled={isAsking || total === 0}>
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
  const settings = useSignal<ReplaySettings>({ canary: 1, rate: 5, force: false });
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
        {total === undefined ? 'The failures' : failureCount(total)} that match{' '}
        <Name text={filter || 'state:open'} /> {total === 1 ? 'is' : 'are'} compared with the
        devices as they are now. <b>Nothing is sent.</b>
      </p>
      {refused !== undefined && (
        <Notice tone="bad">
          <Words text={refused} />
        </Notice>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void plan(filter, settings.value, planning);
        }}
      >
        <Options settings={settings} />
        <Reason />
        <div class="deed">
          <Asking planning={planning.value} total={total} />
        </div>
      </form>
      <Copy text={replayCommand(filter, settings.value)} label="Copy as command" />
    </Panel>
  );
}
