/**
 * The verdicts on the servers of each ingress at its newest snapshot, for readers without access to
 * the cluster. Lost without harm: the next snapshot writes them again.
 */
import * as z from 'zod';
import type { Exposure } from '../domain/exposure/exposure.ts';
import { ServerReport } from '../domain/istio/port-mapping.ts';
import { compareRevisions, Revision } from '../domain/revision.ts';
import type { Blobs } from './blobs.ts';
import { digest } from './identity.ts';
import { MAX_PACKED, packed, unpacked } from './packed.ts';
import { readInBatches, readJson } from './read.ts';

/** Prefix of these blobs in the failure store. */
export const VERDICTS = 'verdicts/';

/** Servers of one ingress that are kept, those that are not reached first. */
const MAX_SERVERS = 5_000;
/** Exposures of one server that are named. */
const MAX_EXPOSURES = 100;
/** Hosts of one server that are kept. */
const MAX_HOSTS = 100;
/** Only the newest verdicts matter, so a writer that loses more often than this gives up. */
const MAX_RACES = 5;

/** A server with `address:port/protocol` at which it is requested. */
export const ServerVerdict = z.strictObject({
  ...ServerReport.shape,
  exposures: z.array(z.string()).max(MAX_EXPOSURES),
  /** Absent for APIs and servers without any. */
  hosts: z.array(z.string()).max(MAX_HOSTS).exactOptional(),
});
export type ServerVerdict = Readonly<z.infer<typeof ServerVerdict>>;

const VerdictsBlob = z.strictObject({
  format: z.literal(1),
  owner: z.string(),
  at: z.iso.datetime(),
  revision: Revision,
  /** Number of servers. */
  total: z.int().nonnegative(),
  /** The servers, packed. */
  servers: z.string().max(MAX_PACKED),
});

/** The verdicts of one ingress. */
export interface OwnerVerdicts {
  readonly owner: string;
  /** RFC 3339: when they last changed. */
  readonly at: string;
  readonly revision: Revision;
  /** Number of servers; `servers` has fewer if there are more than 5,000. */
  readonly total: number;
  readonly servers: readonly ServerVerdict[];
}

/** Both reject with a ReplayError RPL700 if the storage is unavailable. */
export interface VerdictStore {
  /** Does nothing if a newer revision, or the same content, is stored. */
  note(verdicts: Pick<OwnerVerdicts, 'owner' | 'revision' | 'servers'>): Promise<void>;
  all(): Promise<readonly OwnerVerdicts[]>;
}

/** One blob for each ingress. */
export function createVerdictStore(blobs: Blobs, now: () => number): VerdictStore {
  const keyOf = (owner: string): string => `${VERDICTS}${digest(owner).slice(0, 16)}.json`;
  const known = new Map<string, { readonly tag: string; readonly verdicts: OwnerVerdicts }>();
  const read = async (key: string): Promise<OwnerVerdicts | undefined> => {
    const blob = await blobs.get(key);
    const verdicts = blob && ownerVerdicts(blob.text);
    if (verdicts !== undefined) known.set(key, { tag: blob!.tag, verdicts });
    return verdicts;
  };
  return {
    note: async ({ owner, revision, servers }) => {
      const kept = servers
        .toSorted((a, b) => Number(a.verdict === 'listening') - Number(b.verdict === 'listening'))
        .slice(0, MAX_SERVERS);
      const content = packed(kept);
      if (content === undefined) return;
      const at = new Date(now()).toISOString();
      const next = { format: 1, owner, at, revision, total: servers.length, servers: content };
      await putNewest(blobs, keyOf(owner), next);
    },
    all: async () => {
      const found = await readInBatches(await blobs.list(VERDICTS), async ({ key, tag }) =>
        known.get(key)?.tag === tag ? known.get(key)?.verdicts : read(key),
      );
      return found.filter((one) => one !== undefined);
    },
  };
}

/** Writes nothing if a newer revision or the same is there, or if others kept writing. */
async function putNewest(
  blobs: Blobs,
  key: string,
  next: { readonly revision: Revision; readonly servers: string },
): Promise<void> {
  for (let race = 0; race < MAX_RACES; race++) {
    const blob = await blobs.get(key);
    const { data } = VerdictsBlob.safeParse(readJson(blob?.text ?? ''));
    if (data !== undefined && compareRevisions(data.revision, next.revision) > 0) return;
    // Asked each time: another process may have written since this one did.
    if (data?.servers === next.servers) return;
    const condition = blob === undefined ? 'absent' : { tag: blob.tag };
    if ((await blobs.put(key, JSON.stringify(next), condition)) !== undefined) return;
  }
}

/** The verdicts of an owner; undefined if the blob cannot be read, which counts as unknown. */
function ownerVerdicts(text: string): OwnerVerdicts | undefined {
  const { data } = VerdictsBlob.safeParse(readJson(text));
  const servers = z.array(ServerVerdict).safeParse(unpacked(data?.servers ?? '')).data;
  if (data === undefined || servers === undefined) return undefined;
  const { owner, at, revision, total } = data;
  return { owner, at, revision, total, servers };
}

/** The servers with the exposures that lead to them. Pure. */
export function serverVerdicts(
  servers: readonly ServerReport[],
  exposures: readonly Exposure[],
  hostsOf: (server: ServerReport) => readonly string[] = () => [],
): readonly ServerVerdict[] {
  const byGateway = new Map<string, Exposure[]>();
  for (const exposure of exposures)
    for (const gateway of exposure.gateways) {
      const list = byGateway.get(gateway);
      if (list === undefined) byGateway.set(gateway, [exposure]);
      else list.push(exposure);
    }
  return servers.map((server) => ({
    ...server,
    exposures: exposuresOf(server, byGateway.get(server.gateway) ?? []).slice(0, MAX_EXPOSURES),
    ...hostsIn(hostsOf(server)),
  }));
}

function hostsIn(hosts: readonly string[]): Pick<ServerVerdict, 'hosts'> {
  return hosts.length === 0 ? {} : { hosts: hosts.slice(0, MAX_HOSTS) };
}

/** `address:port/protocol` of the exposures at which a server is requested. Pure. */
export function exposuresOf(
  server: ServerReport,
  exposures: readonly Exposure[],
): readonly string[] {
  return exposures
    .filter(
      (e) =>
        e.gateways.includes(server.gateway) &&
        e.refusedIfNew === undefined &&
        (server.envoyPorts.includes(e.port) ||
          server.servicePorts.some((p) => p.port === e.port) ||
          e.port === server.port),
    )
    .map((e) => `${e.address}:${e.port}/${e.protocol}`);
}
