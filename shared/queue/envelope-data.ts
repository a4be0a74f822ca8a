/** Data of CloudEvents, checked against the schema of their type. */
import { gunzipSync } from 'node:zlib';
import { excessOf } from '../domain/json-bounds.ts';
import { dataBoundsOf, isBulky, UNPACKED_BYTES } from './bounds.ts';
import { refuseEvent, type EventAttributes } from './envelope-attributes.ts';
import type { EventTypes, EventRefusal } from './envelope-types.ts';
import { explainIssues } from './explain-issues.ts';
import { readMany } from './misfit.ts';
import { errorCode, errorMessage } from '../telemetry/errors.ts';

type Read = { readonly ok: unknown } | { readonly refused: EventRefusal };
/**
 * The data as JSON; `bulky`: with so many values that one that does not fit is looked for first.
 */
type Raw = { readonly ok: unknown; readonly bulky: boolean } | { readonly refused: EventRefusal };

/** Types end in a version, such as `.v1`. */
function withoutVersion(type: string): string {
  return type.replace(/\.v\d+$/, '');
}

/** Distinguishes an unknown version from an unknown type. */
function unknownType(attributes: EventAttributes, known: readonly string[]): Read {
  const { type } = attributes;
  const sibling = known.find((k) => withoutVersion(k) === withoutVersion(type));
  const reason =
    sibling === undefined
      ? `This queue carries ${known.join(', ')}, not ${type}. Find out who sent it.`
      : `The event is ${type}, but this Sluice reads ${sibling}. Update the older of the two sides, functions first.`;
  return refuseEvent('Q612', reason, attributes);
}

/** The limit in words, because zlib's own message does not name it. */
function why(error: unknown): string {
  return errorCode(error) === 'ERR_BUFFER_TOO_LARGE'
    ? `it expands to more than ${UNPACKED_BYTES} bytes`
    : errorMessage(error);
}

/** Unpacks within the size limit; refuses everything but gzip (Q614). */
function unpack(attributes: EventAttributes, packed: string): Raw {
  if (attributes.encoding !== 'gzip') {
    return refuseEvent(
      'Q614',
      `The data of ${attributes.id} has encoding ` +
        `"${attributes.encoding ?? 'nothing named'}"; Sluice reads only gzip. ` +
        'Find out who sent it.',
      attributes,
    );
  }
  try {
    const json = gunzipSync(Buffer.from(packed, 'base64'), {
      maxOutputLength: UNPACKED_BYTES,
    }).toString('utf8');
    const excess = excessOf(json, dataBoundsOf(attributes.type));
    if (excess !== undefined)
      return refuseEvent(
        'Q615',
        `The data of ${attributes.id} exceeds a parsing limit: ${excess}. ` +
          'No event of Sluice does; find out who sent it.',
        attributes,
      );
    return { ok: JSON.parse(json), bulky: isBulky(json) };
  } catch (error) {
    return refuseEvent(
      'Q614',
      `The data of ${attributes.id} cannot be decompressed: ${why(error)}. Find out who sent it.`,
      attributes,
    );
  }
}

/** Parses and validates the data of an event against the schema of its type. */
export function parseData(attributes: EventAttributes, types: EventTypes): Read {
  const schema = Object.hasOwn(types, attributes.type) ? types[attributes.type] : undefined;
  if (schema === undefined) return unknownType(attributes, Object.keys(types));
  const raw: Raw =
    attributes.packed === undefined
      ? { ok: attributes.data, bulky: attributes.bulky }
      : unpack(attributes, attributes.packed);
  if ('refused' in raw) return raw;
  const data = raw.bulky ? readMany(schema, raw.ok) : schema.safeParse(raw.ok);
  if (data.success) return { ok: data.data };
  return refuseEvent(
    'Q613',
    `The data of ${attributes.type} for ${attributes.subject} does not match its schema: ` +
      `${explainIssues(data.error)}. ` +
      'Update the older of the two sides, or correct the sender.',
    attributes,
  );
}
