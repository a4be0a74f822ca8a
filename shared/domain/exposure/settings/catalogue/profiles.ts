/** Profiles of a virtual server, by path on the device. */
import { ANNOTATION_READERS } from '../annotation-values.ts';
import { cisPath, ONLY_VIRTUAL_SERVERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { DeclaredPath, DevicePath } from '../values.ts';

const PATH = { schema: DevicePath, declared: DeclaredPath } as const;

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const PROFILES = {
  // With a profile towards members as well, AS3 takes an object with both sides; alone it is a
  // plain pointer.
  profileTcp: {
    ...PATH,
    help: 'TCP profile.',
    home: { profile: 'tcp' },
    modes: ['tcp', 'http', 'https'],
    annotations: [
      {
        name: 'sluice.io/profile-tcp',
        read: ANNOTATION_READERS.path,
        help: 'Path of a TCP profile.',
      },
    ],
    cis: [cisPath(['VirtualServer', 'TransportServer', 'Policy'], 'profiles.tcp.client')],
    as3: {
      object: 'virtual',
      property: 'profileTCP',
      whole: { key: 'ingress', usual: 'normal' },
    },
    reference: 'tcp',
    examples: ['/Common/f5-tcp-wan'],
  },
  // AS3 attaches its own default profile of the class if none is named.
  profileHttp: {
    ...PATH,
    help: 'HTTP profile.',
    home: { profile: 'http' },
    modes: ['http', 'https'],
    annotations: [
      {
        name: 'sluice.io/profile-http',
        read: ANNOTATION_READERS.path,
        help: 'Path of an HTTP profile.',
      },
    ],
    cis: [
      cisPath(['Policy'], 'profiles.http', ONLY_VIRTUAL_SERVERS),
      cisPath(['Policy'], 'profiles.httpProfiles.secure', { only: 'secure' }),
      cisPath(['Policy'], 'profiles.httpProfiles.insecure', { only: 'insecure' }),
    ],
    as3: { object: 'virtual', property: 'profileHTTP' },
    reference: 'http',
    examples: ['/Common/http-xff'],
  },
  profileL4: {
    ...PATH,
    help: 'FastL4 profile.',
    home: { profile: 'l4' },
    modes: ['fastl4'],
    annotations: [
      {
        name: 'sluice.io/profile-l4',
        read: ANNOTATION_READERS.path,
        help: 'Path of a FastL4 profile.',
      },
    ],
    cis: [
      cisPath(['TransportServer'], 'profileL4'),
      cisPath(['Policy'], 'profiles.profileL4', { only: 'TransportServer' }),
    ],
    as3: { object: 'virtual', property: 'profileL4' },
    reference: 'l4',
    examples: ['/Common/fastL4'],
  },
  profileUdp: {
    ...PATH,
    help: 'UDP profile.',
    home: { profile: 'udp' },
    modes: ['udp'],
    annotations: [
      {
        name: 'sluice.io/profile-udp',
        read: ANNOTATION_READERS.path,
        help: 'Path of a UDP profile.',
      },
    ],
    cis: [cisPath(['Policy'], 'profiles.udp', { only: 'TransportServer' })],
    as3: { object: 'virtual', property: 'profileUDP' },
    reference: 'udp',
    examples: ['/Common/udp_gtm_dns'],
  },
} as const satisfies SettingRows;
