/** What a row of the catalogue of settings says. A new setting is a new row, and nothing else. */
import type * as z from 'zod';
import type { AnnotationReader, AnnotationValue } from './annotation-values.ts';
import type { Mode } from './values.ts';

/** An annotation on Gateways and Services. Where two names set the same thing on one object, the one higher up counts. */
export interface SettingAnnotation {
  readonly name: string;
  readonly help: string;
  readonly read: AnnotationReader;
}

/** A field of F5's `virtual-server` ConfigMap, below `virtualServer`. */
export interface ConfigMapField {
  readonly field: string;
  /** Gets what the schema of F5 let through. */
  readonly read: (value: unknown) => AnnotationValue;
}

/** What a field of a custom resource says; each problem is something that is not carried over. */
export interface CisReading {
  readonly value?: unknown;
  readonly problems?: readonly string[];
}

/** A field of CIS's TransportServer and IngressLink: of the `spec`, or of its `pool`. */
export interface CisField {
  readonly object: 'spec' | 'pool';
  readonly field: string;
  readonly read: (value: unknown) => CisReading;
}

/**
 * A property of the AS3 class that the virtual server or the pool has. Values go there as they are, and paths as pointers
 * `{ bigip: path }`. A value that equals `absent` is left out, and absence is read as it; a row without `absent` is always written.
 */
export interface As3Property {
  readonly object: 'virtual' | 'pool';
  readonly property: string;
  readonly absent?: unknown;
}

/** Kinds of objects on the device that settings refer to, and the collection of iControl that has them; `undefined`: several have. */
export const REFERENCE_KINDS = {
  snatPool: undefined,
  persistence: undefined,
  vlan: undefined,
  iRule: 'rule',
  tcp: 'profile/tcp',
  http: 'profile/http',
  l4: 'profile/fastl4',
  udp: 'profile/udp',
} as const;
export type ReferenceKind = keyof typeof REFERENCE_KINDS;

/** What of the live object is compared with what was declared. */
export interface LiveField {
  readonly object: 'virtual' | 'pool';
  /** In the answer of iControl; one that the device leaves out is not compared. */
  readonly field: string;
  /** Of the answer; its output is a value of the setting. */
  readonly schema: z.ZodType;
  /** Finishes a sentence about the object. Absent: what was changed there by hand may be kept, see `plan/overrides.ts`. */
  readonly differs?: (live: unknown, declared: unknown) => string;
}

/**
 * Where a setting stands in the settings of an exposure:
 * - `place`: not there; it decides where the exposure is;
 * - `always`: under its own name, whatever it says, as 0.1.0 did;
 * - `set`: under its own name, but only where it says something else than what AS3 takes absence for. So a new row changes no slice,
 *   fingerprint or declaration of those who do not use it;
 * - `profile`: among the profiles, under this key;
 * - `first`: before the values of another setting.
 */
export type SettingHome =
  'place' | 'always' | 'set' | { readonly profile: string } | { readonly first: 'iRules' };

export interface SettingRow {
  /** One sentence for sluice.yaml and the reference. */
  readonly help: string;
  /** What may be asked for. */
  readonly schema: z.ZodType;
  /** What may be declared already or be on its way, where an older release took more. */
  readonly declared?: z.ZodType;
  readonly home: SettingHome;
  /** What an exposure gets where no source says anything; absent: nothing, or what its members and place decide. */
  readonly default?: unknown;
  /** What was meant by slices and declarations of a release that did not know the setting; only for rows that stand there always. */
  readonly before?: unknown;
  /** Kinds of virtual server that take it; absent: all. */
  readonly modes?: readonly Mode[];
  /** The same for single values. */
  readonly modesOfValue?: Readonly<Record<string, readonly Mode[]>>;
  /** Left out for HTTP/3 beside its HTTPS server, though no mode forbids it. */
  readonly tcpOnly?: true;
  readonly annotations: readonly SettingAnnotation[];
  readonly configMap?: ConfigMapField;
  readonly cis?: readonly CisField[];
  readonly as3?: As3Property;
  /** What its paths refer to, and so what has to be in `policy.references` and on the device. */
  readonly reference?: ReferenceKind;
  readonly live?: LiveField;
  /** Values that differ from the default; the tests of every row are made from them. */
  readonly examples: readonly [unknown, ...unknown[]];
}
export type SettingRows = Readonly<Record<string, SettingRow>>;
