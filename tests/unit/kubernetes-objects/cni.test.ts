/** What is kept of the objects in which CNIs name the networks of pods. */
import { describe, expect, test } from '@jest/globals';
import {
  normaliseBlockAffinity,
  normaliseCiliumNode,
  normaliseObjects,
} from '../../../shared/kubernetes/objects/index.ts';
import { rawBlock, rawCiliumNode } from '../../fixtures/cni-nodes.ts';

describe('a CiliumNode', () => {
  test('is reduced to networks and to the addresses of the node', () => {
    const raw = rawCiliumNode({
      podCIDRs: ['10.244.3.0/24', 'fd00:10:244:3::/112'],
      pools: { default: ['10.10.0.0/27'], blue: ['10.20.0.0/28', '10.20.0.16/28'] },
      addresses: ['192.0.2.13', '2001:db8::13'],
    });
    expect(normaliseCiliumNode(raw)).toEqual({
      name: 'n3',
      networks: [
        '10.244.3.0/24',
        'fd00:10:244:3::/112',
        '10.10.0.0/27',
        '10.20.0.0/28',
        '10.20.0.16/28',
      ],
      addresses: ['192.0.2.13', '2001:db8::13'],
    });
  });

  test('does not change with its status, which changes with every pod', () => {
    expect(normaliseCiliumNode(rawCiliumNode({}, 1))).toEqual(
      normaliseCiliumNode(rawCiliumNode({}, 2)),
    );
  });

  test.each([
    [undefined],
    [{ ipam: 'x', addresses: 'y' }],
    [{ ipam: { podCIDRs: [7, null], pools: { allocated: [null, { cidrs: 'x' }] } } }],
    [{ addresses: [{ type: 'InternalIP' }, { type: 'InternalIP', ip: 7 }, null] }],
  ])('of another shape says nothing (spec: %j)', (spec) => {
    expect(normaliseCiliumNode({ metadata: { name: 'n3' }, spec })).toEqual({
      name: 'n3',
      networks: [],
      addresses: [],
    });
  });

  test('keeps little of texts that are no network, so that it cannot fill a snapshot', () => {
    const junk = Array.from({ length: 1_000 }, () => 'x'.repeat(4_000));
    const node = normaliseCiliumNode(
      rawCiliumNode({ podCIDRs: junk, pools: { a: junk }, addresses: junk }),
    );
    expect(node.networks).toHaveLength(64);
    expect(node.addresses).toHaveLength(64);
    expect(JSON.stringify(node).length).toBeLessThan(16_384);
  });
});

describe('a BlockAffinity', () => {
  test.each<[string, object]>([
    ['of Calico', {}],
    ['without a type, as older releases write it', { type: undefined }],
    ['whose deletion is a boolean', { deleted: false }],
    ['without a deletion field', { deleted: '' }],
  ])('%s is reduced to node and block', (_, given) => {
    expect(normaliseBlockAffinity(rawBlock('10.244.3.0/26', given))).toEqual({
      name: 'n3-10-244-3-0-26',
      node: 'n3',
      cidr: '10.244.3.0/26',
    });
  });

  test.each<[string, object]>([
    ['pending', { state: 'pending' }],
    ['pendingDeletion', { state: 'pendingDeletion' }],
    ['deleted', { deleted: 'true' }],
    ['whose deletion is neither true nor false', { deleted: 'yes' }],
    ['of load balancers', { type: 'virtual' }],
  ])('%s has no block', (_, given) => {
    expect(normaliseBlockAffinity(rawBlock('10.244.3.0/26', given))).toEqual({
      name: 'n3-10-244-3-0-26',
      node: 'n3',
    });
  });

  test('of another shape has no block either', () => {
    expect(normaliseBlockAffinity({ metadata: { name: 'b' }, spec: [] })).toEqual({
      name: 'b',
      node: '',
    });
    expect(
      normaliseBlockAffinity({ metadata: { name: 'b' }, spec: { state: 'confirmed', cidr: 7 } }),
    ).toEqual({ name: 'b', node: '' });
  });

  test('keeps little of a text that is no network', () => {
    const { cidr = '' } = normaliseBlockAffinity(rawBlock('x'.repeat(4_000)));
    expect(cidr).toHaveLength(64);
  });
});

describe('files', () => {
  test('with such objects are read, from lists of the API server, too', () => {
    const list = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'BlockAffinityList',
      items: [{ ...rawBlock('10.244.3.0/26'), apiVersion: undefined, kind: undefined }],
    };
    const { objects, ignored } = normaliseObjects([list, rawCiliumNode()]);
    expect(objects.optionalKinds).toMatchObject({
      blockAffinities: [{ cidr: '10.244.3.0/26' }],
      ciliumNodes: [{ name: 'n3' }],
    });
    expect(ignored).toEqual([]);
  });

  test('without any of a kind do not say that there is none', () => {
    const { optionalKinds } = normaliseObjects([]).objects;
    expect(optionalKinds).not.toHaveProperty('ciliumNodes');
    expect(optionalKinds).not.toHaveProperty('blockAffinities');
  });
});
