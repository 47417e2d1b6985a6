import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { NotifySecretError, notifySecrets } from '../../src/config/notify-secrets.ts';
import { asVariables, refused } from './refused.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwatt-notify-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (yaml: string) => loadSettings({ env: asVariables(yaml), cwd: folder }).settings.notify;
const mistakes = (yaml: string) =>
  refused({ env: asVariables(yaml), cwd: folder }).map(({ setting, found, expected }) => ({
    setting: setting.replace('notify.channels', 'c'),
    found,
    expected,
  }));
const inFile = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('a channel of every kind, with no more than it needs', () => {
  const slack = inFile('slack', 'https://hooks.slack.com/services/T0/B0/abcdefghijkl\n');
  const { channels } = load(`
notify:
  channels:
    - { name: admins, kind: email, host: smtp.example.org, from: 'Room 1 <rackwatt@example.org>', to: [a@example.org] }
    - { name: ops, kind: webhook, url: 'https://ops.example.org/x' }
    - { name: chat, kind: slack, urlFile: ${slack} }
    - { name: teams, kind: teams, urlFile: ${slack} }
    - { name: discord, kind: discord, url: 'https://discord.com/api/webhooks/1/x' }
    - { name: phone, kind: ntfy, url: 'https://ntfy.sh', topic: rackwatt-x7Kq2 }
    - { name: gotify, kind: gotify, url: 'https://gotify.example.org', token: Axyz }
    - { name: am, kind: alertmanager, url: 'http://alertmanager:9093' }
    - { name: home, kind: mqtt }
`);
  expect(channels).toHaveLength(9);
  expect(channels[0]).toMatchObject({ security: 'starttls', ignoreQuietHours: false });
  expect(channels[8]).toMatchObject({ prefix: 'rackwatt', homeAssistant: true, figuresSeconds: 10 });
  expect(notifySecrets(channels[2]!).url).toBe('https://hooks.slack.com/services/T0/B0/abcdefghijkl');
});

test('routes and quiet hours', () => {
  const notify = load(`
notify:
  channels: [ { name: home, kind: mqtt } ]
  routes: [ { channels: [ home ], severities: [ critical ], rules: [ feed-lost ], scopes: [ 'rack:r1', 'server:hv-*' ] } ]
  quietHours: [ { from: '22:00', to: '07:00', days: [ fri, sat ] } ]
`);
  expect(notify.routes[0]?.scopes).toEqual(['rack:r1', 'server:hv-*']);
  expect(notify.quietHours[0]?.days).toEqual(['fri', 'sat']);
  expect(notify.digestAbove).toBe(3);
});

