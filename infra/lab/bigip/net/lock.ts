/** The object that is AS3's lock: a data group with the time, which is there while it is held. */
import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import type { Json } from '../json.ts';
import { objectExists, KIND_WORDS, objectNotFound } from '../ltm/draft.ts';
import { fromUrl } from '../ltm/paths.ts';
import { bodyOf, nameIn } from '../ltm/values.ts';
import { dataGroupItem } from './items.ts';

const LOCK = '/Common/appsvcs/____appsvcs_lock';

/** Whether the request is about the lock; `object` is the name in its path. */
export function isLock(request: LabRequest, object: string): boolean {
  if (object !== '') return fromUrl(object) === LOCK;
  return request.method === 'POST' && nameIn(bodyOf(request)) === LOCK;
}

/** What AS3 itself sends for its lock, and what others can. */
export function lockRoute({ lock }: Device, request: LabRequest): Reply | undefined {
  const since = lock.since();
  if (request.method === 'POST') {
    if (since !== undefined) throw objectExists(KIND_WORDS.dataGroups, LOCK);
    const description = Number(bodyOf(request)['description']);
    lock.make(description);
    return { status: 200, body: lockItem(description), tenant: 'Common' };
  }
  if (since === undefined) throw objectNotFound(KIND_WORDS.dataGroups, LOCK);
  if (request.method === 'GET') return { status: 200, body: lockItem(since), tenant: 'Common' };
  if (request.method !== 'DELETE') return undefined;
  lock.clear();
  return { status: 200, tenant: 'Common' };
}

function lockItem(since: number): Json {
  return dataGroupItem({ path: LOCK, type: 'string', records: new Map(), description: `${since}` });
}
