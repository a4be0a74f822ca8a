/**
 * The holder of a Lease: a process of a host, described so that another process there can check it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where the kernel lists processes; another folder in tests. */
const PROC = '/proc';

interface ProcessRecord {
  readonly host: string;
  /** Changes with every boot of the machine. */
  readonly boot: string;
  /** Process ids mean something within it only. */
  readonly namespace: string;
  readonly pid: string;
  /** In clock ticks since the boot: ids are used again. */
  readonly started: string;
}

/** All of them have to be equal for the same process: pids are used again. */
const FIELDS = ['host', 'boot', 'namespace', 'pid', 'started'] as const;

/**
 * In a pod, its name: a restarted container keeps it, because the previous one is gone. Elsewhere
 * host, boot, process and queue, so that two processes on one host are two holders. Undefined if
 * the kernel does not provide these; the caller then uses any unique text.
 */
export function processIdentity(
  env: NodeJS.ProcessEnv,
  queue: unknown,
  proc = PROC,
): string | undefined {
  if (env['POD_NAME']) return env['POD_NAME'];
  const record = recordOf(process.pid, proc);
  if (record === undefined) return undefined;
  const hash = createHash('sha256').update(JSON.stringify(queue)).digest('hex').slice(0, 8);
  return [...FIELDS.map((field) => record[field]), hash].join('/');
}

/**
 * Whether the holder is a process of this host that certainly no longer runs: the host was rebooted
 * since, or its process id is free or belongs to another process. False whenever in doubt.
 */
export function isProvenDead(holder: string, proc = PROC): boolean {
  const parts = holder.split('/');
  if (parts.length !== FIELDS.length + 1) return false;
  const claimed = Object.fromEntries(
    FIELDS.map((field, index) => [field, parts[index] ?? '']),
  ) as unknown as ProcessRecord;
  const own = recordOf(process.pid, proc);
  if (own === undefined || own.host !== claimed.host) return false;
  if (own.boot !== claimed.boot) return true;
  if (own.namespace !== claimed.namespace) return false;
  const started = startOf(claimed.pid, proc);
  return started.kind === 'gone' || (started.kind === 'runs' && started.at !== claimed.started);
}

type Start =
  | { readonly kind: 'runs'; readonly at: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

/** Start time of a process, from `/proc`. */
function startOf(pid: string, proc: string): Start {
  if (!/^\d+$/.test(pid)) return { kind: 'unknown' };
  try {
    const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain anything.
    const at = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return at === undefined ? { kind: 'unknown' } : { kind: 'runs', at };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH' ? { kind: 'gone' } : { kind: 'unknown' };
  }
}

/** The record of a running process; undefined if it does not run. */
function recordOf(pid: number, proc: string): ProcessRecord | undefined {
  const start = startOf(`${pid}`, proc);
  if (start.kind !== 'runs') return undefined;
  try {
    return {
      host: hostname(),
      boot: readFileSync(`${proc}/sys/kernel/random/boot_id`, 'utf8').trim(),
      namespace: readlinkSync(`${proc}/self/ns/pid`).replaceAll(/\D/g, ''),
      pid: `${pid}`,
      started: start.at,
    };
  } catch {
    return undefined;
  }
}
