/** What the console tells by itself, where it can; elsewhere the page only asks again. */
import { effect, signal } from '@preact/signals';
import { lockedOut, session } from './client.ts';

const PATH = '/api/v1/events';
/** Milliseconds without any event; beats are closer, so the connection is dead. */
const SILENCE_MS = 40_000;
/** Milliseconds until the next try, such as after a refusal because of too many open pages. */
const AGAIN_MS = 60_000;

/** Whether a change is told now; otherwise the page has to ask. */
export const isTold = signal(false);

/** `onChange`: something may be another one. Nothing is listened to in a hidden tab. */
export function followEvents(onChange: () => void): void {
  let stream: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const leave = (): void => {
    clearTimeout(timer);
    stream?.close();
    stream = undefined;
    isTold.value = false;
  };
  const tryLater = (): void => {
    leave();
    timer = setTimeout(follow, AGAIN_MS);
  };
  const hear = (): void => {
    clearTimeout(timer);
    timer = setTimeout(tryLater, SILENCE_MS);
  };
  const connect = (): void => {
    const source = new EventSource(PATH);
    source.addEventListener('beat', () => {
      hear();
      // A connection begins with one, and nobody tells what changed before it.
      if (!isTold.peek()) onChange();
      isTold.value = true;
    });
    source.addEventListener('changed', () => {
      hear();
      onChange();
    });
    source.addEventListener('error', () => {
      isTold.value = false;
      // The browser connects again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) tryLater();
    });
    stream = source;
    hear();
  };
  const follow = (): void => {
    const isOffered = session.value?.live === 'events' && lockedOut.value === undefined;
    if (!isOffered || document.hidden) leave();
    else if (stream === undefined) connect();
  };
  document.addEventListener('visibilitychange', follow);
  effect(follow);
}
