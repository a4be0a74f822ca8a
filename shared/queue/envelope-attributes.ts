/** Attributes of CloudEvents, checked and bounded. */
import * as z from 'zod';
import { excessOf } from '../domain/json-bounds.ts';
import { shorten } from '../domain/text/shorten.ts';
import { BODY_BOUNDS, dataBoundsOf, isBulky, MAX_CHARACTERS } from './bounds.ts';
import type { EventRefusal, EventRefusalCode } from './envelope-types.ts';
import { parseHops, type Hop } from './hops.ts';
import { explainIssues } from './explain-issues.ts';
import type { SignatureClaim } from './signature.ts';
import { MAX_WAITED_CHARACTERS, parseWaited, type Waited } from './waited.ts';
import { errorMessage } from '../telemetry/errors.ts';

/** The envelope without its data. */
export interface EventAttributes {
  /** Unique for each event of a source, as CloudEvents demand. */
  readonly id: string;
  /** Says which schema the data has; unknown types are refused by those who parse the data. */
  readonly type: string;
  /** From `source`, which is `/clusters/<id>`. */
  readonly cluster: string;
  /** What the event is about, such as an owner or a device. */
  readonly subject: string;
  /** RFC 3339, by the clock of the sender. */
  readonly time: string;
  /** W3C trace context; absent in events that continue no trace. */
  readonly traceparent: string | undefined;
  /** Places that the event passed, with times; unreadable ones are left out. */
  readonly hops: readonly Hop[];
  /** Set on an event that comes back from the place where it waited for its device. */
  readonly waited: Waited | undefined;
  /** `data_base64`: the data in the packing that `encoding` names, not unpacked yet. */
  readonly packed: string | undefined;
  readonly encoding: string | undefined;
  /** As parsed from JSON, not validated yet. */
  readonly data: unknown;
  /** The message holds many values, so its data needs cautious validation. */
  readonly bulky: boolean;
  /** Claimed, not verified: whether it holds is for those who have the keys. */
  readonly signature: SignatureClaim | undefined;
}

const SOURCE = /^\/clusters\/([^/]+)$/;

/** Not strict, because CloudEvents allows extensions. */
const Envelope = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(MAX_CHARACTERS.id),
  source: z.string().max(MAX_CHARACTERS.source).regex(SOURCE, 'must be /clusters/<id>'),
  type: z.string().min(1).max(MAX_CHARACTERS.type),
  subject: z.string().min(1).max(MAX_CHARACTERS.subject),
  time: z.iso.datetime({ offset: true }).max(MAX_CHARACTERS.time),
  traceparent: z.string().max(MAX_CHARACTERS.traceparent).optional(),
  hops: z.string().max(MAX_CHARACTERS.hops).optional(),
  datacontenttype: z.literal('application/json').optional(),
  dataencoding: z.string().max(MAX_CHARACTERS.dataencoding).optional(),
  data_base64: z.string().optional(),
  signature: z.string().min(1).max(MAX_CHARACTERS.signature).optional(),
  keyid: z.string().min(1).max(MAX_CHARACTERS.keyid).optional(),
});

/** With the parser's own words for the refusal; never throws. */
function parseJson(body: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(body) };
  } catch (error) {
    return { problem: errorMessage(error) };
  }
}

/** Drops text that is too long. */
const text = (value: unknown, longest: number): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;

/** Records what is known about a refused event, to attribute it to an owner. */
export function refuseEvent(
  code: EventRefusalCode,
  reason: string,
  envelope: object = {},
): { readonly refused: EventRefusal } {
  const of = envelope as Readonly<Record<string, unknown>>;
  const cluster =
    text(of['cluster'], MAX_CHARACTERS.source) ??
    SOURCE.exec(text(of['source'], MAX_CHARACTERS.source) ?? '')?.[1];
  const known = Object.entries({
    id: text(of['id'], MAX_CHARACTERS.id),
    type: text(of['type'], MAX_CHARACTERS.type),
    subject: text(of['subject'], MAX_CHARACTERS.subject),
    cluster,
  });
  return {
    refused: {
      code,
      reason: shorten(reason, MAX_CHARACTERS.reason),
      ...Object.fromEntries(known.filter(([, value]) => value !== undefined)),
    },
  };
}

/**
 * For plain data, serialising again reproduces the signed text, because JSON has one canonical text
 * for a parsed value here.
 */
function claimOf(envelope: z.infer<typeof Envelope>): SignatureClaim | undefined {
  const {
    signature,
    keyid,
    id,
    source,
    type,
    subject,
    time,
    data_base64: packed,
    dataencoding,
  } = envelope;
  if (signature === undefined) return undefined;
  const content = (): { readonly encoding: string; readonly data: string } =>
    packed === undefined
      ? { encoding: 'json', data: JSON.stringify(envelope['data']) }
      : { encoding: dataencoding ?? '', data: packed };
  return {
    keyid: keyid ?? '',
    value: signature,
    covers: () => ({ id, source, type, subject, time, ...content() }),
  };
}

/** The refusal of a message beyond a parsing limit (Q615). */
function tooMuch(excess: string, envelope: object = {}): { readonly refused: EventRefusal } {
  return refuseEvent(
    'Q615',
    `The message exceeds a parsing limit: ${excess}. No event of Sluice does; find out who sent it.`,
    envelope,
  );
}

/** Parses the message without its packed data. */
export function parseAttributes(
  body: string,
): { readonly ok: EventAttributes } | { readonly refused: EventRefusal } {
  const excess = excessOf(body, BODY_BOUNDS);
  if (excess !== undefined) return tooMuch(excess);
  const json = parseJson(body);
  if ('problem' in json) {
    return refuseEvent(
      'Q610',
      `The message is not JSON (${json.problem}); ` +
        'Sluice reads only CloudEvents 1.0 in structured JSON. Find out who sent it.',
    );
  }
  const value: object = typeof json.value === 'object' && json.value !== null ? json.value : {};
  const envelope = Envelope.safeParse(value);
  if (!envelope.success) {
    return refuseEvent(
      'Q611',
      `The message is not a Sluice CloudEvent: ${explainIssues(envelope.error)}. Find out who sent it.`,
      value,
    );
  }
  const {
    source,
    data_base64: packed,
    dataencoding: encoding,
    traceparent,
    hops,
    ...rest
  } = envelope.data;
  // Packed data is one long string here, and is checked after unpacking.
  const longData =
    packed === undefined
      ? excessOf(body, { ...dataBoundsOf(rest.type), ...BODY_BOUNDS })
      : undefined;
  if (longData !== undefined) return tooMuch(longData, value);
  return {
    ok: {
      id: rest.id,
      type: rest.type,
      subject: rest.subject,
      time: rest.time,
      cluster: SOURCE.exec(source)?.[1] ?? '',
      traceparent,
      hops: parseHops(hops ?? ''),
      waited: parseWaited(text(rest['waited'], MAX_WAITED_CHARACTERS)),
      packed,
      encoding,
      data: rest['data'],
      bulky: isBulky(body),
      signature: claimOf(envelope.data),
    },
  };
}
