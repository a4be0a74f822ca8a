/** TLS at BIG-IP: profiles towards clients and towards the gateway, HTTP/2, the redirect from 80. */
import * as z from 'zod';
import { ANNOTATION_READERS } from '../annotation-values.ts';
import {
  CIS_READERS,
  cisPath,
  CONFIGMAP_READERS,
  ESSENTIAL,
  ONLY_VIRTUAL_SERVERS,
} from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { ENABLED, pathRow, pathsRow, plainRow } from './new-rows.ts';

/** AS3 names them by what BIG-IP is: it is the TLS server of its clients (as3.md §9.7). */
export const TLS = {
  clientTls: {
    ...pathsRow({
      help:
        'Client SSL profiles: BIG-IP terminates TLS of the clients. Several for several ' +
        'certificates; the profiles say which server name each is for.',
      annotation: 'client-tls',
      aliases: ['virtual-server.f5.com/clientssl'],
      property: 'serverTLS',
      device: [{ profile: 'clientside' }],
      modes: ['tcp', 'https'],
      reference: 'clientSsl',
      read: ANNOTATION_READERS.sslProfiles,
      example: ['/Common/clientssl', '/Common/shop.example.com'],
      cis: [
        {
          parts: ['TLSProfile', 'TransportServer'],
          field: 'tls.clientSSLs',
          read: CIS_READERS.sslProfiles,
          ...ESSENTIAL,
        },
        {
          parts: ['TLSProfile'],
          field: 'tls.clientSSL',
          read: CIS_READERS.sslProfiles,
          ...ESSENTIAL,
        },
      ],
    }),
    configMap: { field: 'frontend.sslProfile', read: CONFIGMAP_READERS.sslProfiles },
  },
  serverTls: pathsRow({
    help: 'Server SSL profiles: BIG-IP connects to the gateway with TLS.',
    annotation: 'server-tls',
    aliases: ['virtual-server.f5.com/serverssl'],
    property: 'clientTLS',
    device: [{ profile: 'serverside' }],
    modes: ['tcp', 'http', 'https'],
    reference: 'serverSsl',
    read: ANNOTATION_READERS.sslProfiles,
    example: ['/Common/serverssl'],
    cis: [
      {
        parts: ['TLSProfile', 'TransportServer'],
        field: 'tls.serverSSLs',
        read: CIS_READERS.sslProfiles,
        ...ESSENTIAL,
      },
      {
        parts: ['TLSProfile'],
        field: 'tls.serverSSL',
        read: CIS_READERS.sslProfiles,
        ...ESSENTIAL,
      },
    ],
  }),
  serverTlsUseSni: plainRow({
    help:
      'Whether BIG-IP chooses the server SSL profile by the name that the client asked for. ' +
      'Default false.',
    annotation: 'server-tls-use-sni',
    property: 'serversslUseSni',
    schema: z.boolean(),
    absent: false,
    device: [
      {
        field: 'serversslUseSni',
        label: 'use of SNI towards members',
        values: ENABLED,
        absent: 'disabled',
      },
    ],
    modes: ['tcp', 'http', 'https'],
    examples: [true],
  }),
  // AS3 makes the second virtual server itself, and its own default is true; so the row writes
  // false, and drift has code for that server (as3.md §9.7).
  redirect80: plainRow({
    help:
      'Whether a second virtual server on port 80 redirects clients to this one. Default false; ' +
      'nothing else may use port 80 of the address.',
    annotation: 'redirect-80',
    property: 'redirect80',
    schema: z.boolean(),
    absent: false,
    device: [],
    modes: ['https'],
    examples: [true],
  }),
  profileHttp2: pathRow({
    help: 'HTTP/2 profile towards clients.',
    annotation: 'profile-http2',
    property: 'profileHTTP2',
    key: 'ingress',
    device: [{ profile: 'clientside' }],
    modes: ['https'],
    reference: 'http2',
    example: '/Common/http2',
    cis: [
      cisPath(['VirtualServer'], 'profiles.http2.client'),
      cisPath(['Policy'], 'profiles.http2.client', ONLY_VIRTUAL_SERVERS),
    ],
  }),
  // One property of AS3 for both sides: the row above has `ingress` of it (as3.md §9.7).
  profileHttp2Server: pathRow({
    help: 'HTTP/2 profile towards the gateway; needs `httpMrfRouting`.',
    annotation: 'profile-http2-server',
    property: 'profileHTTP2',
    key: 'egress',
    device: [{ profile: 'serverside' }],
    modes: ['https'],
    reference: 'http2',
    example: '/Common/http2-gateway',
    cis: [
      cisPath(['VirtualServer'], 'profiles.http2.server'),
      cisPath(['Policy'], 'profiles.http2.server', ONLY_VIRTUAL_SERVERS),
    ],
  }),
  // AS3 shows it on the device as a profile, not as a field.
  httpMrfRouting: plainRow({
    help: 'Whether BIG-IP routes HTTP messages, not connections (MRF). Default false.',
    annotation: 'http-mrf-routing',
    property: 'httpMrfRoutingEnabled',
    schema: z.boolean(),
    absent: false,
    device: [{ profile: 'all', instead: ['/Common/httprouter'] }],
    modes: ['http', 'https'],
    cis: [
      { parts: ['VirtualServer'], field: 'httpMrfRoutingEnabled', read: CIS_READERS.flag },
      {
        parts: ['Policy'],
        field: 'profiles.httpMrfRoutingEnabled',
        read: CIS_READERS.flag,
        ...ONLY_VIRTUAL_SERVERS,
      },
    ],
    examples: [true],
  }),
} as const satisfies SettingRows;
