/** Finds the TLSProfile or Policy that an object of CIS names. */
import { nearest } from '../../../text/nearest.ts';
import type { CisObject } from './cis-object.ts';

/** What an object refers to. */
export interface CisReference {
  readonly kind: 'TLSProfile' | 'Policy';
  readonly namespace: string;
  readonly name: string;
}

/** API group of the resources of F5 CIS. */
const GROUP = 'cis.f5.com';

/** The object, or why there is none, with the remedy. */
export function findReferred(
  all: readonly CisObject[],
  { kind, namespace, name }: CisReference,
): CisObject | { readonly problem: string } {
  const ours = all.filter(({ group }) => group === GROUP);
  const same = ours.filter((one) => one.kind === kind);
  const found = same.find((one) => one.namespace === namespace && one.name === name);
  if (found !== undefined) return found;
  const near = same.filter((one) => one.namespace === namespace).map((one) => one.name);
  const meant = nearest(name, near);
  const abroad = same.find((one) => one.name === name);
  const other = ours.find((one) => one.namespace === namespace && one.name === name);
  const hint =
    meant !== undefined
      ? `; did you mean ${meant}?`
      : abroad !== undefined
        ? `; there is one of this name in namespace ${abroad.namespace}`
        : other !== undefined && other.kind !== kind
          ? `; there is a ${other.kind} of this name, which is another kind`
          : '; give it too';
  return { problem: `${kind} ${namespace}/${name} is not in these files${hint}` };
}
