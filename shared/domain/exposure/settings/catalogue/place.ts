/** Settings for the placement of an exposure: address, port and partition. */
import * as z from 'zod';
import { ANNOTATION_READERS } from '../annotation-values.ts';
import { CIS_READERS, CONFIGMAP_READERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';

/** These settings decide where an exposure is, so they are not part of its `settings`. */
export const PLACE = {
  virtualAddress: {
    help: 'Virtual address, `auto`, or `auto:<pool>`.',
    schema: z.string(),
    home: 'place',
    annotations: [
      {
        name: 'sluice.io/virtual-address',
        read: ANNOTATION_READERS.addressOrAuto,
        help: 'Virtual address; `auto` or `auto:<pool>` requests a free one from a pool in sluice.yaml.',
      },
      {
        name: 'virtual-server.f5.com/ip',
        read: ANNOTATION_READERS.address,
        help: 'Virtual address; `controller-default` uses the one in sluice.yaml.',
      },
      { name: 'cis.f5.com/ip', read: ANNOTATION_READERS.address, help: 'Virtual address.' },
    ],
    configMap: { field: 'frontend.virtualAddress.bindAddr', read: CONFIGMAP_READERS.address },
    cis: [
      {
        parts: ['VirtualServer', 'TransportServer', 'IngressLink'],
        field: 'virtualServerAddress',
        read: CIS_READERS.address,
      },
    ],
    examples: ['172.16.100.195', '2001:db8::1'],
  },
  port: {
    help: 'Virtual port. Default the port of the Gateway’s server.',
    schema: z.int().min(1).max(65_535),
    home: 'place',
    annotations: [
      {
        name: 'sluice.io/port',
        read: ANNOTATION_READERS.port,
        help: 'Virtual port: `31400` with one gateway port, otherwise a map such as `32400=31400,443=8443`.',
      },
      {
        name: 'virtual-server.f5.com/http-port',
        read: ANNOTATION_READERS.httpPort,
        help: 'Virtual port of the plain HTTP server.',
      },
      {
        name: 'virtual-server.f5.com/https-port',
        read: ANNOTATION_READERS.httpsPort,
        help: 'Virtual port of the HTTPS or TLS server.',
      },
    ],
    configMap: { field: 'frontend.virtualAddress.port', read: CONFIGMAP_READERS.plain },
    cis: [{ parts: ['TransportServer'], field: 'virtualServerPort', read: CIS_READERS.port }],
    examples: [31_400],
  },
  partition: {
    help: 'Partition. Default: the first partition of the device, or as `devices[].spread` distributes them.',
    schema: z.string(),
    home: 'place',
    annotations: [
      {
        name: 'sluice.io/partition',
        read: ANNOTATION_READERS.partition,
        help: 'Partition, one of `devices[].partitions` in sluice.yaml.',
      },
      {
        name: 'virtual-server.f5.com/partition',
        read: ANNOTATION_READERS.partition,
        help: 'Partition.',
      },
      { name: 'cis.f5.com/partition', read: ANNOTATION_READERS.partition, help: 'Partition.' },
    ],
    configMap: { field: 'frontend.partition', read: CONFIGMAP_READERS.plain },
    examples: ['k8s'],
  },
} as const satisfies SettingRows;
