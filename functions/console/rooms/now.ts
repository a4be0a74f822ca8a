/** The rooms Now and Fleet: what is not normal, and what there is. */
import * as z from 'zod';
import type { Failures } from '../../../shared/failures/open.ts';
import { listAddresses, poolAsData } from '../../../shared/operations/addresses/addresses.ts';
import { listClusters } from '../../../shared/operations/clusters/clusters.ts';
import { deviceFromViews } from '../../../shared/operations/devices/seen-partitions.ts';
import { readNow } from '../../../shared/operations/now/now.ts';
import { readStatus } from '../../../shared/operations/status/status.ts';
import { listWaiting } from '../../../shared/operations/waiting/waiting.ts';
import { Refused } from '../http/problems.ts';
import { wordsIn } from '../../../shared/domain/text/words.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import * as fleet from '../schemas/fleet.ts';
import { jobRow } from './replay-rows.ts';

const DeviceQuery = z.strictObject({ device: z.string().max(512).optional() });
const WordsQuery = z.strictObject({ q: z.string().max(400).default('') });

/** The last audit of each device, and of devices that were never audited only the name. */
async function driftOf(
  views: Failures['views'],
  devices: readonly { readonly name: string }[],
): Promise<object> {
  const audits = await Promise.all(devices.map(({ name }) => views.audit(name)));
  return {
    devices: audits.map((audit, i) => {
      if (audit === undefined) return { device: devices[i]!.name, found: 0, findings: [] };
      const { format: _format, ...rest } = audit;
      return rest;
    }),
  };
}

/** All read what others saw, and ask no device. */
export const NOW_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/session',
    role: 'viewer',
    room: 'Session',
    summary: 'Who you are, what you may do, and the token that changes need',
    answer: fleet.SessionSchema,
    handle: async ({ person }, { context, version, live }) => {
      const { generation, clusters, devices } = context.runtime.config;
      return {
        who: person.who,
        role: person.role,
        ...(person.csrf !== undefined && { csrf: person.csrf }),
        ...(person.logout !== undefined && { logout: person.logout }),
        version,
        live: live === undefined ? 'polling' : 'events',
        generation,
        clusters: clusters.map(({ id }) => id),
        devices: devices.map(({ name }) => name),
      };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/events',
    role: 'viewer',
    room: 'Session',
    summary:
      'Server-sent events: "changed" with {rooms} whose content may be another one, and "beat" ' +
      'with {at} at least every 15 seconds; only if the session says live: events',
    answer: z.string(),
    events: true,
    handle: async ({ person }, { live }) => {
      if (live !== undefined) return live.open(person.who);
      throw new Refused(404, 'This console tells no changes; ask again with If-None-Match.');
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/now',
    role: 'viewer',
    room: 'Now',
    summary: 'Troubles as sentences, worst first, or one calm line',
    answer: fleet.NowSchema,
    untagged: ['at'],
    handle: (_input, { context }) => readNow(context),
  }),
  route({
    method: 'get',
    path: '/api/v1/status',
    role: 'viewer',
    room: 'Now',
    summary: 'Clusters, queues, devices, waiting changes, failures and running jobs',
    answer: fleet.StatusSchema,
    handle: async (_input, { context }) => {
      const status = await readStatus(context);
      const now = context.runtime.clock.now();
      return { ...status, jobs: status.jobs.map((job) => jobRow(job, now)) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/clusters',
    role: 'viewer',
    room: 'Fleet',
    summary: 'For each device and cluster: what is declared, the last event, and the state',
    query: DeviceQuery,
    answer: fleet.ClusterListSchema,
    handle: ({ query }, { context }) => listClusters(context, query.device),
  }),
  route({
    method: 'get',
    path: '/api/v1/drift',
    role: 'viewer',
    room: 'Fleet',
    summary: 'What the last audit of each device found',
    answer: fleet.DriftViewSchema,
    handle: (_input, { context }) => driftOf(context.views, context.runtime.config.devices),
  }),
  route({
    method: 'get',
    path: '/api/v1/addresses',
    role: 'viewer',
    room: 'Fleet',
    summary: 'Address pools on each device; addresses that others hold are not known here',
    query: WordsQuery,
    answer: fleet.AddressListSchema,
    handle: async ({ query }, { context }) => {
      const found = await listAddresses(context, wordsIn(query.q), deviceFromViews(context.views));
      return { ...found, pools: found.pools.map(poolAsData) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/waiting',
    role: 'viewer',
    room: 'Fleet',
    summary: 'Changes and orders that wait for devices that do not answer',
    answer: fleet.WaitingViewSchema,
    handle: (_input, { context }) => listWaiting(context),
  }),
];
