/** `sluice.io/expose`: requests to expose, or not to expose, a Gateway or single ports. */
import { shorten } from '../../text/shorten.ts';
import { MAX_QUOTED_CHARACTERS } from '../setting-json.ts';
import type { IndexedIngress } from '../indexed-ingress.ts';
import { EXPOSE_ANNOTATION } from './annotations.ts';
import type { Candidate } from './candidates.ts';

/** If no annotation applies, there is no value at all. */
export type ExposeRequest =
  { readonly offered: boolean; readonly source: string } | { readonly problem: string };

/**
 * The Gateway first, then the ingress Service, whose list does not affect ports that it does not
 * contain.
 */
export function readExposeRequest(
  pool: IndexedIngress,
  { object, report, annotations }: Candidate,
): ExposeRequest | undefined {
  const service = pool.service?.meta.annotations[EXPOSE_ANNOTATION];
  const own = wishIn(object, annotations[EXPOSE_ANNOTATION], report.port);
  if (own !== undefined) return own;
  const general = wishIn(`Service ${pool.name}`, service, report.port);
  const isList = service !== undefined && /\d/.test(service);
  return isList && general !== undefined && 'offered' in general && !general.offered
    ? undefined
    : general;
}

/** `true` and `false` apply to all ports; a list of ports offers those and withholds the others. */
function wishIn(object: string, text: string | undefined, port: number): ExposeRequest | undefined {
  if (text === undefined) return undefined;
  const source = `${object} (${EXPOSE_ANNOTATION})`;
  const word = text.trim();
  if (word === 'true' || word === 'false') return { offered: word === 'true', source };
  const ports = word.split(',').map((part) => part.trim());
  if (ports.every((part) => /^\d{1,5}$/.test(part)))
    return { offered: ports.some((part) => Number(part) === port), source };
  return {
    problem:
      `${object}: annotation ${EXPOSE_ANNOTATION}: ` +
      `"${shorten(text, MAX_QUOTED_CHARACTERS)}": ` +
      'must be "true", "false" or gateway ports separated by commas',
  };
}
