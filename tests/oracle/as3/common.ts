/** The objects in /Common that declarations of the cases refer to, beside what a device brings. */
const I_RULES = ['r1', 'folder/r2', 'a.b-c_d', 'a+b:c', 'proxy-protocol'];

export const COMMON = {
  /** For the lab. */
  lab: {
    iRules: I_RULES.map((name) => `/Common/${name}`),
    snatPools: ['/Common/mysnat'],
    persistence: ['/Common/mypersist'],
    // The model of BIG-IP below the engine takes any.
    routeDomains: ['2', '7', '65534'],
  },
  /** For the engine: collections of iControl REST, and the bodies that create the objects. */
  engine: [
    ['sys/folder', { name: '/Common/folder' }],
    ...I_RULES.map((name) => ['ltm/rule', { name: `/Common/${name}` }] as const),
    ['ltm/snatpool', { name: '/Common/mysnat', members: ['/Common/192.0.2.10'] }],
    ['ltm/persistence/source-addr', { name: '/Common/mypersist' }],
    ['net/vlan', { name: '/Common/internal' }],
    ['net/vlan', { name: '/Common/external' }],
  ],
} as const;
