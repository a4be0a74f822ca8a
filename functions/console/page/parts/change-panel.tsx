/**
 * The one panel of every change: what it is, on which objects, what happens now, a reason, and a
 * button that says the deed. It carries the hash of what it showed, so nothing else is done.
 */
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import type { Answers, ChangeBody } from '../api/answers.ts';
import { beginChange } from '../api/change.ts';
import type { ChangeAct } from '../api/change.ts';
import { go } from '../api/place.ts';
import { makerOf, mayAct } from '../api/rights.ts';
import { withReason } from '../logic/commands.ts';
import { countedObjects } from '../logic/jobs.ts';
import { missingFor } from '../logic/confirming.ts';
import { hrefOf } from '../logic/place.ts';
import { requestText, requestTitle } from '../logic/wanted.ts';
import { Age, Copy, Counts, Loading, Notice, Words } from './basic.tsx';
import { Done } from './change-done.tsx';
import { closePanel, Panel } from './panel.tsx';
import { Reason, reason } from './reason.tsx';

type Preview = Answers['preview'];

/**
 * What the change concerns: at most as many as the API lists, the others as a number. Folded if
 * there are more than six.
 */
function Objects({ objects }: Pick<Preview, 'objects'>): VNode | null {
  if (objects.total === 0) return null;
  const rest = objects.total - objects.list.length;
  return (
    <details class="objects" open={objects.total <= 6}>
      <summary>
        On {objects.total} {objects.total === 1 ? 'object' : 'objects'}
      </summary>
      <ul>
        {objects.list.map((one, i) => (
          <li key={i}>
            <Words text={one} />
          </li>
        ))}
        {rest > 0 && <li class="muted">… and {rest} more</li>}
      </ul>
    </details>
  );
}

/** Connections, as the devices counted them. */
function Cut({ cut }: Pick<Preview, 'cut'>): VNode | null {
  if (cut === undefined) return null;
  const { connections, at } = cut;
  return (
    <p class={connections > 0 ? 'bad-text' : 'muted'}>
      <b>{formatCount(connections, 'connection')}</b> {connections === 1 ? 'is' : 'are'} cut,
      counted <Age at={at} />.
    </p>
  );
}

/** What would happen now. */
function Consequence({ preview }: { readonly preview: Preview }): VNode {
  const { what, effects, undo, cut } = preview;
  return (
    <>
      <p class="what">
        <Words text={what} />
      </p>
      <Counts counts={countedObjects(preview.counts)} />
      <Cut cut={cut} />
      <Objects objects={preview.objects} />
      {effects.length > 0 && (
        <ul class="effects">
          {effects.map((effect) => (
            <li key={effect}>
              <Words text={effect} />
            </li>
          ))}
        </ul>
      )}
      <p class="undo">
        <b>{undo === undefined ? 'Cannot be undone.' : 'Undo: '}</b>
        {undo !== undefined && <Words text={undo} />}
      </p>
    </>
  );
}

/**
 * Why a click did nothing, or may have done something. Objects that changed since the preview are
 * listed.
 */
function Trouble({ act }: { readonly act: ChangeAct }): VNode | null {
  const { moved, problem } = act.state.value;
  if (problem === undefined) return null;
  return (
    <Notice tone={moved === undefined ? 'bad' : 'warn'}>
      <div>
        <Words text={problem.message} />
        {act.sentWhy.value !== undefined && (
          <>
            {' '}
            The change may have been made: look in <a href={hrefOf('audit')}>Audit</a>. To repeat
            this click does nothing twice.
          </>
        )}
        {moved !== undefined && moved.length > 0 && (
          <ul>
            {moved.map((one) => (
              <li key={one}>
                <Words text={one} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </Notice>
  );
}

/** The reason, the risk, and the button. */
function Deed({ act, preview }: { readonly act: ChangeAct; readonly preview: Preview }): VNode {
  const isAccepted = useSignal(false);
  const { step, progress } = act.state.value;
  const isActing = step === 'acting';
  const sent = act.sentWhy.value;
  const why = sent ?? reason.value.trim();
  const missing = missingFor(why, preview.risk !== undefined && !isAccepted.value);
  const isReady = !isActing && missing === undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void act.confirm(why, preview.risk !== undefined);
      }}
    >
      {preview.risk !== undefined && (
        <label class="risk">
          <input
            type="checkbox"
            checked={isAccepted.value}
            onChange={({ currentTarget }) => {
              isAccepted.value = currentTarget.checked;
            }}
          />
          <span>
            <b>Risk:</b> <Words text={preview.risk.replace(/[^.!?]$/, '$&.')} /> I accept this.
          </span>
        </label>
      )}
      <Reason sent={sent} />
      <div class="deed">
        <button type="submit" class="primary" disabled={!isReady}>
          {isActing ? 'Working …' : preview.deed}
        </button>
        {missing !== undefined && <span class="muted">{missing}</span>}
        {isActing && (
          <span class="muted" role="status">
            {progress === undefined
              ? 'Being checked against the devices.'
              : `Checked ${progress.done} of ${progress.total}.`}
          </span>
        )}
      </div>
    </form>
  );
}

/**
 * The panel from reading the preview to the result. Somebody without the role sees the preview and
 * which role it takes.
 */
function Body({ act, change }: { readonly act: ChangeAct; readonly change: ChangeBody }): VNode {
  const { step, preview, problem } = act.state.value;
  if (step === 'reading') return <Loading what="what would happen now" />;
  if (preview === undefined)
    return (
      <>
        <Notice tone="bad">
          <Words text={problem?.message ?? 'This change is not possible.'} />
        </Notice>
        <div class="deed">
          <button type="button" onClick={() => void act.read()}>
            Look again
          </button>
        </div>
      </>
    );
  if (step === 'done') return <Done {...act.state.value} />;
  return (
    <>
      <Trouble act={act} />
      <Consequence preview={preview} />
      {mayAct(makerOf(change)) ? (
        <Deed key={preview.hash} act={act} preview={preview} />
      ) : (
        <Notice tone="warn">
          This requires the role {makerOf(change)}. Send the address of this page to somebody who
          has it.
        </Notice>
      )}
      <Copy text={withReason(preview.command, reason.value)} label="Copy as command" />
      <p class="fine">
        Preview {preview.hash.slice(0, 12)} · key {act.key.value.slice(0, 12)}: if anything moves
        before you click, nothing is done.
      </p>
    </>
  );
}

/** A change of the URL. */
export function ChangePanel({ change }: { readonly change: ChangeBody }): VNode {
  const text = requestText(change);
  const act = useMemo(() => beginChange(change), [text]);
  const isDone = act.state.value.step === 'done';
  useEffect(() => {
    // A run goes on in the room of its job, where it is watched and paused.
    if (isDone && (change.kind === 'start' || change.kind === 'resume'))
      go(hrefOf('replay', change.job), { replace: true });
  }, [isDone]);
  return (
    <Panel title={requestTitle(change)} onClose={closePanel}>
      <Body act={act} change={change} />
    </Panel>
  );
}
