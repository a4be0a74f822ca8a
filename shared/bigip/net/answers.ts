/** Schemas of what BIG-IP answers about networks, limited to what Sluice uses. */
import * as z from 'zod';
import { itemsOf } from '../rest/answers.ts';

/**
 * A collection with what others made; what does not have the shape is left out, and whoever needs
 * its place is refused by the device.
 */
export function fittingItems<T>(item: z.ZodType<T>): z.ZodType<readonly T[]> {
  return itemsOf(z.unknown()).transform((items) =>
    items.flatMap((one) => {
      const { data } = item.safeParse(one);
      return data === undefined ? [] : [data];
    }),
  );
}

/** One of the four goals is there. The network of all addresses is `default`. */
export const RouteItem = z.object({
  fullPath: z.string(),
  network: z.string().default(''),
  gw: z.string().optional(),
  tmInterface: z.string().optional(),
  pool: z.string().optional(),
  blackhole: z.unknown().optional(),
  description: z.string().optional().catch(undefined),
});
export type RouteItem = Readonly<z.infer<typeof RouteItem>>;

/** A static ARP or NDP entry. */
export const NeighbourItem = z.object({
  fullPath: z.string(),
  ipAddress: z.string(),
  macAddress: z.string(),
  description: z.string().optional().catch(undefined),
});
export type NeighbourItem = Readonly<z.infer<typeof NeighbourItem>>;

/** A record of the forwarding table of a tunnel. */
export const FdbItem = z.object({ name: z.string(), endpoint: z.string().default('') });
export type FdbItem = Readonly<z.infer<typeof FdbItem>>;

/** `localAddress` may be `any`. */
export const TunnelItem = z.object({ localAddress: z.string().default('any') });

/** A data group; null: its records are no texts. */
export const DataGroupItem = z.object({
  name: z.string(),
  records: z
    .array(z.object({ name: z.string(), data: z.string().default('') }))
    .default([])
    .nullable()
    .catch(null),
});
export type DataGroupItem = Readonly<z.infer<typeof DataGroupItem>>;

/** Statistics of the members of a pool: address and open connections. */
export const MemberStats = z
  .object({
    entries: z
      .record(
        z.string(),
        z.object({
          nestedStats: z.object({
            entries: z.object({
              addr: z.object({ description: z.string() }),
              'serverside.curConns': z.object({ value: z.number() }),
            }),
          }),
        }),
      )
      .default({}),
  })
  .transform(({ entries }) =>
    Object.values(entries).map(({ nestedStats: { entries: one } }) => ({
      address: one.addr.description,
      connections: one['serverside.curConns'].value,
    })),
  );
