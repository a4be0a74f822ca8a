import type { Device } from '../device.ts';
import type { Json } from '../json.ts';
import { McpError } from '../ltm/error.ts';
import { partitionOf } from '../ltm/model.ts';
import type { LtmConfig } from '../ltm/model.ts';
import type { TenantResult } from './answers.ts';
import type { Desired } from './render.ts';
import { linesOf, scriptFor } from './script.ts';
import type { Command, Script } from './script.ts';

/** What became of one tenant, and the commands that it took. */
export interface TenantRun {
  readonly result: TenantResult;
  readonly script: Script;
}

/** One tenant of a declaration that passed all checks. */
export interface TenantJob {
  readonly desired: Desired;
  readonly dryRun: boolean;
  readonly declarationId: string;
  /** `performance.now()` from which its duration counts: the lab's own work is a part of it. */
  readonly begun: number;
}

const SLOW = 'TMSH CLI script taking longer than expected';

/**
 * Reads the device, computes the difference and runs the script. The result is per tenant; a
 * failure leaves the tenant unchanged.
 */
export async function runTenant(
  device: Device,
  { desired, dryRun, declarationId, begun }: TenantJob,
): Promise<TenantRun> {
  const startedAt = device.settings.now();
  const whole = scriptFor(device.store.current(), desired, device.settings.defects);
  const changes = (): readonly string[] => linesOf(whole);
  const unread = device.inner.meet('tenant', desired.partition, changes);
  const blind = unread?.call === '/tm/ltm/pool' && unread.status === 404;
  const script = blind
    ? scriptFor(
        withoutPools(device.store.current(), desired.partition),
        desired,
        device.settings.defects,
      )
    : whole;
  const done = (
    result: Pick<TenantResult, 'code' | 'message' | 'response' | 'lineCount'>,
  ): TenantRun => ({
    script,
    result: {
      ...result,
      tenant: desired.partition,
      host: 'localhost',
      runTime: device.settings.now() - startedAt,
      declarationId,
      ...(dryRun ? { dryRun: true as const } : {}),
    },
  });
  if (unread && !blind)
    return done({
      code: 400,
      message: `failure querying config for tenant ${desired.partition} (${unread.words})`,
    });
  if (script.differences === 0 || dryRun) {
    if (!dryRun) await waitUntil(device, begun + durationOf(device, desired));
    return done(
      script.differences === 0
        ? { code: 200, message: 'no change' }
        : { code: 200, message: 'success', lineCount: script.lines },
    );
  }
  const failed = device.inner.meet('script', desired.partition, changes);
  if (failed)
    return done({ code: failed.code, message: 'declaration failed', response: failed.words });
  const outcome = await withinLimit(
    device,
    { begun, duration: durationOf(device, desired) },
    script,
  );
  return done(
    outcome === undefined
      ? { code: 200, message: 'success', lineCount: script.lines }
      : { code: 422, message: 'declaration failed', response: outcome },
  );
}

/** What AS3 sees if its lookup of pools answers "not found". */
function withoutPools(config: LtmConfig, partition: string): LtmConfig {
  return {
    ...config,
    pools: new Map([...config.pools].filter(([path]) => partitionOf(path) !== partition)),
  };
}

/** When a declare began, by `performance.now()`, and the milliseconds that it takes in all. */
interface Span {
  readonly begun: number;
  readonly duration: number;
}

function waitUntil(device: Device, time: number): Promise<void> {
  return device.wait(time - performance.now());
}

/** The error of the script; undefined on success. */
async function runScript(
  device: Device,
  { begun, duration }: Span,
  script: Script,
): Promise<string | undefined> {
  const { boot } = device.condition;
  await waitUntil(device, begun + duration / 2);
  if (boot !== device.condition.boot) return 'interrupted by a restart';
  try {
    runBefore(device, script.before);
    await waitUntil(device, begun + duration);
    device.store.write((draft) => {
      for (const command of script.transaction) command.run(draft);
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof McpError)) throw error;
    undo(device, script.undo);
    return error.message;
  }
}

/**
 * Each is a write of its own, and what was done before a failure stays. As long as none fails, the
 * result is that of one write, which is checked only once.
 */
function runBefore(device: Device, commands: readonly Command[]): void {
  try {
    device.store.write((draft) => {
      for (const command of commands) command.run(draft);
    });
  } catch {
    for (const command of commands) device.store.write((draft) => command.run(draft));
  }
}

function undo(device: Device, commands: readonly Command[]): void {
  device.store.write((draft) => {
    for (const command of commands) command.run(draft);
  });
}

/** AS3 stops waiting at its limit; the script continues, and its change is applied later. */
async function withinLimit(
  device: Device,
  span: Span,
  script: Script,
): Promise<string | undefined> {
  const { scriptLimit } = device.timings;
  const running = runScript(device, span, script);
  if (span.duration <= scriptLimit) return running;
  return Promise.race([running, device.wait(scriptLimit).then(() => SLOW)]);
}

/** Milliseconds. */
function durationOf({ timings }: Device, { virtuals }: Desired): number {
  return timings.declare + timings.declarePerServer * virtuals.size;
}

/** The traces of a dry run with `traceResponse`. */
export function tracesOf(run: TenantRun, desired: Desired): Json {
  const lines = linesOf(run.script);
  return {
    [`${desired.partition}Desired`]: [...desired.virtuals.keys(), ...desired.pools.keys()],
    [`${desired.partition}Diff`]: lines,
    [`${desired.partition}Script`]: lines.join('\n'),
  };
}
