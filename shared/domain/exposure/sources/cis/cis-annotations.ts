import { SETTING_ROWS } from '../../settings/catalogue/catalogue.ts';
import type { WantedSettings } from './cis-object.ts';

/** The inverse of reading an annotation. */
function annotationText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const plain = value.every((one) => typeof one === 'string');
  return value.length === 0 ? 'none' : plain ? value.join(',') : JSON.stringify(value);
}

/**
 * The equivalent annotations of Sluice. `port` maps gateway ports, so the caller provides its text.
 */
export function annotationsFor(wanted: WantedSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SETTING_ROWS.flatMap(([name, { annotations }]) => {
      const value = wanted[name];
      const own = annotations[0]?.name;
      return value === undefined || own === undefined ? [] : [[own, annotationText(value)]];
    }),
  );
}
