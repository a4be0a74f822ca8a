/** Resolves the Service port that CIS's objects refer to. */
import { isJsonObject } from '../../../json-object.ts';
import { type CisObject, textOf } from './cis-object.ts';

/** A port of a Service. `target` is a number, the name of a container port, or absent. */
export interface CisServicePort {
  readonly name: string;
  readonly port: number;
  readonly target: unknown;
}

/**
 * The ports of a Service. Entries without a number are skipped.
 */
export function portsOf(service: CisObject): readonly CisServicePort[] {
  const list = Array.isArray(service.spec['ports']) ? (service.spec['ports'] as unknown[]) : [];
  return list.filter(isJsonObject).flatMap((one) => {
    const { port, targetPort, name } = one;
    if (typeof port !== 'number') return [];
    return [
      {
        name: textOf(name) ?? '',
        port,
        target: targetPort,
      },
    ];
  });
}

/**
 * By name, number and target, in this order, like CIS. Without the Service, a number is used
 * unchecked.
 */
export function servicePortOf(
  said: unknown,
  service: CisObject | undefined,
): { readonly port: number } | { readonly problem: string } {
  const text = typeof said === 'number' ? String(said) : textOf(said);
  if (text === undefined) return { problem: 'is missing' };
  const port = portNamed(text, service === undefined ? [] : portsOf(service));
  if (port !== undefined) return { port };
  return service === undefined
    ? { problem: 'is a name; give the Service too, which has its number' }
    : {
        problem: `is ${text}, which Service ${service.namespace}/${service.name} has neither as name, port nor target`,
      };
}

/**
 * By name, number or target port, in this order. Without known ports, a number is taken as it is.
 */
function portNamed(text: string, ports: readonly CisServicePort[]): number | undefined {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : undefined;
  if (ports.length === 0) return number;
  const found =
    ports.find(({ name }) => name === text) ??
    ports.find(({ port }) => port === number) ??
    ports.find(({ target }) => String(target) === text);
  return found?.port;
}
