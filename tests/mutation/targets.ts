/** What is mutated, and which tests have to notice it. */
import type { Kind } from './mutants.ts';

export interface Target {
  readonly name: string;
  /** Paths relative to the project; `*` matches any part of a name, `**` any folders. */
  readonly sources: readonly string[];
  readonly except?: readonly string[];
  readonly tests: readonly string[];
  readonly kinds: readonly Kind[];
}

const GUARDS: readonly Kind[] = ['guard'];

export const TARGETS: readonly Target[] = [
  {
    name: 'ingress',
    sources: ['shared/domain/istio/**/*.ts'],
    // Schemas, which only describe objects: the code that reads and sends them has the tests.
    except: [
      'shared/domain/snapshot/objects.ts',
      'shared/domain/snapshot/snapshot.ts',
      'shared/domain/istio/port-mapping.ts',
    ],
    tests: ['tests/unit/istio/**/*.test.ts', 'tests/property/istio/*.test.ts'],
    kinds: ['guard', 'value'],
  },
  {
    name: 'plan',
    sources: [
      'shared/domain/plan/*.ts',
      'shared/bigip/as3/steps.ts',
      'shared/domain/declared/*.ts',
      'shared/domain/steering/*.ts',
      'shared/domain/revision.ts',
      'shared/domain/snapshot/absence.ts',
    ],
    tests: [
      'tests/unit/plan/*.test.ts',
      'tests/unit/bigip/steps.test.ts',
      'tests/unit/apply/*.test.ts',
      'tests/unit/map/excluded-nodes.test.ts',
      'tests/property/plan/*.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'addresses',
    sources: ['shared/domain/addresses/*.ts', 'shared/domain/address-pools/*.ts'],
    tests: [
      'tests/unit/addresses/*.test.ts',
      'tests/unit/apply/addresses.test.ts',
      'tests/unit/config/address-pools.test.ts',
      'tests/property/addresses/*.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'exposure',
    sources: ['shared/domain/exposure/**/*.ts'],
    tests: [
      'tests/unit/exposure/*.test.ts',
      'tests/unit/addresses/{choose,exposures,policy}.test.ts',
      'tests/unit/cases/*.test.ts',
      'tests/unit/cli/{import-steps,import-text,options,said}.test.ts',
      'tests/unit/config/{address-pools,networks,schema,service-bundles}.test.ts',
      'tests/unit/express/{cordon,wishes}.test.ts',
      'tests/unit/map/*.test.ts',
      'tests/unit/plan/{fleet,serving,shared}.test.ts',
      'tests/unit/watch/{automatic-addresses,foreign-pods,told-settings}.test.ts',
      'tests/property/exposure/*.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'express',
    sources: ['shared/domain/express/*.ts', 'functions/express/*.ts', 'functions/map/express.ts'],
    tests: [
      'tests/unit/express/*.test.ts',
      'tests/unit/map/*.test.ts',
      'tests/integration/express/*.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'queue',
    sources: ['shared/queue/*.ts', 'shared/queue/sqlite/*.ts'],
    tests: [
      'tests/unit/queue/*.test.ts',
      'tests/unit/map/*.test.ts',
      'tests/contract/queue/sqlite.test.ts',
      'tests/contract/golden/{events,stored}.test.ts',
      'tests/unit/replay/{imported,sighting}.test.ts',
      'tests/unit/failures/park.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'failures',
    sources: ['shared/failures/**/*.ts'],
    except: ['shared/failures/s3/*.ts', 'shared/failures/waiting/*.ts'],
    tests: [
      'tests/unit/{replay,failures}/*.test.ts',
      'tests/unit/queue/marks.test.ts',
      'tests/property/failures/*.test.ts',
      'tests/contract/failures/files.test.ts',
      'tests/contract/golden/stored.test.ts',
      'tests/integration/replay/{policy,repair}.test.ts',
      'tests/promises/{dead-letters,replay}.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'waiting',
    sources: ['shared/failures/waiting/*.ts'],
    tests: [
      'tests/promises/outages.test.ts',
      'tests/unit/failures/waiting.test.ts',
      'tests/unit/apply/{inner,waiting}.test.ts',
      'tests/unit/cli/waiting.test.ts',
      'tests/integration/waiting/*.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'map',
    sources: ['functions/map/*.ts'],
    except: ['functions/map/express.ts'],
    tests: ['tests/unit/map/*.test.ts', 'tests/unit/express/wishes.test.ts'],
    kinds: GUARDS,
  },
  {
    name: 'apply',
    sources: ['functions/apply/*.ts'],
    except: ['functions/apply/pace.ts'],
    // Those of the loop and the promises take longer; the loop has its own target.
    tests: [
      'tests/unit/apply/{addresses,approve,arrivals,away,entry,fences,group,handler}.test.ts',
      'tests/unit/apply/{inner,lifecycle,newer,nodes,park,postpone,prepare,record-results}.test.ts',
      'tests/unit/apply/{repair,report,results,sizes,store,trouble,waiting}.test.ts',
      'tests/unit/failures/heard.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'loop',
    sources: ['functions/apply/loop/*.ts', 'functions/apply/pace.ts'],
    tests: [
      'tests/unit/apply/{addresses,approve,drains,faults,group,inner,isolate}.test.ts',
      'tests/unit/apply/{lifecycle,loop,nodes,pace,partition,plan-once,quarantine}.test.ts',
      'tests/unit/apply/{references,repair,rules,waiting}.test.ts',
      'tests/property/apply/*.test.ts',
    ],
    kinds: GUARDS,
  },
  {
    name: 'functions',
    sources: ['functions/park/*.ts', 'functions/replay/*.ts'],
    tests: ['tests/unit/replay/{called,turns}.test.ts', 'tests/unit/failures/park.test.ts'],
    kinds: GUARDS,
  },
  {
    name: 'watch',
    sources: ['emit/emitter', 'emit/change-log', 'emit/revisions', 'leader/leadership'].map(
      (part) => `functions/watch/${part}.ts`,
    ),
    tests: ['tests/unit/watch/*.test.ts', 'tests/property/watch/removals.test.ts'],
    kinds: GUARDS,
  },
];

export function targetsNamed(names: readonly string[]): readonly Target[] {
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined)
    throw new Error(
      `there is no target ${unknown}; known are ${TARGETS.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? TARGETS : TARGETS.filter(({ name }) => names.includes(name));
}
