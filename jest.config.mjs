/** Tests run as ES modules, because the Kubernetes client is ESM only. */
export default {
  testEnvironment: '<rootDir>/tests/fixtures/plain-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: { '^fast-check$': '<rootDir>/tests/fixtures/fast-check.mjs' },
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  globalSetup: '<rootDir>/tests/fixtures/checkout/setup.mjs',
  globalTeardown: '<rootDir>/tests/fixtures/checkout/teardown.mjs',
  testTimeout: 30_000,
  maxWorkers: 3,
  errorOnDeprecated: true,
};
