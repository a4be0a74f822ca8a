/** TLSProfiles and Policies, which only count for the objects that name them. */
import { type CisObject, cisObjectName, type Reading } from './cis-object.ts';

/** The fields that name an object of a kind, and that of its namespace. */
const NAMED_BY: Readonly<Record<string, readonly [string, string]>> = {
  TLSProfile: ['tlsProfileName', 'tlsProfileNamespace'],
  Policy: ['policyName', 'policyNamespace'],
};

/** Whether an object of CIS, or a Service, names this one. */
function isNamed({ kind, namespace, name }: CisObject, by: CisObject): boolean {
  const [field = '', space = ''] = NAMED_BY[kind] ?? [];
  const isHere = (by.spec[space] ?? by.namespace) === namespace;
  return by.group === 'cis.f5.com'
    ? by.spec[field] === name && isHere
    : kind === 'Policy' &&
        by.namespace === namespace &&
        by.annotations['cis.f5.com/policyName'] === name;
}

/** Reported if nothing names it; otherwise it is read with what names it. */
export function readUnused(object: CisObject, all: readonly CisObject[]): Reading {
  if (all.some((one) => isNamed(object, one))) return { notCarried: [] };
  const reason = 'no object in these files uses it; give the files with those that do';
  return { notCarried: [{ object: cisObjectName(object), field: 'kind', reason }] };
}
