/** Mutants of exposures that no test can notice, each with the reason. */
import {
  ALWAYS_THERE,
  FASTER,
  NEVER_EQUAL,
  ONE_ONLY,
  SAME_ABSENT,
  SAME_FALSE,
  type Equivalent,
} from './reasons.ts';

const PROBLEMS_BEFORE = 'what is a problem was returned before';
const NOTES_SORTED = 'all notes are sorted in the end';
const NO_SUCH_FIELD = 'a value of another kind has no such field';
const ONE_OBJECT = 'an object of this kind and name occurs once';

export const EXPOSURE: Readonly<Record<string, readonly Equivalent[]>> = {
  'shared/domain/exposure/address-request.ts': [
    { code: '4', in: 'addressRequest', why: ALWAYS_THERE },
    {
      code: 'pools.find((one) => one.name === name)',
      what: '.find() becomes .findLast()',
      why: ONE_ONLY,
    },
  ],
  'shared/domain/exposure/build.ts': [
    {
      code: 'a.place.address < b.place.address',
      what: '< becomes <=',
      why: 'equal addresses were dealt with before',
    },
    { code: 'a.protocol < b.protocol', what: '< becomes <=', why: NEVER_EQUAL },
    { code: 'same[0] === undefined', what: 'is always false', why: ALWAYS_THERE },
    { code: 'a < b', in: 'sortNotes', what: '< becomes <=', why: NEVER_EQUAL },
  ],
  'shared/domain/exposure/client-networks.ts': [
    {
      code: "'networks' in inner && 'networks' in outer",
      what: 'is left out of the &&',
      why: PROBLEMS_BEFORE,
    },
    { code: "'networks' in inner", what: 'is left out of the &&', why: PROBLEMS_BEFORE },
    { code: "'networks' in outer", what: 'is left out of the &&', why: PROBLEMS_BEFORE },
    { code: 'only === undefined', what: 'is left out of the ||', why: ALWAYS_THERE },
  ],
  'shared/domain/exposure/groups.ts': [
    { code: "'sluice.yaml'", what: 'is left out of the ??', in: 'deafMonitor', why: ALWAYS_THERE },

    { code: "'source' in one", what: 'is always true', why: SAME_ABSENT },
    {
      code: 'isPlacementRefused(place)',
      what: 'is left out of the ||',
      in: 'judge',
      why: 'what has no place is withheld for it, and not only anew',
    },
  ],
  'shared/domain/exposure/indexed-ingress.ts': [
    {
      code: 'RANK[a] <= RANK[b]',
      what: '<= becomes <',
      why: 'what ranks the same is the same',
    },
    {
      code: 'endpoint.pod === undefined',
      what: 'is always false',
      why: 'no pod is looked up without its name',
    },
    {
      code: 'objects.services.find( (one) => one.meta.namespace === ref.namespace && one.meta.name === ref.servic',
      what: '.find() becomes .findLast()',
      why: 'a namespace has one Service of a name',
    },
  ],
  'shared/domain/exposure/members.ts': [
    { code: 'a.ip.value < b.ip.value', what: '< becomes <=', why: NEVER_EQUAL },
    { code: "pod.nodeName === ''", what: 'is always false', why: 'no node has an empty name' },
  ],
  'shared/domain/exposure/place.ts': [
    {
      code: 'service === undefined',
      what: 'is left out of the ||',
      in: 'nodePortNotGiven',
      why: 'without the Service none of its ports leads there',
    },
  ],
  'shared/domain/exposure/server-network.ts': [
    { code: "''", in: 'networkOf', why: ALWAYS_THERE },
    ...[
      ["'problem' in network || network.source === undefined", 'is always false'],
      ["'problem' in network", 'is left out of the ||'],
      ['network.source === undefined', 'is left out of the ||'],
    ].map(([code = '', what = '']) => ({ code, what, in: 'withNetwork', why: SAME_ABSENT })),
    { code: 'network.said !== undefined', what: 'is left out of the &&', why: ALWAYS_THERE },
  ],
  'shared/domain/exposure/sources/assigned-configmaps.ts': [
    {
      code: 'read.port !== undefined',
      what: 'is left out of the &&',
      in: 'assignConfigMaps',
      why: 'no server has a port that is not named',
    },
    {
      code: 'positions .map((position) => layers.get(position)) .find((layer) => layer !== undefined)',
      what: '.find() becomes .findLast()',
      why: 'of several older ones the note names any one',
    },

    { code: 'x < y', what: '< becomes <=', why: 'equal ages were dealt with before' },
    { code: 'a.name < b.name', what: '< becomes <=', why: 'equal names were dealt with before' },
  ],
  'shared/domain/exposure/sources/candidates.ts': [
    {
      code: '{}',
      what: 'is left out of the ??',
      in: 'candidateOf',
      why: 'every server is of a Gateway that is there',
    },
    {
      code: "''",
      what: 'is left out of the ??',
      in: 'candidateOf',
      why: 'every server is of a Gateway that is there',
    },
    {
      code: 'a.position - b.position',
      what: 'is left out of the ||',
      why: 'the servers of one Gateway are in order already, and no two have one position',
    },
    {
      code: 'a.position - b.position',
      what: '- becomes +',
      why: 'the servers of one Gateway are in order already, and no two have one position',
    },
    {
      code: 'a.report.server - b.report.server',
      what: 'is left out of the ||',
      why: 'the servers of one Gateway are in order already, and no two have one position',
    },
    {
      code: 'a.report.server - b.report.server',
      what: '- becomes +',
      why: 'the servers of one Gateway are in order already, and no two have one position',
    },

    { code: 'report', in: 'collectCandidates', what: 'is left out of the ??', why: ALWAYS_THERE },
  ],
  'shared/domain/exposure/setting-json.ts': [
    {
      code: 'error instanceof Error',
      what: 'is always true',
      why: 'JSON.parse throws nothing else',
    },
  ],
  'shared/domain/exposure/spread.ts': [
    { code: 'a.partition < b.partition', what: '< becomes <=', why: NEVER_EQUAL },
  ],
  'shared/domain/exposure/settings/annotation-values.ts': [
    { code: '[]', what: 'is left out of the ??', in: 'formatIssue', why: ALWAYS_THERE },
    { code: "'invalid'", what: 'is left out of the ??', in: 'formatIssue', why: ALWAYS_THERE },
    {
      code: "path === ''",
      what: 'is always false',
      why: 'what is checked is a list, and an issue has the place in it',
    },
    {
      code: 'targetPort !== undefined',
      what: 'is left out of the &&',
      in: 'readF5Health',
      why: SAME_ABSENT,
    },
    {
      code: 'send !== undefined',
      what: 'is left out of the &&',
      in: 'readF5Health',
      why: SAME_ABSENT,
    },
    {
      code: 'recv !== undefined',
      what: 'is left out of the &&',
      in: 'readF5Health',
      why: SAME_ABSENT,
    },
  ],
  'shared/domain/exposure/settings/cis-monitors.ts': [
    {
      code: 'send !== undefined',
      what: 'is left out of the &&',
      in: 'monitorOf',
      why: SAME_ABSENT,
    },
    {
      code: 'recv !== undefined',
      what: 'is left out of the &&',
      in: 'monitorOf',
      why: SAME_ABSENT,
    },
    {
      code: "'problem' in read",
      what: 'is left out of the ||',
      why: 'of a problem only the list of problems is used, which has it',
    },
  ],
  'shared/domain/exposure/settings/cis-values.ts': [
    {
      code: 'send !== undefined',
      what: 'is left out of the &&',
      in: 'configMapMonitors',
      why: SAME_ABSENT,
    },
    {
      code: 'recv !== undefined',
      what: 'is left out of the &&',
      in: 'configMapMonitors',
      why: SAME_ABSENT,
    },
    { code: '[]', what: 'is left out of the ??', in: 'networks', why: ALWAYS_THERE },
    { code: 'ip.family === family', what: '=== becomes !==', why: 'both families are asked for' },
  ],
  'shared/domain/exposure/settings/compose.ts': [
    {
      code: 'profiles !== undefined',
      what: 'is left out of the &&',
      in: 'settingsFromInput',
      why: ALWAYS_THERE,
    },
    {
      code: 'namesBehind(key).some((name) => settingRow(name).modes !== undefined)',
      what: '.some() becomes .every()',
      why: 'of the names behind a key all depend on the mode, or none does',
    },

    { code: "'first' in home", what: 'is left out of the &&', why: NO_SUCH_FIELD },
    { code: '[]', what: 'is left out of the ??', in: 'namesBehind', why: ALWAYS_THERE },
    { code: 'own', what: 'is left out of the &&', in: 'valueOf', why: ALWAYS_THERE },
    {
      code: "typeof one === 'string'",
      what: 'is left out of the &&',
      in: 'unfitValue',
      why: NO_SUCH_FIELD,
    },
  ],
  'shared/domain/exposure/settings/policy.ts': [
    {
      code: 'cidr !== undefined',
      what: 'is left out of the &&',
      why: 'the schema checked the networks',
    },
    { code: 'false', what: 'is left out of the ??', in: 'named', why: SAME_FALSE },
  ],
  'shared/domain/exposure/settings/pool-policy.ts': [
    {
      code: '[]',
      what: 'is left out of the ??',
      in: 'rangesOf',
      why: 'the schema checked the networks',
    },
  ],
  'shared/domain/exposure/settings/resolve.ts': [
    {
      code: 'row.modes === undefined',
      what: 'is left out of the ||',
      why: 'a row without modes takes every mode',
    },
    {
      code: 'DEFAULT_SOURCE',
      what: 'is left out of the ??',
      in: 'forUdp',
      why: 'a mode that is set has a source',
    },
    {
      code: 'DEFAULT_SOURCE',
      what: 'is left out of the ??',
      in: 'modeProblem',
      why: 'only a mode that is set can be a problem',
    },
  ],
  'shared/domain/exposure/settings/settings.ts': [
    {
      code: "typeof home === 'object' && 'profile' in home",
      what: 'is always true',
      in: 'profileOf',
      why: NO_SUCH_FIELD,
    },
    {
      code: "'profile' in home",
      what: 'is left out of the &&',
      in: 'profileOf',
      why: NO_SUCH_FIELD,
    },
    {
      code: 'profileOf(row) === undefined',
      what: 'is always true',
      why: 'it is only a description in the generated reference, which a test compares',
    },
    {
      code: 'profileOf(row) === undefined',
      what: 'is always false',
      why: 'it is only a description in the generated reference, which a test compares',
    },
  ],
  'shared/domain/exposure/sources/annotations.ts': [
    { code: 'refused === undefined && ignored === undefined', what: 'is always true', why: FASTER },
    {
      code: 'refused === undefined',
      what: 'is left out of the &&',
      in: 'judgeUnknown',
      why: FASTER,
    },
    {
      code: 'ignored === undefined',
      what: 'is left out of the &&',
      in: 'judgeUnknown',
      why: FASTER,
    },
  ],
  'shared/domain/exposure/sources/cis/cis-annotations.ts': [
    {
      code: "value.every((one) => typeof one === 'string')",
      what: '.every() becomes .some()',
      why: 'no setting mixes text with other values',
    },
    {
      code: 'own === undefined',
      what: 'is left out of the ||',
      why: 'every setting has an annotation of its own',
    },
  ],
  'shared/domain/exposure/sources/cis/cis-configmap.ts': [
    {
      code: 'read.port === undefined',
      what: 'is left out of the ||',
      why: 'what follows the schema names a Service and a port',
    },
    {
      code: 'read.service === undefined',
      what: 'is left out of the ||',
      why: 'what follows the schema names a Service and a port',
    },
  ],
  'shared/domain/exposure/sources/cis/cis-address.ts': [
    {
      code: 'text !== undefined',
      what: 'is left out of the &&',
      in: 'poolNameOf',
      why: 'what is undefined is returned as it is',
    },
  ],
  'shared/domain/exposure/sources/cis/cis-object.ts': [
    { code: 'order(a) < order(b)', what: '< becomes <=', why: NEVER_EQUAL },
  ],
  'shared/domain/exposure/sources/cis/cis-resources.ts': [
    {
      code: 'services.find((one) => one.namespace === namespace && one.name === name)',
      what: '.find() becomes .findLast()',
      why: ONE_OBJECT,
    },
    {
      code: 'proxy === undefined',
      what: 'is left out of the ||',
      in: 'withProxyProtocol',
      why: 'without it the list stays the same',
    },

    {
      code: "typeof port === 'number'",
      what: 'is always true',
      why: 'the reader of the field takes only numbers',
    },
    {
      code: "isJsonObject(selector['matchLabels'])",
      what: 'is always true',
      why: 'no label is selected by a letter of a text',
    },
  ],
  'shared/domain/exposure/sources/cis/cis-virtualserver.ts': [
    {
      code: 'target === undefined',
      what: 'is left out of the ||',
      why: 'what has no target is blocked',
    },
  ],
  'shared/domain/exposure/sources/cis/gateway-plan.ts': [
    {
      code: 'partition !== undefined',
      what: 'is left out of the &&',
      in: 'settingsOf',
      why: SAME_ABSENT,
    },
    { code: "'default' in row", what: 'is always true', in: 'conflictOf', why: NO_SUCH_FIELD },
    {
      code: "name === 'virtualAddress' || name === 'partition'",
      what: 'is always true',
      in: 'wordOf',
      why: NO_SUCH_FIELD,
    },

    {
      code: 'virtualAddress !== undefined',
      what: 'is left out of the &&',
      in: 'settingsOf',
      why: SAME_ABSENT,
    },
  ],
  'shared/domain/exposure/sources/cis/import-cis.ts': [
    { code: 'a < b', what: '< becomes <=', in: 'most', why: NEVER_EQUAL },

    {
      code: 'all.find(({ outranks }) => outranks === true)',
      what: '.find() becomes .findLast()',
      why: ONE_OBJECT,
    },
    {
      code: 'servicePort !== undefined',
      what: 'is left out of the &&',
      in: 'portAnnotations',
      why: 'only a server with a Service port has a port of its own',
    },
    {
      code: 'one.servicePort !== undefined',
      what: 'is left out of the &&',
      in: 'importCis',
      why: 'no Gateway opens a port that is not named',
    },
    {
      code: 'server !== undefined',
      what: 'is left out of the &&',
      in: 'importCis',
      why: 'nothing is kept for what is no server',
    },
  ],
  'shared/domain/exposure/sources/expose-annotation.ts': [
    {
      code: 'service !== undefined',
      what: 'is left out of the &&',
      in: 'readExposeRequest',
      why: 'the word undefined has no digit',
    },
    {
      code: 'general !== undefined',
      what: 'is left out of the &&',
      in: 'readExposeRequest',
      why: ALWAYS_THERE,
    },
  ],
  'shared/domain/exposure/sources/f5-configmap.ts': [
    { code: 'read.value !== undefined', what: 'is always true', why: SAME_ABSENT },
    {
      code: 'configMap === undefined',
      what: 'is left out of the ||',
      in: 'readSettings',
      why: 'without a field there is no value',
    },
  ],
  'shared/domain/exposure/sources/ingress-entry-layer.ts': [
    { code: 'partition !== undefined', what: 'is left out of the &&', why: SAME_ABSENT },
  ],
  'shared/domain/exposure/sources/server-layers.ts': [
    {
      code: '{}',
      what: 'is left out of the ??',
      in: 'layersOf',
      why: 'every server is of a Gateway that is there',
    },
    { code: '[]', in: 'layersOf', why: ALWAYS_THERE },
    {
      code: '{}',
      what: 'is left out of the ??',
      in: 'askingNamespace',
      why: 'every server is of a Gateway that is there',
    },
    {
      code: '{}',
      what: 'is left out of the ??',
      in: 'bundleRequest',
      why: 'every server is of a Gateway that is there',
    },
  ],
  'shared/domain/exposure/sources/service-fields.ts': [
    {
      code: 'Array.isArray(value)',
      what: 'is left out of the &&',
      why: 'the API server stores no empty text there',
    },
  ],
  'shared/domain/exposure/unjudged.ts': [
    {
      code: 'filter.patches.length === 0',
      what: 'is always false',
      why: 'only filters with patches of listeners are kept',
    },

    {
      code: 'service === undefined',
      what: 'is left out of the ||',
      why: 'without a Service there is no such field',
    },
    {
      code: 'pods .filter(({ pod }) => pod.meshDefaults === true) .map(({ pod }) => meshConfigOf(pod.meta.labels[',
      what: '.find() becomes .findLast()',
      why: 'of several mesh ConfigMaps the note names any one',
    },
  ],
  'shared/domain/exposure/sources/cis/service-port.ts': [
    { code: "''", what: 'is left out of the ??', in: 'portsOf', why: SAME_ABSENT },
    {
      code: 'ports.find(({ name }) => name === text)',
      what: '.find() becomes .findLast()',
      why: 'the names of the ports of a Service differ',
    },
    {
      code: 'ports.find(({ port }) => port === number)',
      what: '.find() becomes .findLast()',
      why: 'the number that is found is the same',
    },
  ],
  'shared/domain/exposure/misplaced.ts': [
    {
      code: 'Object.keys(meta.annotations) .filter(isReadAnnotation) .sort()',
      what: '.sort() is left out',
      why: NOTES_SORTED,
    },
    {
      code: 'Object.keys(meta.annotations) .filter(isReadAnnotation)',
      what: '.filter() is left out',
      why: 'of a route only such annotations are kept',
    },
    {
      code: 'Object.keys(meta.labels) .filter((name) => name.startsWith(LABEL_PREFIX)) .sort()',
      what: '.sort() is left out',
      why: NOTES_SORTED,
    },
  ],
};
