/** istio-port-mapping.md §1.5: the bind address of a listener, and whether BIG-IP can reach it. */
import type { CodedReason } from './model.ts';

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const IPV6 = /^[0-9a-f:]*:[0-9a-f:.]*$/i;
/** Binds that mean every address of the pod. */
const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/** Four decimal parts up to 255; leading zeros make no difference to the rules here. */
function isIPv4(text: string): boolean {
  const parts = IPV4.exec(text);
  return parts !== null && parts.slice(1).every((part) => Number(part) <= 255);
}

/**
 * Whether the bind address is a Unix socket in the pod. Such a listener has port 0 and cannot be a
 * pool member.
 */
export function isUnixSocket(bind: string): boolean {
  return bind.startsWith('unix://');
}

/** Normalises wildcards of both families to the empty string, as Istio does. */
export function normaliseBind(bind: string | undefined): string {
  const text = (bind ?? '').trim().toLowerCase();
  if (isUnixSocket(text)) return (bind ?? '').trim();
  return WILDCARDS.has(text) ? '' : text;
}

/**
 * Whether Envoy can open a listener on this bind address; empty means the wildcard address. Host
 * names are refused.
 */
export function isUsableBind(bind: string): boolean {
  return bind === '' || isUnixSocket(bind) || isIPv4(bind) || IPV6.test(bind);
}

/** Such a listener is only reachable within its pod. */
function isLoopback(bind: string): boolean {
  return (
    (isIPv4(bind) && bind.startsWith('127.')) || bind === '::1' || bind.startsWith('::ffff:127.')
  );
}

/** The reason why BIG-IP cannot reach a listener on its bind address. */
export interface BindProblem extends CodedReason {
  /** Whether Envoy opens a port, even if it is not reachable from outside the pod. */
  readonly opensPort: boolean;
}

/** Undefined if pods are reachable at this bind. Unknown pod addresses count as reachable. */
export function whyUnreachable(bind: string, podIps: readonly string[]): BindProblem | undefined {
  if (bind === '') return undefined;
  if (isUnixSocket(bind)) {
    return {
      code: 'MAP252',
      reason: `Envoy listens on the Unix socket ${bind}, which has no port that a pool member could use`,
      opensPort: false,
    };
  }
  if (isLoopback(bind)) {
    return {
      code: 'MAP250',
      reason:
        `Envoy listens on ${bind} only, which nothing outside the pod can reach; ` +
        'remove bind, or use the address of the pod',
      opensPort: true,
    };
  }
  if (podIps.length > 0 && !podIps.includes(bind)) {
    return {
      code: 'MAP251',
      reason: `no gateway pod has the address ${bind} in bind, so Envoy cannot open the listener; remove bind`,
      opensPort: false,
    };
  }
  return undefined;
}
