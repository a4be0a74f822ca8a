/**
 * Carries out the loop for one partition: does what `nextStep` says, and tells it what happened.
 */
import type { Difference } from '../../../shared/device/difference.ts';
import type { OverrideAdoption } from '../../../shared/domain/declared/override.ts';
import type { PartitionJob, PartitionResult } from '../job.ts';
import { fullPace } from '../pace.ts';
import type { Effect, Event, EventBody } from './state.ts';
import { createLoop } from './state.ts';
import { nextStep } from './step.ts';

/**
 * Declares one partition until nothing is left. Throws a DeviceError if the device is unavailable;
 * refused changes are in the result.
 */
export async function applyPartition(job: PartitionJob): Promise<PartitionResult> {
  const { device, clock, hasTime, onTry } = job;
  const { capabilities, name } = device;
  const keeper = job.pace ?? { pace: fullPace(capabilities.declareSize) };
  const event = (happened: EventBody): Event => ({
    ...happened,
    at: { now: clock.now(), monotonic: clock.monotonic(), hasTime: hasTime() },
  });
  const perform = performer(job);
  const begun = createLoop({ ...job, device: name, capabilities }, keeper.pace);
  for (let step = nextStep(begun, event({ kind: 'begin' })); ;) {
    const { loop, effect, tried } = step;
    keeper.pace = loop.pace;
    if (tried !== undefined) onTry?.(tried);
    if (effect.kind === 'done') return effect.result;
    if (effect.kind === 'fail') throw effect.error;
    const happened = await perform(effect).catch((error: unknown): EventBody => ({
      kind: 'failed',
      error,
    }));
    step = nextStep(loop, event(happened));
  }
}

/** Executes effects on the device and returns what happened. */
function performer(job: PartitionJob): (effect: Effect) => Promise<EventBody> {
  const { device, partition, clock, prove = () => Promise.resolve() } = job;
  const { holders = () => device.foreign(), newer = () => Promise.resolve(false) } = job;
  let reading = job.reading;
  return async (effect) => {
    const { kind } = effect;
    switch (kind) {
      case 'read': {
        const known = reading ?? (await device.read(partition));
        reading = undefined;
        return { kind, reading: known };
      }
      case 'holders':
        return { kind, holders: await holders() };
      case 'nodes':
        return { kind, nodes: await device.nodes(partition) };
      case 'drift':
        return { kind, manualChanges: adoptedOf(await device.drift(partition, effect.state)) };
      case 'lookup':
        return { kind, missing: await device.missing(effect.references) };
      case 'declare': {
        const { state, lockKey, expected } = effect;
        await prove();
        return { kind, declared: await device.declare(partition, state, lockKey, expected) };
      }
      case 'verify':
        return { kind, problems: await device.verify(partition, effect.state) };
      case 'newer':
        return { kind, waits: await newer() };
      case 'wait':
        await clock.sleep(effect.time);
        return { kind };
      case 'members':
        await prove();
        await device.reconcileMembers(partition, effect.state);
        return { kind };
    }
  };
}

/** The manual changes that are to be kept. */
function adoptedOf(found: readonly Difference[]): readonly OverrideAdoption[] {
  return found.flatMap(({ adopt }) => adopt ?? []);
}
