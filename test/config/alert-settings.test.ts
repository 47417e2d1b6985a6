import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alertPaper } from '../../src/config/alert-paper.ts';
import { loadSettings } from '../../src/config/load.ts';
import { alertRules } from '../../src/model/alert.ts';
import { ruleWords } from '../../src/model/alert-rules.ts';
import { asVariables, refused } from './refused.ts';

test('docs/alerts.md is what the schema says (npm run config:write)', () => {
  const paper = readFileSync(join(import.meta.dirname, '../../docs/alerts.md'), 'utf8');
  expect(paper).toBe(alertPaper());
  for (const rule of alertRules) expect(paper).toContain(`\n## ${rule}\n`);
});

test('every rule is on without any settings, with the dwells its words say', () => {
  const { alerts } = loadSettings({ env: {}, cwd: '/' }).settings;
  for (const rule of alertRules) expect(alerts[ruleWords[rule].key].enabled, rule).toBe(true);
  expect(alerts.circuitLoad).toMatchObject({ severity: 'info', raiseAfter: 120_000, clearAfter: 300_000 });
  expect(alerts.startSag).not.toHaveProperty('raiseAfter');
});

test('a dwell of nothing is no time, not for ever', () => {
  const { alerts } = loadSettings({
    env: asVariables('alerts: { feedLost: { raiseAfter: 0s, clearAfter: 0 } }'),
    cwd: '/',
  }).settings;
  expect(alerts.feedLost).toMatchObject({ raiseAfter: 0, clearAfter: 0 });
});

describe('are refused, with the reason', () => {
  const rows: [name: string, yaml: string, setting: string, found: RegExp][] = [
    [
      'levels that fall',
      'alerts: { circuitLoad: { infoPercent: 90 } }',
      'alerts.circuitLoad.warningPercent',
      /not above infoPercent 90/,
    ],
    [
      'levels of an override that fall beside those of the room',
      'alerts: { overrides: [ { scopes: [ room ], startSag: { percent: 12 } } ] }',
      'alerts.overrides[0].startSag.criticalPercent',
      /not above percent 12/,
    ],
    [
      'a dwell that is none',
      'alerts: { serverOff: { raiseAfter: soon } }',
      'alerts.serverOff.raiseAfter',
      /"soon"/,
    ],
    [
      'a dwell of what happens in a moment',
      'alerts: { startSag: { raiseAfter: 5m } }',
      'alerts.startSag.raiseAfter',
      /unknown setting/,
    ],
    ['a rule that is none', 'alerts: { highIdel: { enabled: false } }', 'alerts.highIdel', /unknown setting/],
    [
      'a clear level above the raise level',
      'alerts: { highIdle: { clearShare: 1.2 } }',
      'alerts.highIdle.clearShare',
      /1.2/,
    ],
    [
      'a scope the room does not have',
      'alerts: { overrides: [ { scopes: [ rack:r9 ], highIdle: { enabled: false } } ] }\nroom: { racks: [ { name: r1 } ] }',
      'alerts.overrides[0].scopes[0]',
      /an unknown rack/,
    ],
    [
      'what is no scope',
      'alerts: { overrides: [ { scopes: [ hv-01 ] } ] }',
      'alerts.overrides[0].scopes[0]',
      /no scope/,
    ],
    [
      'a window that ends before it begins',
      "alerts: { maintenance: [ { name: x, from: '2026-04-02', to: '2026-04-01' } ] }",
      'alerts.maintenance[0].to',
      /with from/,
    ],
    [
      'a window whose days have no times of day',
      "alerts: { maintenance: [ { name: x, days: [ mon ], from: '2026-04-02', to: '05:00' } ] }",
      'alerts.maintenance[0].from',
      /2026-04-02/,
    ],
    [
      'a budget of nothing',
      'alerts: { energyBudget: { budgets: [ { scope: room } ] } }',
      'alerts.energyBudget.budgets[0]',
      /without an amount/,
    ],
    [
      'a budget of money without a tariff',
      'alerts: { energyBudget: { budgets: [ { scope: room, costPerMonth: 5 } ] } }',
      'alerts.energyBudget.budgets[0].costPerMonth',
      /nothing says what energy costs/,
    ],
  ];
  test.each(rows)('%s', (_, yaml, setting, found) => {
    const problems = refused({ env: asVariables(yaml) });
    expect(problems.map((problem) => problem.setting)).toEqual([setting]);
    expect(problems[0]!.found).toMatch(found);
  });

  test('and the nearest scope is named', () => {
    const [problem] = refused({
      env: asVariables(
        'alerts: { overrides: [ { scopes: [ server:hv-1 ] } ] }\nroom: { servers: [ { name: hv-01, inputs: [ { outlet: a/1 } ] } ] }',
      ),
    });
    expect(problem!.expected).toContain('perhaps server:hv-01');
  });
});
