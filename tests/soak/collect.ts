/** What a process keeps after V8 has collected all garbage, by its inspector. */
import { once } from 'node:events';
import { processClock } from '../../shared/runtime/process.ts';
import type { SoakProcess } from './process.ts';

const LOOK_MS = 100;
const LOOKS = 100;
/** One collection can leave what only its finalizers release. */
const COLLECTIONS = 2;

/** Mebibytes of resident memory; throws if its inspector does not answer. */
export async function keptMemory(one: SoakProcess): Promise<number> {
  one.signal('SIGUSR1');
  const socket = new WebSocket(await inspectorOf(one));
  await once(socket, 'open');
  try {
    for (let id = 1; id <= COLLECTIONS; id++) {
      const answered = once(socket, 'message');
      socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
      await answered;
    }
  } finally {
    socket.close();
  }
  return one.usage()?.rss ?? Number.NaN;
}

async function inspectorOf({ name, inspectorPort }: SoakProcess): Promise<string> {
  for (let look = 0; look < LOOKS; look++) {
    const url = `http://127.0.0.1:${inspectorPort}/json/list`;
    const answer = await fetch(url).catch(() => undefined);
    const [target] = ((await answer?.json()) ?? []) as readonly {
      readonly webSocketDebuggerUrl: string;
    }[];
    if (target !== undefined) return target.webSocketDebuggerUrl;
    await processClock.sleep(LOOK_MS);
  }
  throw new Error(`the inspector of ${name} does not answer`);
}
