/** A device whose declares are counted, and its waits for other clients. */
import type { Meter } from '../telemetry/meter.ts';
import type { Declared, Device } from './device.ts';
import { DeviceError } from './errors.ts';

/** Counts what the device answers; changes nothing. */
export function meteredDevice(device: Device, meter: Meter): Device {
  const busy = (): void => meter.count('sluice_device_busy_total', { device: device.name });
  const declared = (partition: string, outcome: string): void =>
    meter.count('sluice_device_declares_total', { device: device.name, partition, outcome });
  const declare = async (...args: Parameters<Device['declare']>): Promise<Declared> => {
    const [partition] = args;
    try {
      const answer = await device.declare(...args);
      declared(partition, answer.outcome);
      if (answer.took !== undefined)
        meter.observe('sluice_device_declare_seconds', { device: device.name }, answer.took / 1e3);
      return answer;
    } catch (error) {
      const outcome = outcomeOf(error);
      declared(partition, outcome);
      if (outcome === 'busy') busy();
      throw error;
    }
  };
  const isHeld = async (): Promise<boolean> => {
    const held = await device.isHeld();
    if (held) busy();
    return held;
  };
  return { ...device, declare, isHeld };
}

function outcomeOf(error: unknown): 'refused' | 'busy' | 'raced' | 'unknown' | 'failed' {
  if (!(error instanceof DeviceError)) return 'failed';
  if (error.code === 'BIP503') return 'busy';
  if (error.code === 'BIP430') return 'raced';
  if (error.fault === 'content') return 'refused';
  return error.fault === 'ambiguous' ? 'unknown' : 'failed';
}
