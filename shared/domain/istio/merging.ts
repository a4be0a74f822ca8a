/**
 * istio-port-mapping.md §1.7: several servers on one resolved port and bind. The caller passes them
 * in age order; the first keeps the port.
 */
import { hostName } from './hosts.ts';
import type { CodedReason, ServerSpec } from './model.ts';
import { describeServer } from './model.ts';
import type { ListenerKind } from './port-mapping.ts';

/** The servers on one resolved port and bind so far. */
interface Slot {
  /** The plaintext server that decides for later ones. */
  plain: ServerSpec | undefined;
  /** `CheckDuplicates`: host strings of servers with TLS settings. */
  readonly hosts: Map<string, ServerSpec>;
  /** Names of HTTPS routes. */
  readonly names: Map<string, ServerSpec>;
  /** SNI of terminating filter chains, without the namespaces that distinguish the host strings. */
  readonly sni: Map<string, ServerSpec>;
}

const TERMINATING: ReadonlySet<ListenerKind> = new Set(['HTTPS', 'TLS_TERMINATE']);

function isTls(server: ServerSpec): boolean {
  return server.tls !== undefined && server.family !== 'http';
}

/** The first host that another server already has, with that server. */
function repeated(
  hosts: readonly string[],
  known: ReadonlyMap<string, ServerSpec>,
): readonly [string, ServerSpec] | undefined {
  for (const host of hosts) {
    const holder = known.get(host);
    if (holder !== undefined) return [host, holder];
  }
  return undefined;
}

/** Notes the first server of each host; later ones are compared with it. */
function remember(
  hosts: readonly string[],
  known: Map<string, ServerSpec>,
  server: ServerSpec,
): void {
  for (const host of hosts) if (!known.has(host)) known.set(host, server);
}

/** Istio takes a TLS host once for each port. */
function duplicateHost(server: ServerSpec, slot: Slot): CodedReason | undefined {
  if (server.tls === undefined) return undefined;
  const duplicate = repeated(server.hosts, slot.hosts);
  if (duplicate === undefined) {
    remember(server.hosts, slot.hosts, server);
    return undefined;
  }
  const [host, holder] = duplicate;
  return {
    code: 'MAP211',
    reason:
      `${describeServer(holder)} comes first and already serves host ${host} on this port, ` +
      'so istiod drops the whole server; remove the host from one of them',
  };
}

/** The plaintext owner decides: only servers of its HTTP family can still merge. */
function conflictWithOwner(server: ServerSpec, owner: ServerSpec): CodedReason | undefined {
  if (server.family === 'http' && owner.family === 'http') return undefined;
  return {
    code: 'MAP210',
    reason:
      `${describeServer(owner)} (${owner.protocol}) comes first and holds the port, ` +
      `and ${server.protocol} cannot share it; use another port or bind`,
  };
}

/** Istio takes a route name once for each port. */
function repeatedRouteName(server: ServerSpec, slot: Slot): CodedReason | undefined {
  if (server.kind !== 'HTTPS') return undefined;
  const holder = slot.names.get(server.configName);
  if (holder === undefined) return undefined;
  return {
    code: 'MAP212',
    reason:
      `${describeServer(holder)} already uses port.name ${JSON.stringify(server.name)} on ` +
      'this port; give every port of a Gateway a unique name',
  };
}

/**
 * istio issue 24638: the merge accepts it, and Envoy refuses the listener because of two equal
 * chains.
 */
function equalChain(server: ServerSpec, slot: Slot): CodedReason | undefined {
  if (!TERMINATING.has(server.kind)) return undefined;
  const duplicate = repeated(server.hosts.map(hostName), slot.sni);
  if (duplicate === undefined) return undefined;
  const [host, holder] = duplicate;
  return {
    code: 'MAP213',
    reason:
      `its filter chain for ${host} equals the one of ${describeServer(holder)}, ` +
      'which comes first (the hosts differ only in their namespace), ' +
      'and Envoy refuses such a listener; use different hosts or binds',
  };
}

/** Takes an accepted server into the slot of its port, against which later ones are compared. */
function accept(server: ServerSpec, slot: Slot): void {
  if (!isTls(server)) slot.plain ??= server;
  if (server.kind === 'HTTPS') slot.names.set(server.configName, server);
  if (TERMINATING.has(server.kind)) remember(server.hosts.map(hostName), slot.sni, server);
}

/**
 * The ports taken so far in one kind of gateway pods. Each accepted server changes the answer for
 * later ones.
 */
export interface ServerMerge {
  /** Undefined if the server is accepted. */
  readonly offer: (server: ServerSpec, port: number) => CodedReason | undefined;
}

/** Starts a merge for one kind of pods. */
export function startMerge(): ServerMerge {
  const slots = new Map<string, Slot>();
  const slotOf = (port: number, bind: string): Slot => {
    const key = `${port} ${bind}`;
    const there = slots.get(key);
    if (there !== undefined) return there;
    const slot: Slot = { plain: undefined, hosts: new Map(), names: new Map(), sni: new Map() };
    slots.set(key, slot);
    return slot;
  };
  return {
    offer: (server, port) => {
      const slot = slotOf(port, server.bind);
      const fault =
        duplicateHost(server, slot) ??
        (slot.plain === undefined
          ? repeatedRouteName(server, slot)
          : conflictWithOwner(server, slot.plain)) ??
        equalChain(server, slot);
      if (fault === undefined) accept(server, slot);
      return fault;
    },
  };
}
