/** Rules for names. Each returns what is wrong, in the words of Kubernetes, or undefined. */
import type { Resource } from './resources/resource.ts';

/** For namespaces and ports. */
export function dnsLabel(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return undefined;
  return (
    'a lowercase RFC 1123 label must consist of lower case alphanumeric characters or ' +
    "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or " +
    "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  );
}

function serviceName(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return undefined;
  return (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start " +
    'with an alphabetic character, and end with an alphanumeric character (e.g. ' +
    "'my-name',  or 'abc-123', regex used for validation is " +
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
  );
}

function dnsSubdomain(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters';
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name))
    return undefined;
  return (
    'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric ' +
    "characters, '-' or '.', and must start and end with an alphanumeric character " +
    "(e.g. 'example.com', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  );
}

/** By kind: Services have stricter names than most. */
export function nameProblem(resource: Resource, name: string): string | undefined {
  if (resource.storage === 'services') return serviceName(name);
  if (resource.storage === 'namespaces') return dnsLabel(name);
  // The API server only checks that the name of an Event fits into a path.
  if (resource.storage === 'events') return undefined;
  return dnsSubdomain(name);
}
