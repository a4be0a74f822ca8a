/** The frame of every room: a heading, the age of what it shows, and its troubles of reading it. */
import type { ComponentChildren, VNode } from 'preact';
import { askFor, look } from '../api/asking.ts';
import type { Live } from '../api/live.ts';
import { mayAct } from '../api/rights.ts';
import { hrefOf } from '../logic/place.ts';
import { Age, Loading, Notice, Words } from './basic.tsx';
import { Icon } from './icons.tsx';

/** Asks the devices; without it, the console only reads what was seen. */
export function LookAgain(): VNode | null {
  if (!mayAct('operator')) return null;
  const { isAsking, ask, problem } = look.value;
  return (
    <span class="look">
      <button
        type="button"
        class="quiet"
        disabled={isAsking}
        onClick={() => void askFor(look, 'looks')}
      >
        <Icon name="look" />
        {isAsking ? 'Looking at the devices …' : 'Look again'}
      </button>
      {problem !== undefined && <span class="bad-text">{problem}</span>}
      {ask?.state === 'done' && !isAsking && (
        <span class="muted">
          looked <Age at={ask.ended ?? ask.at} />
        </span>
      )}
    </span>
  );
}

/** `devices`: when they were last seen, where that matters; nobody may have seen them yet. */
export function Room({
  title,
  lead,
  devices,
  actions,
  children,
}: {
  readonly title: ComponentChildren;
  readonly lead?: ComponentChildren;
  readonly devices?: { readonly seen: number | string | undefined } | undefined;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <>
      <div class="room-head">
        <div>
          <h1>{title}</h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        <div class="room-side">
          {devices !== undefined && (
            <>
              <span class="muted">
                {devices.seen === undefined ? (
                  'Devices not seen yet'
                ) : (
                  <>
                    Devices seen <Age at={devices.seen} />
                  </>
                )}
              </span>
              <LookAgain />
            </>
          )}
          {actions}
        </div>
      </div>
      {children}
    </>
  );
}

/** The sentence of a refused request, or nothing. */
export function ReadingTrouble({
  live,
}: {
  readonly live: Pick<Live<unknown>, 'problem' | 'at' | 'refresh'>;
}): VNode | null {
  const { problem, at, refresh } = live;
  if (problem === undefined) return null;
  return (
    <Notice tone="bad">
      <span>
        {problem.code !== undefined && <b>{problem.code} </b>}
        <Words text={problem.message} />
        {at !== undefined && (
          <>
            {' '}
            What is shown is of <Age at={at} />.
          </>
        )}
      </span>
      {problem.status !== 404 && (
        <button type="button" class="quiet" onClick={refresh}>
          Try again
        </button>
      )}
    </Notice>
  );
}

/**
 * What was read, or why not; `what` for the time before. What was selected before can be seen for a
 * moment longer, but nothing can be done with it.
 */
export function Shown<T>({
  live,
  what,
  children,
}: {
  readonly live: Live<T>;
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}): VNode {
  const { value, isOld, problem } = live;
  return (
    <>
      <ReadingTrouble live={live} />
      {value === undefined ? (
        problem === undefined && <Loading what={what} />
      ) : (
        <div class="shown" inert={isOld} aria-busy={isOld}>
          {children(value)}
        </div>
      )}
    </>
  );
}

/** For a path that leads nowhere. */
export function Nowhere(): VNode {
  return (
    <Room title="There is nothing here" lead="The address of this page is not one of the console.">
      <p>
        <a href={hrefOf('now')}>Go to Now</a>, or search above.
      </p>
    </Room>
  );
}
