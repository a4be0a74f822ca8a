/** What a schedule does in AWS: the audit bundle, every so often. */
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { loadBundle } from './hosted.ts';

interface AuditModule {
  readonly create: (runtime: Runtime) => { audit(): Promise<unknown>; close(): Promise<void> };
}

export interface AuditLoop {
  /** Lets a running audit end. */
  stop(): Promise<void>;
}

export async function startAudits(runtime: Runtime, every: number): Promise<AuditLoop> {
  const { create } = await loadBundle<AuditModule>('audit/handler.mjs');
  const auditor = create(runtime);
  const stopping = new AbortController();
  const running = repeat(runtime, every, { audit: () => auditor.audit(), signal: stopping.signal });
  return {
    stop: async () => {
      stopping.abort();
      await running;
      await auditor.close();
    },
  };
}

async function repeat({ clock, log }: Runtime, every: number, { audit, signal }: { readonly audit: () => Promise<unknown>; readonly signal: AbortSignal }): Promise<void> {
  if (every === 0) return;
  for (;;) {
    await clock.sleep(every, signal);
    if (signal.aborted) return;
    await audit().catch((error: unknown) => log.error({ error: errorMessage(error) }, 'audit failed; the next one comes by itself'));
  }
}
