/** What is around every room. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { lockedOut, logOut, session } from '../api/client.ts';
import { useLive } from '../api/live.ts';
import { place } from '../api/place.ts';
import { hrefOf } from '../logic/place.ts';
import type { RoomName } from '../logic/place.ts';
import { Notice, Words } from './basic.tsx';
import { Help, isHelpOpen } from './help.tsx';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';
import { JobBar } from './job-bar.tsx';
import { SearchBox } from './search-box.tsx';
import { RequestPanel } from './request-panel.tsx';

const ROOMS: readonly {
  readonly room: RoomName;
  readonly name: string;
  readonly icon: IconName;
  /** Rooms that are entered from it. */
  readonly also?: readonly RoomName[];
}[] = [
  { room: 'now', name: 'Now', icon: 'now' },
  { room: 'failures', name: 'Failures', icon: 'failures', also: ['replay'] },
  { room: 'ports', name: 'Ports', icon: 'ports', also: ['search', 'plan'] },
  { room: 'fleet', name: 'Fleet', icon: 'fleet' },
  { room: 'audit', name: 'Audit', icon: 'audit' },
];

function Rooms(): VNode {
  const { value } = useLive('now', 'now');
  const open = value?.counts.open ?? 0;
  const here = place.value.room;
  return (
    <nav class="rooms" aria-label="Rooms">
      {ROOMS.map(({ room, name, icon, also }) => (
        <a
          key={room}
          href={hrefOf(room)}
          aria-current={here === room || also?.some((one) => one === here) ? 'page' : undefined}
        >
          <Icon name={icon} />
          <span>{name}</span>
          {room === 'failures' && open > 0 && (
            <b class="count" aria-label={`${open} open`}>
              {open > 999 ? '999+' : open}
            </b>
          )}
        </a>
      ))}
    </nav>
  );
}

function Person(): VNode | null {
  const person = session.value;
  if (person === undefined) return null;
  return (
    <span class="person">
      <Words text={person.who} /> <span class="muted">{person.role}</span>
    </span>
  );
}

/** Only a session can be ended. */
function LogOut(): VNode | null {
  const problem = useSignal<string | undefined>(undefined);
  if (session.value?.logout === undefined) return null;
  return (
    <>
      {problem.value !== undefined && <span class="bad-text">{problem.value}</span>}
      <button
        type="button"
        class="quiet"
        onClick={() => {
          logOut().catch((error: unknown) => {
            problem.value = (error as Error).message;
          });
        }}
      >
        Log out
      </button>
    </>
  );
}

/** A login that has ended; what is on the page stays readable. */
function LockedOut(): VNode | null {
  const locked = lockedOut.value;
  if (locked === undefined) return null;
  return (
    <Notice tone="warn">
      <Words text={locked.says} />
      {locked.login !== undefined && (
        <a class="button primary" href={locked.login} target="_self">
          Log in again
        </a>
      )}
    </Notice>
  );
}

/** `children`: the room, which nobody sees who logged out. */
export function Shell({ children }: { readonly children: ComponentChildren }): VNode {
  if (lockedOut.value?.byChoice)
    return (
      <main class="logged-out">
        <h1>Sluice</h1>
        <LockedOut />
      </main>
    );
  return (
    <div class="app">
      <a class="skip" href="#main" target="_self">
        Skip to the room
      </a>
      <header class="top">
        <a class="brand" href={hrefOf('now')}>
          Sluice
        </a>
        <SearchBox />
        <Person />
        <LogOut />
        <button
          type="button"
          class="quiet help-button"
          aria-label="Keyboard shortcuts"
          onClick={() => {
            isHelpOpen.value = true;
          }}
        >
          <Icon name="help" />
        </button>
      </header>
      <Rooms />
      <main id="main" tabIndex={-1}>
        <LockedOut />
        <JobBar />
        {children}
      </main>
      <RequestPanel />
      <Help />
    </div>
  );
}
