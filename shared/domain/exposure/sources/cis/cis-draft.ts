/** What is collected while the fields of one CIS object are read. */
import type { SettingName } from '../../settings/catalogue/catalogue.ts';
import {
  type CisObject,
  cisObjectName,
  type NotCarried,
  type WantedSettings,
} from './cis-object.ts';

/** The field that set a setting. */
export interface SetBy {
  readonly object: string;
  readonly field: string;
  /** Place of the field in `cis` of the row; the lowest counts. */
  readonly rank: number;
  readonly isEssential: boolean;
}

/** The state while the fields of an object are read. */
export interface Draft {
  readonly object: string;
  readonly wanted: WantedSettings;
  readonly setBy: Partial<Record<SettingName, SetBy>>;
  /** Settings whose value could not be carried, so that no default counts instead. */
  readonly unread: Set<SettingName>;
  readonly lost: NotCarried[];
  /**
   * Set if a field without equivalent would change the virtual server, so that it is not imported.
   */
  blocked: boolean;
  /** Of a Policy: the virtual server that it is read for. */
  readonly applies?: PolicyUse;
}

/** `secure`: clients use TLS. A Service of type LoadBalancer counts as a TransportServer. */
export interface PolicyUse {
  readonly kind: 'VirtualServer' | 'TransportServer';
  readonly secure: boolean;
}

/** An empty draft for an object; the readers of its fields fill it in. */
export function draftOf(object: CisObject, applies?: PolicyUse): Draft {
  return {
    object: cisObjectName(object),
    wanted: {},
    setBy: {},
    unread: new Set(),
    lost: [],
    blocked: false,
    ...(applies !== undefined && { applies }),
  };
}

/** Records that a field has no equivalent, for the report of the import. */
export function reportLost(
  draft: Draft,
  field: string,
  reason: string,
  object = draft.object,
): void {
  draft.lost.push({ object, field, reason });
}

/**
 * Records that the whole object is not imported, because without this field Sluice would publish
 * something else.
 */
export function blockImport(
  draft: Draft,
  field: string,
  reason: string,
  object = draft.object,
): void {
  draft.blocked = true;
  reportLost(draft, field, `${reason}; the whole virtual server is left out`, object);
}
