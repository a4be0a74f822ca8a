/** The format of a row in the catalogue of settings. A new setting is a new row. */
import type * as z from 'zod';
import type { AnnotationReader, AnnotationValue } from './annotation-values.ts';
import type { ModuleName, ReferenceKind } from './reference-kinds.ts';
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

/** Kinds of CIS's custom resources whose fields are settings; `pool`: their pools. */
export type CisPart =
  'VirtualServer' | 'TransportServer' | 'IngressLink' | 'TLSProfile' | 'Policy' | 'pool';

/** A field of CIS's custom resources. */
export interface CisField {
  readonly parts: readonly CisPart[];
  /** Below `spec`, or in a pool; nested with dots, such as `profiles.tcp.client`. */
  readonly field: string;
  readonly read: (value: unknown) => CisReading;
  /** Without its value Sluice would publish something less protected than requested. */
  readonly essential?: true;
  /** A field of a Policy that CIS applies only to these virtual servers; `secure`: with TLS. */
  readonly only?: 'VirtualServer' | 'TransportServer' | 'secure' | 'insecure';
}

/**
 * What AS3 makes of a property on the device. A value is a path, a word, a number or a list of
 * paths; as iControl REST shows it:
 * - `profile`: its paths, or those `instead` of them, are among the profiles of the virtual server,
 *   in this context; and `others` in all contexts;
 * - `policies`: its paths are among the LTM policies of the virtual server;
 * - `clonePools`: its path is a clone pool, in this context;
 * - `field`: the field holds the value, or what `values` has for it. A value that is not set is
 *   `absent`; without `absent` nothing decides it then. `only`: other values are `absent`, too.
 *   `hashed`: the field holds an object that AS3 makes, and names by a hash of the path.
 */
export type DeviceEffect =
  | {
      readonly profile: 'all' | 'clientside' | 'serverside';
      readonly instead?: readonly string[];
      readonly others?: readonly string[];
    }
  | { readonly policies: 'paths' | 'waf' }
  | { readonly clonePools: 'clientside' | 'serverside' }
  | {
      readonly field: string;
      /** Its name in messages. */
      readonly label: string;
      readonly absent?: string | number;
      readonly values?: Readonly<Record<string, string>>;
      readonly only?: 'paths' | 'words';
      readonly hashed?: true;
      /** The field is an object, and this key of it holds the value. */
      readonly key?: string;
    };

/**
 * A property of the AS3 class of virtual server, pool or virtual address. Values are written
 * unchanged, and paths as pointers `{ bigip: path }`. A value equal to `absent` is omitted, and an
 * absent property is read as `absent`; a row without `absent` is always written.
 */
export interface As3Property {
  readonly object: 'virtual' | 'pool' | 'address';
  readonly property: string;
  readonly absent?: unknown;
  /** The property is an object, and the value is under this key of it, such as `egress`. */
  readonly key?: string;
  /** If a row with `key` also sets the property: the key of this value, and AS3's value for none. */
  readonly whole?: { readonly key: string; readonly usual: string };
  /** Paths are written as text, because AS3 takes no pointer there. */
  readonly text?: true;
  /** Absent: the table of drift has code for it, or nothing is compared. */
  readonly device?: readonly DeviceEffect[];
}

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
  /** If an object has several of its fields, the first in this list counts. */
  readonly cis?: readonly CisField[];
  readonly as3?: As3Property;
  /**
   * Kind of object that its paths refer to, which must be in `policy.references` and on the device.
   */
  readonly reference?: ReferenceKind;
  /**
   * Whether a value is at least as strict as one that the policy requires; `undefined`: any. Absent:
   * it is equal, or a list with all required entries.
   */
  readonly suffices?: (value: unknown, required: unknown) => boolean;
  /** Any of these modules must be provisioned, besides those that the referenced object needs. */
  readonly modules?: readonly ModuleName[];
  readonly live?: LiveField;
  /** Values other than the default, from which the tests of every row are generated. */
  readonly examples: readonly [unknown, ...unknown[]];
}
/** Rows by the name of their setting. */
export type SettingRows = Readonly<Record<string, SettingRow>>;
