import { expect, test } from 'vitest';
import { demoDays } from './demo-week.ts';

test('a week of the demo room tells the four planted faults, once each, and nothing else', async () => {
  const told = await demoDays(1, Date.UTC(2026, 5, 1), 7, 120_000);
  const news = told.filter(({ kind }) => kind !== 'reminder');
  expect(news.map(({ kind, alert }) => `${kind} ${alert.rule} ${alert.scope}`).sort()).toEqual([
    'firing device-silent device:plug-lab-02',
    'firing failover-overload breaker:B3',
    'firing high-idle server:old-erp-01',
    'firing redundancy-lost server:db-02',
  ]);
  // Once a day as long as nobody looks after them.
  expect(told.length - news.length).toBe(4 * 6);
  expect(news.every(({ atMs }) => atMs < Date.UTC(2026, 5, 1, 0, 15))).toBe(true);
});
