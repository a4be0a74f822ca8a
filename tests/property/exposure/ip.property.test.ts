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
const dotted = fc.tuple(
  fc.constantFrom('::', '::ffff:', '1:2:3:4:5:6:', '::2:3:4:5:6:'),
  fc.ipV4(),
);
const anyIp = fc.oneof(
  fc.ipV4(),
  v6Text,
  dotted.map(([head, v4]) => head + v4),
);
/** An address with one piece replaced, so that it is often none, and often only just. */
const nearlyIp = fc
  .tuple(anyIp, fc.nat(45), fc.nat(2), fc.constantFrom('', '0', '1', '.', ':', '::', 'x', '%1'))
  .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));

describe('addresses', () => {
  test('text that Node takes for an address is one, and no other', () => {
    fc.assert(
      fc.property(fc.oneof(anyIp, nearlyIp, fc.stringMatching(/^[0-9a-f:.]{0,20}$/)), (text) =>
        expect(parseIp(text)?.family ?? 0).toBe(text.includes('%') ? 0 : isIP(text)),
      ),
      { numRuns: 1_000 },
    );
  });

  // Values by hand from RFC 4291, so that neither Node nor a library decides what is right.
  test.each([
    ['10.0.0.1', 4, 0x0a000001n],
    ['255.255.255.255', 4, 0xffffffffn],
    ['0.0.0.0', 4, 0n],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['1::', 6, 1n << 112n],
    ['2001:DB8::8:800:200c:417A', 6, 0x20010db80000000000080800200c417an],
    ['1:2:3:4:5:6:7::', 6, 0x00010002000300040005000600070000n],
    ['::ffff:192.0.2.1', 6, 0xffffc0000201n],
    ['::192.0.2.1', 6, 0xc0000201n],
    ['64:ff9b::192.0.2.33', 6, 0x0064ff9b0000000000000000c0000221n],
    ['::2:3:4:5:6:1.2.3.4', 6, 0x00000002000300040005000601020304n],
  ])('%s is IPv%i with the value %d', (text, family, value) => {
    expect(parseIp(text)).toEqual({ family, value });
  });

  test.each([
    ['fewer than four parts', '10.1'],
    ['one number', '167772161'],
    ['a leading zero', '010.0.0.1'],
    ['hex', '0x0a.0.0.1'],
    ['one hex number', '0x0a000001'],
    ['a part above 255', '10.0.0.256'],
    ['a zone', 'fe80::1%eth0'],
    ['a zone after the dotted end', '::ffff:10.0.0.1%1'],
    ['a leading zero in the dotted end', '::ffff:010.0.0.1'],
    ['hex in the dotted end', '::ffff:0x0a.0.0.1'],
    ['fewer than four parts in the dotted end', '::ffff:10.1'],
    ['nine groups', '1:2:3:4:5:6:7:8:9'],
    ['a gap that stands for nothing', '1:2:3:4::5:6:7:8'],
    ['five digits in a group', '::12345'],
    ['brackets', '[::1]'],
    ['spaces', ' 10.0.0.1'],
    ['a line break', '10.0.0.1\n'],
    ['digits of other scripts', '١٠.0.0.1'],
  ])('is refused: %s (%j)', (_, text) => {
    expect(parseIp(text)).toBeUndefined();
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
