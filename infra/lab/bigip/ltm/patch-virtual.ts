/** The properties of a virtual server that a write gives in another form than the model has. */
import type { Json } from '../json.ts';
import { isObject, textOf } from '../json.ts';
import type { Attached, Snat, Virtual, Vlans } from './model.ts';

/** Only what the body contains; the caller takes the other properties as they are. */
export function virtualPatch(virtual: Virtual, body: Json): Partial<Virtual> {
  const { sourceAddressTranslation: snat, rateLimit } = body;
  return {
    ...(body['enabled'] === true && { enabled: true }),
    ...(body['disabled'] === true && { enabled: false }),
    ...(body['autoLasthop'] !== undefined && { lastHop: textOf(body['autoLasthop']) }),
    ...(body['ipProtocol'] !== undefined && {
      protocol: body['ipProtocol'] === 'udp' ? 'udp' : 'tcp',
    }),
    ...pathsIn(body),
    ...(rateLimit !== undefined && {
      rateLimit: rateLimit === 'disabled' ? 0 : Number(rateLimit),
    }),
    ...(isObject(snat) && { snat: snatIn(snat) }),
    vlans: vlansIn(virtual.vlans, body),
  };
}

/** The lists of other objects that the body gives. */
function pathsIn(body: Json): Partial<Virtual> {
  const lists = (['rules', 'persist', 'policies'] as const).flatMap((name) => {
    const given = body[name];
    return Array.isArray(given) ? [[name, given.map(pathIn)] as const] : [];
  });
  const { profiles } = body;
  return {
    ...Object.fromEntries(lists),
    ...(Array.isArray(profiles) && { profiles: profiles.map(attachedIn) }),
  };
}

function attachedIn(given: unknown): Attached {
  const context = isObject(given) ? given['context'] : undefined;
  return {
    path: pathIn(given),
    context: context === 'clientside' || context === 'serverside' ? context : 'all',
  };
}

/** A path, or an object with name and partition. */
function pathIn(given: unknown): string {
  if (!isObject(given)) return textOf(given);
  if (typeof given['fullPath'] === 'string') return given['fullPath'];
  const name = textOf(given['name']);
  return name.startsWith('/') ? name : `/${textOf(given['partition'] ?? 'Common')}/${name}`;
}

function snatIn({ type, pool }: Json): Snat {
  return {
    type: type === 'automap' || type === 'snat' ? type : 'none',
    ...(typeof pool === 'string' && { pool }),
  };
}

function vlansIn(before: Vlans, body: Json): Vlans {
  const list = Array.isArray(body['vlans']) ? body['vlans'].map(String) : before.list;
  if (body['vlansEnabled'] === true) return { mode: 'allow', list };
  if (body['vlansDisabled'] === true) return { mode: list.length === 0 ? 'all' : 'reject', list };
  return { ...before, list };
}
