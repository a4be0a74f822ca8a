/** Hearing of writes to the queue file, when the operating system stops telling. */
import { EventEmitter } from 'node:events';
import type { FSWatcher } from 'node:fs';
import { expect, test } from '@jest/globals';
import { listenToWrites } from '../../../shared/queue/sqlite/writes.ts';

test('an error of the watch ends it, and the listener is told to look by itself', () => {
  const told: string[] = [];
  const watcher = Object.assign(new EventEmitter(), { close: () => told.push('closed') });
  let write = (): void => undefined;
  const open = (_file: string, _options: object, heard: () => void): FSWatcher => {
    write = heard;
    return watcher as unknown as FSWatcher;
  };
  listenToWrites(
    'queue.sqlite',
    { heard: () => told.push('heard'), deafened: () => told.push('deafened') },
    open as never,
  );
  write();
  watcher.emit('error', new Error('EMFILE'));
  expect(told).toEqual(['heard', 'closed', 'deafened']);
});
