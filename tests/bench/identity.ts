/** What a signature adds to an event that is serialised and parsed anyway. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import { isSignedBy, newKeyPair, readSigner, readVerifyKey } from '../../shared/queue/signature.ts';
import { table, time } from './measure.ts';

const TYPE = 'sluice.bench.v1';
const TYPES = { [TYPE]: z.looseObject({}) };
const META = {
  id: 'id',
  cluster: 'east',
  subject: 'east/istio-system/istio-ingressgateway',
  time: new Date(0).toISOString(),
};
/** Calls in one measurement, so that microseconds are visible. */
const CALLS = 200;

/** Text like that of a snapshot, which compresses about as well. */
function dataOf(bytes: number): object {
  return {
    items: Array.from({ length: Math.ceil(bytes / 100) }, (_, i) => ({
      name: `gateway-${i}`,
      uid: randomBytes(16).toString('hex'),
      ready: i % 7 !== 0,
      port: 30_000 + i,
    })),
  };
}

export async function benchIdentity(): Promise<void> {
  const { privatePem, publicPem } = newKeyPair();
  const [signer, key] = [readSigner(privatePem), readVerifyKey(publicPem)];
  if ('problem' in signer || 'problem' in key) throw new Error('a new pair cannot be read');
  const rows: (string | number)[][] = [];
  for (const bytes of [1_000, 20_000, 150_000, 1_000_000]) {
    const data = dataOf(bytes);
    const plain = serialiseEvent(TYPE, data, META);
    const signed = serialiseEvent(TYPE, data, META, signer.ok);
    const micro = async (work: () => unknown): Promise<number> => {
      const calls = bytes > 100_000 ? CALLS / 10 : CALLS;
      const { median } = await time(5, () => {
        for (let i = 0; i < calls; i++) work();
      });
      return (median * 1_000) / calls;
    };
    const verify = (body: string): void => {
      const opened = parseEvent(body, TYPES);
      if (
        'refused' in opened ||
        opened.ok.signature === undefined ||
        !isSignedBy(opened.ok.signature, key.ok)
      )
        throw new Error('not verified');
    };
    rows.push([
      `${Math.round(plain.length / 1_000)}${JSON.parse(plain).dataencoding === undefined ? '' : ' packed'}`,
      await micro(() => serialiseEvent(TYPE, data, META)),
      await micro(() => serialiseEvent(TYPE, data, META, signer.ok)),
      await micro(() => parseEvent(plain, TYPES)),
      await micro(() => verify(signed)),
    ]);
  }
  table(
    'Signatures, microseconds for one event',
    ['event kB', 'seal', 'seal+sign', 'open', 'open+verify'],
    rows,
  );
}
