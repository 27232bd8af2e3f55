const { projects, collectCoverageFrom, ...base } = require('./jest.config.cjs');

/** The page in a real browser: `npm run test:browser`. */
module.exports = {
  ...base,
  projects: [
    {
      ...projects[0],
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
      testPathIgnorePatterns: [],
    },
  ],
};
