import { describe, expect, test } from '@jest/globals';
import { stepFor, svgOf, type Drawing } from '../../soak/report/svg.ts';

const DRAWING: Drawing = {
  title: 'Memory <RSS>',
  unit: 'MiB',
  series: [
    {
      name: 'up & running',
      lives: [
        [
          { x: 0, y: 50 },
          { x: 1_800, y: 100 },
        ],
        [{ x: 3_600, y: 80 }],
      ],
    },
  ],
  limits: [{ value: 150 }],
  marks: [
    { from: 600, to: 660, row: 'device', name: 'device away' },
    { from: 900, to: 905, row: 'process', line: 'kill', name: 'process killed: up' },
  ],
  seconds: 3_600,
};

describe('a drawn curve', () => {
  const svg = svgOf(DRAWING);

  test('has title, units, limit and the names of its lines as escaped text', () => {
    expect(svg).toContain('>Memory &lt;RSS&gt;, MiB</text>');
    expect(svg).toContain('>up &amp; running</text>');
    expect(svg).toContain('>limit 150</text>');
    expect(svg).toContain('>minutes since the start</text>');
  });

  test('has a line for each life, so that none bridges a restart', () => {
    expect(svg.match(/<polyline/g)).toHaveLength(1);
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).toContain('points="74,204 479,158"');
  });

  test('shows what disturbed the site, with its name', () => {
    expect(svg).toMatch(/<rect class="fault"[^>]*><title>device away<\/title>/);
    expect(svg).toMatch(/<line class="kill"[^>]*><title>process killed: up<\/title>/);
  });

  test('says that a limit is far above, rather than make the curve flat', () => {
    const far = svgOf({ ...DRAWING, limits: [{ value: 5_000 }] });
    expect(far).toContain('>limit 5000, far above</text>');
    expect(far).not.toContain('class="limit"');
  });

  test('is drawn without any value too', () => {
    expect(svgOf({ ...DRAWING, series: [{ name: 'up', lives: [[]] }] })).not.toContain('NaN');
  });
});

test.each([
  [60, 10, 10],
  [47, 5, 10],
  [1, 5, 0.2],
  [3_000, 5, 1_000],
])('an axis up to %d with about %d ticks has steps of %d', (range, ticks, step) => {
  expect(stepFor(range, ticks)).toBeCloseTo(step);
});
