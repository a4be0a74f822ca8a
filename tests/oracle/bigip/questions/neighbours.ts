import { said } from '../client.ts';
import { shown } from '../question.ts';
import type { Question } from '../question.ts';
import type { Scratch } from '../scratch.ts';

interface Family {
  readonly word: 'arp' | 'ndp';
  readonly address: (number: number) => string;
}

const FAMILIES: readonly Family[] = [
  { word: 'arp', address: (number) => `192.0.2.${100 + number}` },
  { word: 'ndp', address: (number) => `2001:db8::${100 + number}` },
];

function questionsOf({ word, address }: Family): readonly Question[] {
  const collection = `net/${word}`;
  const create = (
    { send, partition, ip }: Scratch,
    name: string,
    number: number,
  ): ReturnType<Scratch['send']> =>
    send('POST', collection, {
      name,
      partition,
      ipAddress: ip(address(number)),
      macAddress: '0a:0a:00:00:00:01',
    });
  const entry = word.toUpperCase();
  const needs = ['self'] as const;
  return [
    {
      id: `${word}-shown`,
      asks: `How a static ${entry} entry comes back`,
      needs,
      ask: async (scratch) => shown(await create(scratch, 'shown', 1), 'ipAddress', 'macAddress'),
    },
    {
      id: `${word}-mac`,
      asks: `PATCH of the MAC of an ${entry} entry`,
      needs,
      ask: async (scratch) => {
        await create(scratch, 'mac', 2);
        const body = { macAddress: '0a:0a:00:00:00:02' };
        return shown(
          await scratch.send('PATCH', scratch.at(collection, 'mac'), body),
          'macAddress',
        );
      },
    },
    {
      id: `${word}-address`,
      asks: `PATCH of the address of an ${entry} entry`,
      needs,
      ask: async (scratch) => {
        await create(scratch, 'address', 3);
        const body = { ipAddress: scratch.ip(address(4)) };
        return said(await scratch.send('PATCH', scratch.at(collection, 'address'), body));
      },
    },
    {
      id: `${word}-second`,
      asks: `A second ${entry} entry for one address`,
      needs,
      ask: async (scratch) => {
        await create(scratch, 'one', 5);
        return said(await create(scratch, 'two', 5));
      },
    },
    {
      id: `${word}-delete`,
      asks: `Whether an ${entry} entry is gone after its DELETE`,
      needs,
      ask: async (scratch) => {
        await create(scratch, 'gone', 6);
        const path = scratch.at(collection, 'gone');
        const deleted = await scratch.send('DELETE', path);
        return `${said(deleted)}; then ${(await scratch.send('GET', path)).status}`;
      },
    },
  ];
}

export const NEIGHBOUR_QUESTIONS: readonly Question[] = FAMILIES.flatMap(questionsOf);
