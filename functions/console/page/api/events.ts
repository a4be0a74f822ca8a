/** What the console tells by itself, where it can; elsewhere the page only asks again. */
import { effect } from '@preact/signals';
import { lockedOut, session } from './client.ts';

const PATH = '/api/v1/events';

/** `onChange`: something may be another one. Nothing is listened to in a hidden tab. */
export function followEvents(onChange: () => void): void {
  let stream: EventSource | undefined;
  const follow = (): void => {
    const isTold = session.value?.live === 'events' && lockedOut.value === undefined;
    if (!isTold || document.hidden) {
      stream?.close();
      stream = undefined;
    } else if (stream === undefined || stream.readyState === EventSource.CLOSED) {
      stream = new EventSource(PATH);
      stream.addEventListener('changed', onChange);
    }
  };
  document.addEventListener('visibilitychange', follow);
  effect(follow);
}
