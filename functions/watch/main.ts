/** The watcher. `sluice up` loads this bundle and calls `create`; as a process in the cluster it runs from its environment. */
import { runFromEnvironment } from './process.ts';
import { createWatcher, type Watcher, type WatcherOptions } from './watcher.ts';

export type { Watcher, WatcherOptions } from './watcher.ts';

export function create(options: WatcherOptions): Watcher {
  return createWatcher(options);
}

if (import.meta.main) await runFromEnvironment(process.env);
