/** The format of a row in the catalogue of settings. A new setting is a new row. */
import type * as z from 'zod';
import type { AnnotationReader, AnnotationValue } from './annotation-values.ts';
import type { Mode } from './values.ts';

/**
 * An annotation on Gateways and Services. If two annotations of one object set the same setting,
 * the first in the table wins.
 */
export interface SettingAnnotation {
  readonly name: string;
  readonly help: string;
  readonly read: AnnotationReader;
}

/** A field of F5's `virtual-server` ConfigMap, below `virtualServer`. */
export interface ConfigMapField {
  readonly field: string;
  /** Receives a value that matches F5's schema. */
  readonly read: (value: unknown) => AnnotationValue;
}

/** The value of a custom-resource field; a problem means that it is not converted. */
export interface CisReading {
  readonly value?: unknown;
  readonly problems?: readonly string[];
}

/** A field of CIS's TransportServer and IngressLink: in `spec`, or in its `pool`. */
export interface CisField {
  readonly object: 'spec' | 'pool';
  readonly field: string;
  readonly read: (value: unknown) => CisReading;
}

/**
 * A property of the AS3 class of virtual server or pool. Values are written unchanged, and paths as
 * pointers `{ bigip: path }`. A value equal to `absent` is omitted, and an absent property is read
 * as `absent`; a row without `absent` is always written.
 */
export interface As3Property {
  readonly object: 'virtual' | 'pool';
  readonly property: string;
  readonly absent?: unknown;
}

/**
 * Kinds of objects on the device that settings refer to, with their iControl collections;
 * `undefined` if there are several.
 */
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
/** The kind of an object on the device that a setting may refer to, such as `iRule`. */
export type ReferenceKind = keyof typeof REFERENCE_KINDS;

/** The field of the live object that is compared with the declaration. */
export interface LiveField {
  readonly object: 'virtual' | 'pool';
  /** Name in the iControl answer; not compared if the device omits it. */
  readonly field: string;
  /** Schema of the field; its output is a value of the setting. */
  readonly schema: z.ZodType;
  /** A predicate about the object. Absent: manual changes may be kept, see `plan/overrides.ts`. */
  readonly differs?: (live: unknown, declared: unknown) => string;
}

/**
 * Location of a setting in the settings of an exposure:
 * - `place`: not stored; it determines the placement;
 * - `always`: under its own name, whatever its value, as in 0.1.0;
 * - `set`: under its own name, only if it differs from AS3's default, so that a new row changes no
 *   slice, fingerprint or declaration of existing users;
 * - `profile`: in the profiles, under this key;
 * - `first`: prepended to the values of another setting.
 */
export type SettingHome =
  'place' | 'always' | 'set' | { readonly profile: string } | { readonly first: 'iRules' };

/** One setting: schema, sources, AS3 property, documentation. */
export interface SettingRow {
  /** One sentence for sluice.yaml and the reference. */
  readonly help: string;
  /** Allowed values in requests. */
  readonly schema: z.ZodType;
  /** Allowed values in stored data, if an older release allowed more. */
  readonly declared?: z.ZodType;
  readonly home: SettingHome;
  /** The value if no source sets it; absent: none, or determined by members and placement. */
  readonly default?: unknown;
  /**
   * The value in slices and declarations of releases without the setting; only for `always` rows.
   */
  readonly before?: unknown;
  /** Modes that support it; default: all. */
  readonly modes?: readonly Mode[];
  /** Modes that support individual values. */
  readonly modesOfValue?: Readonly<Record<string, readonly Mode[]>>;
  /** Not applied to HTTP/3, although the mode supports it. */
  readonly tcpOnly?: true;
  readonly annotations: readonly SettingAnnotation[];
  readonly configMap?: ConfigMapField;
  readonly cis?: readonly CisField[];
  readonly as3?: As3Property;
  /**
   * Kind of object that its paths refer to, which must be in `policy.references` and on the device.
   */
  readonly reference?: ReferenceKind;
  readonly live?: LiveField;
  /** Values other than the default, from which the tests of every row are generated. */
  readonly examples: readonly [unknown, ...unknown[]];
}
/** Rows by the name of their setting. */
export type SettingRows = Readonly<Record<string, SettingRow>>;