test('all mistakes come at once, each with what is expected', () => {
  const wrong = mistakes(`
notify:
  channels:
    - { name: admins, kind: email, host: smtp.example.org, to: [ not an address ] }
    - { name: admins, kind: mqtt, url: 'http://x' }
    - { name: 'a/b', kind: pager }
    - { name: phone, kind: ntfy, url: 'https://ntfy.sh', prefix: x }
    - { name: gotify, kind: gotify, urlFile: ./none, url: 'https://x', username: me }
    - { name: cloud, kind: webhook, url: 'http://169.254.169.254/latest' }
    - { name: slack, kind: slack, colour: red }
  routes: [ { channels: [ admin ] }, { channels: [ phone ], severities: [ high ], rules: [ idle ] } ]
  quietHours: [ { from: '9', to: '07:00' }, { from: '07:00', to: '07:00' } ]
  digestAbove: 0
`);
  const about = (setting: string) => wrong.find((one) => one.setting === setting);
  expect(about('c[0].from')?.expected).toBe('email needs from');
  expect(about('c[0].to[0]')?.expected).toMatch(/a list of addresses such as/);
  expect(about('c[1].name')?.found).toMatch(/called already/);
  expect(about('c[1].url')?.expected).toMatch(/mqtt:\/\//);
  expect(about('c[2].kind')?.expected).toMatch(/one of email, webhook/);
  expect(about('c[2].name')).toBeDefined();
  expect(about('c[3].topic')?.expected).toBe('ntfy needs topic');
  expect(about('c[3].prefix')?.found).toMatch(/ntfy does not use/);
  expect(about('c[4].token')?.expected).toBe('gotify needs token or tokenFile');
  expect(about('c[4].urlFile')?.found).toMatch(/both url and urlFile/);
  expect(about('c[4].username')).toBeDefined();
  expect(about('c[5].url')?.found).toMatch(/link-local/);
  expect(about('c[6].url')?.expected).toBe('slack needs url or urlFile');
  expect(about('c[6].colour')?.found).toMatch(/unknown setting/);
  expect(about('notify.routes[0].channels[0]')?.expected).toMatch(/perhaps "admins"/);
  expect(about('notify.routes[1].severities[0]')).toBeDefined();
  expect(about('notify.routes[1].rules[0]')?.expected).toMatch(/feed-lost/);
  expect(about('notify.quietHours[0].from')).toBeDefined();
  expect(about('notify.quietHours[1].to')?.found).toMatch(/same as from/);
  expect(about('notify.digestAbove')).toBeDefined();
});

test('two channels may not write to the same topics of one broker', () => {
  const twice = (prefix: string) =>
    `notify: { channels: [ { name: a, kind: mqtt }, { name: b, kind: mqtt${prefix} } ] }`;
  expect(mistakes(twice(''))[0]?.found).toMatch(/another channel uses/);
  expect(load(twice(', prefix: other')).channels).toHaveLength(2);
});

describe('secrets', () => {
  test('do not show in messages about mistakes', () => {
    const yaml = `
notify:
  channels:
    - { name: a, kind: webhook, url: 'ftp://user:s3cret-1@x/s3cret-2', token: ['s3cret-3'], secret: "s3cret-4\\u0007" }
    - { name: b, kind: slack, url: 's3cret-5', password: s3cret-6 }
`;
    const report = refused({ env: asVariables(yaml), cwd: folder })
      .map((problem) => Object.values(problem).join(' '))
      .join('\n');
    expect(report).toMatch(/\(hidden\)/);
    expect(report).not.toMatch(/s3cret/);
  });

  test('do not show in a line that is no YAML', () => {
    writeFileSync(join(folder, 'torn.yaml'), 'notify:\n  channels:\n    - { name: a, token: "s3cret-1 }\n');
    writeFileSync(join(folder, 'flat.yaml'), 'mqtt:\n  password: s3cret: 2\n');
    for (const configPath of ['torn.yaml', 'flat.yaml']) {
      const report = JSON.stringify(refused({ configPath, cwd: folder }));
      expect(report).not.toMatch(/s3cret/);
      expect(report).toMatch(/YAML/);
    }
  });

  test('in a file: what is wrong with it is said, what it holds is not', () => {
    const empty = inFile('empty', '\n');
    const long = inFile('long', 'first s3cret\nsecond');
    const noUrl = inFile('no-url', 's3cret words');
    const wrong = mistakes(`
notify:
  channels:
    - { name: a, kind: gotify, url: 'https://x', tokenFile: ${empty} }
    - { name: b, kind: gotify, url: 'https://x', tokenFile: ${long} }
    - { name: c, kind: slack, urlFile: ${noUrl} }
    - { name: d, kind: slack, urlFile: ${folder} }
`);
    expect(wrong.map(({ found }) => found.replace(/^".*", /, ''))).toEqual([
      'which holds nothing',
      'which holds more than one line of at most 4096 characters',
      'which holds no address',
      'which is no file',
    ]);
    expect(JSON.stringify(wrong)).not.toMatch(/s3cret/);
  });

  test('that have gone since then are said so by the name of the channel', () => {
    const file = inFile('gone', 'abcdef');
    const { channels } = load(
      `notify: { channels: [ { name: b, kind: gotify, url: 'https://x', tokenFile: ${file} } ] }`,
    );
    rmSync(file);
    expect(() => notifySecrets(channels[0]!)).toThrow(NotifySecretError);
    expect(() => notifySecrets(channels[0]!)).toThrow(/channel b: the file .*gone cannot be read \(ENOENT\)/);
  });
});

test('an address of a mail can hold no second header and no second recipient', () => {
  for (const address of ['a@b\nBcc: c@d', 'a@b, c@d', 'a@b; c@d', '<a@b', 'a b@c', '"x" <a@b>\r\nX: y']) {
    const yaml = `notify: { channels: [ { name: a, kind: email, host: h, from: a@b, to: [ ${JSON.stringify(address)} ] } ] }`;
    expect(
      mistakes(yaml).map(({ setting }) => setting),
      address,
    ).toEqual(['c[0].to[0]']);
  }
});
