import { gunzipSync } from 'node:zlib';

/**
 * The parts of a packed event that do not depend on the version of zlib: the envelope in its order,
 * with the unpacked data instead of the packed data.
 */
export function sealFacts(body: string): readonly (readonly [string, unknown])[] {
  return Object.entries(JSON.parse(body) as Record<string, unknown>).map(([key, value]) => {
    if (key === 'data_base64')
      return [key, gunzipSync(Buffer.from(String(value), 'base64')).toString()];
    return [key, key === 'signature' ? typeof value : value];
  });
}
