/** Route domains that are created over iControl REST, with their ids. */
import type { Json } from '../json.ts';
import { createObject, KIND_WORDS, objectNotFound } from '../ltm/draft.ts';
import { McpError } from '../ltm/error.ts';
import { withDescription } from '../ltm/values.ts';
import type { Edits } from './edits.ts';
import type { RouteDomain } from './model.ts';
import { invalidValue, numberIn, refuseChanges } from './values.ts';

const LARGEST = 65_534;

/** Undefined if the body names none. */
function vlansIn(body: Json): readonly string[] | undefined {
  const { vlans } = body;
  if (vlans === undefined) return undefined;
  if (!Array.isArray(vlans) || !vlans.every((one) => typeof one === 'string'))
    throw invalidValue('vlans', vlans);
  return vlans;
}

/** The id is chosen by the client and must be free. */
export const domainEdits: Edits = {
  create(draft, path, body): void {
    const id = numberIn(body, 'id');
    if (id === undefined || id > LARGEST) throw invalidValue('id', body['id']);
    const other = [...draft.routeDomains.values()].find((one) => one.id === id);
    if (other !== undefined)
      throw new McpError(
        400,
        '01070734:3',
        `Configuration error: route domain id ${id} is already in use by ${other.path}`,
      );
    const record: RouteDomain = { path, id, vlans: vlansIn(body) ?? [] };
    createObject(draft, 'routeDomains', withDescription(record, body));
  },
  change(draft, path, body): void {
    refuseChanges(body, ['id']);
    const record = draft.routeDomains.get(path);
    if (record === undefined) throw objectNotFound(KIND_WORDS.routeDomains, path);
    const vlans = vlansIn(body) ?? record.vlans;
    draft.routeDomains.set(path, withDescription({ ...record, vlans }, body));
  },
};
