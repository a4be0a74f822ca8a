import { gunzipSync } from 'node:zlib';

/** Of a packed event all that does not hang on how zlib packs: the envelope in its order, with the unpacked data in place of the packed. */
export function sealFacts(body: string): readonly (readonly [string, unknown])[] {
  return Object.entries(JSON.parse(body) as Record<string, unknown>).map(([key, value]) => {
    if (key === 'data_base64')
      return [key, gunzipSync(Buffer.from(String(value), 'base64')).toString()];
    return [key, key === 'signature' ? typeof value : value];
  });
}
