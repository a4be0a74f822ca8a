/** Annotations on Gateways and Services: those of F5, and Sluice's own. */
import { shorten } from '../../text/shorten.ts';
import { nearest } from '../../text/nearest.ts';
import type { AnnotationTarget } from '../settings/annotation-values.ts';
import { MAX_PROBLEM_CHARACTERS, MAX_QUOTED_CHARACTERS } from '../setting-json.ts';
import { SETTING_ROWS, type SettingName } from '../settings/catalogue/catalogue.ts';
import type { SettingsLayer, Note, ExposureRefusal } from '../settings/layers.ts';
import type { SettingAnnotation } from '../settings/row.ts';
import { SERVICE_BUNDLE_ANNOTATION } from '../settings/service-bundles.ts';
import { sameValue, showValue } from '../settings/values.ts';

/**
 * Requests to expose, or not to expose, a Gateway or single ports. Not a setting, so it is not in
 * the catalogue.
 */
export const EXPOSE_ANNOTATION = 'sluice.io/expose';

/** A name of an annotation with the setting that it gives. */
interface AnnotationRow extends SettingAnnotation {
  readonly setting: SettingName;
}

/** If two annotations of one object set the same setting, the first in the table wins. */
export const ANNOTATIONS: readonly AnnotationRow[] = SETTING_ROWS.flatMap(
  ([setting, { annotations }]) => annotations.map((annotation) => ({ ...annotation, setting })),
);

/**
 * F5 annotations that Sluice cannot implement and that change protection or behaviour: publishing
 * without them would differ from the request.
 */
const REFUSED: Readonly<Record<string, string>> = {
  'virtual-server.f5.com/rewrite-target-url': 'URL rewriting belongs in the VirtualService',
  'virtual-server.f5.com/rewrite-app-root': 'URL rewriting belongs in the VirtualService',
  'cis.f5.com/policyName': 'F5 Policy resources are not supported',
};

/** F5 annotations that have no effect here, which is reported. */
const IGNORED: Readonly<Record<string, string>> = {
  'cis.f5.com/ipamLabel':
    'F5 IPAM is not used; request an address from a pool in sluice.yaml with sluice.io/virtual-address: auto:<pool>',
  'cis.f5.com/host': 'hosts are taken from the gateway',
  'cis.f5.com/multiClusterServices':
    'define clusters that share a virtual server as a fleet in sluice.yaml',
};

/** Other prefixes belong to other programs, and are never reported as misspelt. */
const PREFIXES = ['sluice.io/', 'virtual-server.f5.com/', 'cis.f5.com/'];
/** Names that a misspelt annotation is compared with. */
const KNOWN = [EXPOSE_ANNOTATION, SERVICE_BUNDLE_ANNOTATION, ...ANNOTATIONS.map((row) => row.name)];

/** Whether an annotation is relevant, and therefore part of the snapshot. */
export function isReadAnnotation(name: string): boolean {
  return PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What is collected while one annotation after the other is read. */
interface Heap {
  readonly wanted: Record<string, unknown>;
  readonly words: Partial<Record<SettingName, string>>;
  readonly refusals: ExposureRefusal[];
  readonly notes: Note[];
}

/**
 * Reads one annotation of the table into `heap`. The first annotation of a setting wins; a
 * different later value is noted.
 */
function readRow(
  heap: Heap,
  row: AnnotationRow,
  text: string,
  context: { readonly object: string; readonly at: AnnotationTarget },
): void {
  const words = `${context.object} (${row.name})`;
  const read = row.read(text.trim(), context.at);
  if ('problem' in read) {
    heap.refusals.push({
      code: 'GW120',
      message:
        `${context.object}: annotation ${row.name}: ` +
        `"${shorten(text, MAX_QUOTED_CHARACTERS)}": ` +
        shorten(read.problem, MAX_PROBLEM_CHARACTERS),
    });
    return;
  }
  if (read.value === undefined) return;
  const earlier = heap.words[row.setting];
  if (earlier === undefined) {
    heap.wanted[row.setting] = read.value;
    heap.words[row.setting] = words;
  } else if (!sameValue(heap.wanted[row.setting], read.value)) {
    const message =
      `${words} sets ${row.setting} ${showValue(read.value)}; ` +
      `ignored, because ${earlier} takes precedence`;
    heap.notes.push({ object: context.object, code: 'GW136', message });
  }
}

/**
 * An annotation that is not in the table: refused, noted, or refused as a probable typing error.
 */
function judgeUnknown(heap: Heap, name: string, object: string): void {
  const refused = REFUSED[name];
  const ignored = IGNORED[name];
  const meant = refused === undefined && ignored === undefined ? nearest(name, KNOWN) : undefined;
  if (refused !== undefined)
    heap.refusals.push({ code: 'GW122', message: `${object}: annotation ${name}: ${refused}` });
  else if (ignored !== undefined)
    heap.notes.push({
      object,
      code: 'GW122',
      message: `annotation ${name} is ignored: ${ignored}`,
    });
  else if (meant === undefined)
    heap.notes.push({
      object,
      code: 'GW121',
      message: `annotation ${name} is ignored: Sluice does not know it`,
    });
  else
    heap.refusals.push({
      code: 'GW121',
      message: `${object}: annotation ${name} is unknown; did you mean ${meant}?`,
    });
}

/** The settings in the annotations of one object for one server. */
export function readAnnotations(
  object: string,
  annotations: Readonly<Record<string, string>>,
  at: AnnotationTarget,
): SettingsLayer {
  const heap: Heap = { wanted: {}, words: {}, refusals: [], notes: [] };
  const names = Object.keys(annotations).sort();
  // Most objects have none.
  for (const row of names.length === 0 ? [] : ANNOTATIONS) {
    const text = annotations[row.name];
    if (text !== undefined) readRow(heap, row, text, { object, at });
  }
  for (const name of names) {
    if (isReadAnnotation(name) && !KNOWN.includes(name)) judgeUnknown(heap, name, object);
  }
  return {
    source: object,
    wanted: heap.wanted,
    words: heap.words,
    refusals: heap.refusals,
    notes: heap.notes,
  };
}
