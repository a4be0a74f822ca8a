import { isIP, BlockList } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  compareAddresses,
  formatIp,
  inCidr,
  parseCidr,
  parseIp,
} from '../../../shared/domain/net/ip.ts';

const v6Text = fc.oneof(
  fc.ipV6(),
  fc
    .array(fc.constantFrom('0', '0', '1', 'ab', 'FFFF'), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.join(':')),
);
const anyIp = fc.oneof(fc.ipV4(), v6Text);

describe('addresses', () => {
  test('text that Node takes for an address is one, and no other', () => {
    fc.assert(
      fc.property(fc.oneof(anyIp, fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), (text) =>
        expect(parseIp(text)?.family ?? 0).toBe(isIP(text)),
      ),
    );
  });

  test('two addresses compare the same way from both sides, and equal ones as 0', () => {
    fc.assert(
      fc.property(anyIp, anyIp, (a, b) => {
        expect(compareAddresses(a, b) + compareAddresses(b, a)).toBe(0);
        expect(compareAddresses(a, a)).toBe(0);
      }),
    );
  });

  test('equal addresses have one spelling, which reads back as the same address', () => {
    fc.assert(
      fc.property(anyIp, (text) => {
        const ip = parseIp(text)!;
        const spelled = formatIp(ip);
        expect(parseIp(spelled)).toEqual(ip);
        // The URL standard spells IPv6 as RFC 5952 does.
        if (ip.family === 6) expect(`[${spelled}]`).toBe(new URL(`http://[${text}]/`).hostname);
      }),
    );
  });

  test('membership in a CIDR is what Node says', () => {
    const bits = fc.nat(128);
    fc.assert(
      fc.property(anyIp, anyIp, bits, (text, net, length) => {
        const family = isIP(net);
        const prefix = family === 4 ? length % 33 : length;
        const list = new BlockList();
        list.addSubnet(net, prefix, family === 4 ? 'ipv4' : 'ipv6');
        const same = isIP(text) === family;
        expect(inCidr(parseIp(text)!, parseCidr(`${net}/${prefix}`)!)).toBe(
          same && list.check(text, family === 4 ? 'ipv4' : 'ipv6'),
        );
      }),
    );
  });

  test.each([
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1::2::3',
    ':::',
    '12345::',
    '1.2.3.4/24',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '',
  ])('%j is no CIDR or no address', (text) => {
    expect(text.startsWith('1.2.3.4/') ? parseIp(text) : parseCidr(text)).toBeUndefined();
  });
});
