// The folder rule (ARCHITECTURE.md, "Who may import whom"): imports point down, never sideways.
// Each rule says why it exists; `npm run check` runs them all.

const doors = '^src/(sources|store|alerts|live|api)/';
const typesOnlyAllowed = { dependencyTypesNot: ['type-only'] };

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'A circle means two files are one; nobody can read either first.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'app-is-the-only-joiner',
      comment: 'The road is read in app.ts; if anything below could import it, the order would hide.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main|rackwatt|app|commands/)' },
      to: { path: '^src/(app|main|commands/)' },
    },
    {
      name: 'model-imports-nothing',
      comment: 'The words of the product stand on their own, so that every other folder may use them.',
      severity: 'error',
      from: { path: '^src/model/' },
      to: { pathNot: '^src/model/' },
    },
    {
      name: 'base-knows-nothing-about-power',
      comment: 'Clock, log, queue and retry would serve any service; importing ours would tie them to one.',
      severity: 'error',
      from: { path: '^src/base/' },
      to: { path: '^src/', pathNot: '^src/base/' },
    },
    {
      name: 'quiet-middle-is-pure',
      comment:
        'Decoders, detectors and analysis are values in, values out: no clock, disk, network or package.',
      severity: 'error',
      from: { path: '^src/(devices|detect|analysis|exchange)/' },
      to: { pathNot: '^src/(model|devices|detect|analysis|exchange)/' },
    },
    {
      name: 'middle-not-sideways',
      comment:
        'Decoding, detecting and analysing do not know each other; app.ts hands readings from one to the next.',
      severity: 'error',
      from: { path: '^src/(devices|detect|analysis|exchange)/' },
      to: { path: '^src/(devices|detect|analysis|exchange)/', pathNot: '^src/$1/', ...typesOnlyAllowed },
    },
    {
      name: 'doors-do-not-call-each-other',
      comment: 'A door that calls another ties two outside worlds together; only types may cross.',
      severity: 'error',
      from: { path: doors },
      to: { path: doors, pathNot: '^src/$1/', ...typesOnlyAllowed },
    },
    {
      name: 'doors-import-down',
      comment:
        'A door gets what it needs handed in; it may use base and model (api and alerts: analysis too).',
      severity: 'error',
      from: { path: doors },
      to: { path: '^src/(devices|detect|config)/', ...typesOnlyAllowed },
    },
    {
      name: 'analysis-answers-only-api-and-alerts',
      comment: 'Questions are asked at the api; sources, store and live only move readings.',
      severity: 'error',
      from: { path: '^src/(sources|store|live)/' },
      to: { path: '^src/analysis/', ...typesOnlyAllowed },
    },
    {
      name: 'web-shares-only-the-contract',
      comment:
        'The page knows the protocol and the shapes of answers, so that page and server cannot drift apart.',
      severity: 'error',
      from: { path: '^src/web/' },
      to: { path: '^src/', pathNot: '^src/(web/|model/|live/protocol\\.ts|api/shapes\\.ts)' },
    },
    {
      name: 'no-test-code-in-the-product',
      comment: 'What ships must run without the test folder and without development packages.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/web/' },
      to: { path: ['^test/'], dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
