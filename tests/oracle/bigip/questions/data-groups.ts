import { said } from '../client.ts';
import type { Answer } from '../client.ts';
import { largest, textOf, whole } from '../question.ts';
import type { Question } from '../question.ts';
import type { Scratch } from '../scratch.ts';

const COLLECTION = 'ltm/data-group/internal';

interface DataRecord {
  readonly name: string;
  readonly data: string;
}

function create(
  { send, partition }: Scratch,
  name: string,
  records: readonly DataRecord[] = [],
): Promise<Answer> {
  return send('POST', COLLECTION, { name, partition, type: 'string', records });
}

async function recordsOf({ send, at }: Scratch, name: string): Promise<readonly DataRecord[]> {
  const { records } = (await send('GET', at(COLLECTION, name))).body;
  return Array.isArray(records) ? (records as readonly DataRecord[]) : [];
}

/** Writes the list of a data group and reads its first record. */
async function written(
  scratch: Scratch,
  name: string,
  record: DataRecord,
): Promise<{ readonly answer: Answer; readonly came: DataRecord | undefined }> {
  const path = scratch.at(COLLECTION, name);
  const answer = await scratch.send('PATCH', path, { records: [record] });
  return { answer, came: (await recordsOf(scratch, name))[0] };
}

const SIZES = [1024, 8192, 32_767, 32_768, 65_535, 65_536, 131_072, 524_288];

export const DATA_GROUP_QUESTIONS: readonly Question[] = [
  {
    id: 'data-value',
    asks: 'Length of the value of one record',
    ask: async (scratch) => {
      await create(scratch, 'value');
      return largest(SIZES, async (size) => {
        const data = 'v'.repeat(size);
        const { answer, came } = await written(scratch, 'value', { name: 'key', data });
        return whole(answer, data, came?.data);
      });
    },
  },
  {
    id: 'data-name',
    asks: 'Length of the name of one record',
    ask: async (scratch) => {
      await create(scratch, 'name');
      return largest([64, 255, 256, 512, 1024, 4096], async (size) => {
        const name = 'n'.repeat(size);
        const { answer, came } = await written(scratch, 'name', { name, data: 'v' });
        return whole(answer, name, came?.name);
      });
    },
  },
  {
    id: 'data-count',
    asks: 'Number of records, with values of 100 characters',
    ask: async (scratch) => {
      await create(scratch, 'count');
      return largest([100, 1000, 5000, 10_000], async (count) => {
        const data = 'v'.repeat(100);
        const records = Array.from({ length: count }, (_, index) => ({ name: `k${index}`, data }));
        const path = scratch.at(COLLECTION, 'count');
        const answer = await scratch.send('PATCH', path, { records });
        if (answer.status >= 400) return said(answer);
        const came = (await recordsOf(scratch, 'count')).length;
        return came === count ? undefined : `${came} came back`;
      });
    },
  },
  ...[
    ['json', 'JSON', '{"a":"b \\"c\\"","d":[1,null]}'],
    ['space', 'spaces at both ends and in a row', ' a  b '],
    ['special', 'backslashes, `$`, `[`, `;` and `#`', 'a\\b $c [d] ;e #f {g'],
    ['unicode', 'characters beyond ASCII', 'zürich 東京'],
  ].map(([id = '', what = '', data = '']): Question => {
    const group = `text-${id}`;
    return {
      id: `data-${id}`,
      asks: `A value with ${what}`,
      ask: async (scratch) => {
        await create(scratch, group);
        const { answer, came } = await written(scratch, group, { name: 'key', data });
        return whole(answer, data, came?.data) ?? 'comes back as it was sent';
      },
    };
  }),
  {
    id: 'data-key',
    asks: 'The name `route east 10.244.1.0%2/24` of a record',
    ask: async (scratch) => {
      await create(scratch, 'key');
      const name = 'route east 10.244.1.0%2/24';
      const { answer, came } = await written(scratch, 'key', { name, data: 'v' });
      return whole(answer, name, came?.name) ?? 'comes back as it was sent';
    },
  },
  {
    id: 'data-empty',
    asks: 'A record with an empty value',
    ask: async (scratch) => {
      await create(scratch, 'empty');
      const { answer, came } = await written(scratch, 'empty', { name: 'key', data: '' });
      return answer.status >= 400 ? said(answer) : `comes back as ${textOf(came)}`;
    },
  },
  {
    id: 'data-list',
    asks: 'PATCH of `records` with one record, where another one is',
    ask: async (scratch) => {
      await create(scratch, 'list', [{ name: 'first', data: '1' }]);
      const { answer } = await written(scratch, 'list', { name: 'second', data: '2' });
      const names = (await recordsOf(scratch, 'list')).map(({ name }) => name);
      return `${said(answer)}; then ${names.join(', ')}`;
    },
  },
];
