/**
 * AS3's own calls inside the device, and its answers if one of them fails, with the messages and
 * codes of the real engine (3.56, `tests/fixtures/as3-inner-faults.json`).
 */

/**
 * When AS3 makes the call: per request, per tenant, to look up a reference, to run a script, to
 * save.
 */
type Phase = 'request' | 'tenant' | 'reference' | 'script' | 'save' | 'harmless';

interface Call {
  readonly phase: Phase;
  readonly method: string;
  /** `$T` is the tenant. */
  readonly path: string;
  readonly why: string;
  /** Code in the result, if it is not always the same. */
  readonly code?: number;
  /** Statuses that AS3 tolerates. */
  readonly lives?: readonly number[];
}

const ADDRESSES = {
  phase: 'request',
  method: 'GET',
  path: '/tm/ltm/virtual-address?$filter=partition+eq+Common&$select=fullPath,partition,address,metadata',
  why: 'query target BIG-IP current ltm virtual-address list',
} as const;
const HARMLESS = { phase: 'harmless', method: 'GET', path: '', why: '' } as const;

const CALLS = {
  '/tm/sys/provision': {
    phase: 'request',
    method: 'GET',
    path: '/tm/sys/provision',
    why: 'query target BIG-IP provisioning',
  },
  '/tm/ltm/node': {
    phase: 'request',
    method: 'GET',
    path: '/tm/ltm/node?options=recursive',
    why: 'query target BIG-IP current ltm node list',
  },
  '/tm/ltm/virtual': ADDRESSES,
  '/tm/ltm/virtual-address': ADDRESSES,
  '/tm/net': {
    phase: 'request',
    method: 'GET',
    path: '/tm/net/address-list?$filter=partition+eq+Common&$select=fullPath,partition,addresses,addressLists',
    why: 'query target BIG-IP current ltm virtual-address list',
  },
  '/tm/ltm/rule': { phase: 'reference', method: 'GET', path: '', why: '' },
  '/tm/auth/partition': {
    phase: 'tenant',
    method: 'GET',
    path: '/tm/auth/partition/',
    why: 'check if Tenant has a partition yet',
  },
  // AS3 treats 404 as "none" and continues.
  '/tm/ltm/pool': {
    phase: 'tenant',
    method: 'GET',
    path: "/tm/ltm/pool?$filter=partition%20eq%20'$T'&expandSubcollections=true",
    why: 'getting BIG-IP config',
  },
  '/shared/service-discovery': {
    phase: 'tenant',
    method: 'GET',
    path: "/shared/service-discovery/task?$filter=partition%20eq%20'$T'",
    why: 'getting BIG-IP config',
    lives: [404],
  },
  '/tm/sys/global-settings': {
    phase: 'script',
    method: 'GET',
    path: '/tm/sys/global-settings',
    why: 'get whitelist',
    code: 400,
  },
  'file-transfer': {
    phase: 'script',
    method: 'POST',
    path: '/shared/file-transfer/uploads/appsvcs_update.cli',
    why: 'upload cli script',
    code: 400,
  },
  '/tm/sys/config': {
    phase: 'script',
    method: 'POST',
    path: '/tm/sys/config',
    why: 'merge cli script',
    code: 400,
  },
  '/tm/task/cli/script': {
    phase: 'script',
    method: 'POST',
    path: '/tm/task/cli/script',
    why: 'run cli script',
    code: 422,
  },
  '/tm/task/sys/config': {
    phase: 'save',
    method: 'POST',
    path: '/tm/task/sys/config',
    why: 'create task save sys config',
  },
  '/shared/identified-devices': HARMLESS,
  '/tm/ltm/data-group': HARMLESS,
  '/tm/sys/folder': HARMLESS,
} as const satisfies Record<string, Call>;

/** The calls of AS3 that can fail, by the lab's short names. */
export type InnerName = keyof typeof CALLS;
/** For the console and for tests that try each of them. */
export const INNER_NAMES = Object.keys(CALLS) as readonly InnerName[];

/** A call that shall fail, with the status that mcpd or the REST framework answers. */
export interface InnerFault {
  readonly call: InnerName;
  readonly status: number;
  /** Number of declares to affect; default 1, `Infinity` until removed. */
  readonly times?: number;
  /** Only declares that change an object whose path contains this text. */
  readonly touching?: string;
  /** Body of the answer; an mcpd code refers to the content. */
  readonly message?: string;
}

/** What the client of AS3 sees of a failed call. */
export interface InnerAnswer {
  readonly call: InnerName;
  readonly status: number;
  readonly code: number;
  /** AS3's message about the call. */
  readonly words: string;
}

/** A fault that was added, to look after it or to take it back. */
export interface InnerHold {
  /** Number of declares it will still affect. */
  left(): number;
  takeBack(): void;
}

/** The faults that are armed, and whether one of them meets a declare. */
export interface InnerFaults {
  add(fault: InnerFault): InnerHold;
  clear(): void;
  /** AS3's answer if one of its calls fails now; `changes`: the lines of its script. */
  meet(
    phase: Exclude<Phase, 'harmless'>,
    tenant: string,
    changes: () => readonly string[],
  ): InnerAnswer | undefined;
}

interface Armed {
  readonly fault: InnerFault;
  left: number;
}

/** No faults at first. */
export function createInnerFaults(): InnerFaults {
  let armed: readonly Armed[] = [];
  return {
    add(fault): InnerHold {
      const entry: Armed = { fault, left: fault.times ?? 1 };
      armed = [...armed, entry];
      const takeBack = (): void => {
        armed = armed.filter((other) => other !== entry);
      };
      return { left: () => entry.left, takeBack };
    },
    clear(): void {
      armed = [];
    },
    meet(phase, tenant, changes): InnerAnswer | undefined {
      for (const entry of armed) {
        const { call, touching } = entry.fault;
        if (
          entry.left <= 0 ||
          CALLS[call].phase !== phase ||
          (touching !== undefined && !changes().some((line) => line.includes(touching)))
        )
          continue;
        entry.left -= 1;
        const answer = answerOf(entry.fault, tenant);
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
  };
}

/** Undefined if AS3 continues, for instance by retrying after 503. */
function answerOf(
  { call, status, message = 'injected fault' }: InnerFault,
  tenant: string,
): InnerAnswer | undefined {
  const { method, path, why, code = 400, lives = [] }: Call = CALLS[call];
  if (status === 503 || lives.includes(status)) return undefined;
  const body = JSON.stringify({
    code: status,
    message,
    referer: '127.0.0.1',
    kind: ':resterrorresponse',
  });
  return {
    call,
    status,
    code,
    words:
      `${method} http://admin:XXXXXX@localhost:8100/mgmt${path.replaceAll('$T', tenant)} ` +
      `${why} response=${status} body=${body}`,
  };
}
