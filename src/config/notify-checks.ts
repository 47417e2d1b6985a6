import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Finding } from './finding.ts';
import { type NotifyKind, notifyKinds } from './notify-settings.ts';
import { nearest, shown } from './problem.ts';
import { at, dotted, isMapping } from './tree.ts';

/** What a kind of channel must have, and what it may have besides name, kind and ignoreQuietHours. */
interface Needs {
  readonly needed: readonly string[];
  readonly allowed: readonly string[];
  readonly example: string;
}

const login = ['username', 'password'];
const hook = (kind: string, more: Partial<Needs> = {}): Needs => ({
  needed: ['url', ...(more.needed ?? [])],
  allowed: more.allowed ?? [],
  example: `{ name: ops, kind: ${kind}, ${more.example ?? `urlFile: /run/secrets/${kind}-url`} }`,
});

const needsOf: Readonly<Record<NotifyKind, Needs>> = {
  email: {
    needed: ['host', 'from', 'to'],
    allowed: ['port', 'security', 'ca', ...login],
    example:
      '{ name: admins, kind: email, host: smtp.example.org, from: rackwatt@example.org, to: [ admins@example.org ], username: rackwatt, passwordFile: /run/secrets/smtp }',
  },
  webhook: hook('webhook', {
    allowed: ['token', 'secret', ...login],
    example: 'url: https://ops.example.org/rackwatt',
  }),
  slack: hook('slack'),
  teams: hook('teams'),
  discord: hook('discord'),
  ntfy: hook('ntfy', {
    needed: ['topic'],
    allowed: ['token', ...login],
    example: 'url: https://ntfy.sh, topic: rackwatt-x7Kq2',
  }),
  gotify: hook('gotify', {
    needed: ['token'],
    example: 'url: https://gotify.example.org, tokenFile: /run/secrets/gotify',
  }),
  alertmanager: hook('alertmanager', {
    allowed: ['token', ...login],
    example: 'url: http://alertmanager:9093',
  }),
  mqtt: {
    needed: [],
    allowed: ['url', 'ca', 'prefix', 'homeAssistant', 'discoveryPrefix', 'figuresSeconds', ...login],
    example: '{ name: home, kind: mqtt }',
  },
};

const everyKind = ['name', 'kind', 'ignoreQuietHours'];
export const secretKeys = ['url', 'token', 'secret', 'password'] as const;
export type SecretKey = (typeof secretKeys)[number];

/** What is wrong under `notify` between settings that are right one by one. */
export function checkNotify(tree: unknown, cwd: string): Finding[] {
  const channels = mappings(at(tree, 'notify', 'channels'));
  return [
    ...channels.flatMap(([i, channel]) => checkChannel(['notify', 'channels', i], channel, cwd)),
    ...checkNames(channels),
    ...checkRoutes(tree, channels),
    ...checkPrefixes(channels),
    ...checkSpans(tree),
  ];
}

type Row = readonly [index: number, value: Readonly<Record<string, unknown>>];

function checkChannel(
  path: readonly PropertyKey[],
  channel: Readonly<Record<string, unknown>>,
  cwd: string,
): Finding[] {
  const kind = notifyKinds.find((known) => known === channel.kind);
  if (kind === undefined) return [];
  const { needed, allowed, example } = needsOf[kind];
  const shownExample = `notify: { channels: [ ${example} ] }`;
  const finding = (key: string, found: string, expected: string): Finding => ({
    path: [...path, key],
    found,
    expected,
    example: shownExample,
  });
  const isGiven = (key: string) => channel[key] !== undefined || channel[`${key}File`] !== undefined;
  const missing = needed
    .filter((key) => !isGiven(key))
    .map((key) => finding(key, 'nothing', `${kind} needs ${key}${isSecretKey(key) ? ` or ${key}File` : ''}`));
  const useful = [...everyKind, ...needed, ...allowed];
  const useless = Object.keys(channel)
    .filter((key) => !useful.includes(key.replace(/File$/, '')) && key in knownKeys)
    .map((key) => finding(key, `${key}, which ${kind} does not use`, `only ${useful.join(', ')}`));
  return [
    ...missing,
    ...useless,
    ...checkSecrets(kind, channel, cwd, finding),
    ...checkAddress(kind, channel, finding),
    ...checkLogin(channel, isGiven, finding),
  ];
}

type MakeFinding = (key: string, found: string, expected: string) => Finding;

/** Keys the schema refuses by itself are not named a second time. */
const knownKeys: Readonly<Record<string, true>> = Object.fromEntries(
  Object.values(needsOf)
    .flatMap(({ needed, allowed }) => [...needed, ...allowed])
    .flatMap((key) => (isSecretKey(key) ? [key, `${key}File`] : [key]))
    .map((key) => [key, true]),
);

function isSecretKey(key: string): boolean {
  return (secretKeys as readonly string[]).includes(key);
}

function checkSecrets(
  kind: NotifyKind,
  channel: Readonly<Record<string, unknown>>,
  cwd: string,
  finding: MakeFinding,
): Finding[] {
  const findings: Finding[] = [];
  for (const key of secretKeys) {
    const file = channel[`${key}File`];
    if (file !== undefined && channel[key] !== undefined)
      findings.push(finding(`${key}File`, `both ${key} and ${key}File`, 'one of them'));
    const why = typeof file === 'string' ? wrongFile(resolve(cwd, file), key, kind) : undefined;
    if (why !== undefined)
      findings.push(
        finding(`${key}File`, `${shown(file)}, ${why}`, `the path of a file that holds the ${key}`),
      );
  }
  const { ca } = channel;
  const why = typeof ca === 'string' ? unreadable(resolve(cwd, ca)) : undefined;
  if (why !== undefined)
    findings.push(finding('ca', `${shown(ca)}, ${why}`, 'the path of a file that can be read'));
  return findings;
}

function wrongFile(path: string, key: SecretKey, kind: NotifyKind): string | undefined {
  const why = unreadable(path);
  // A pipe gives what it holds once only.
  if (why !== undefined || !statSync(path).isFile()) return why;
  const problem = secretProblem(key, kind, secretOf(readFileSync(path, 'utf8')));
  return problem && `which holds ${problem}`;
}

/** A trailing line break is the editor's, not the secret's. */
export function secretOf(content: string): string {
  return content.replace(/\r?\n$/, '');
}

/** What is wrong with what a file holds; never the content itself. */
export function secretProblem(key: SecretKey, kind: NotifyKind, value: string): string | undefined {
  if (value === '') return 'nothing';
  if (value.length > 4_096 || /\p{Cc}/u.test(value)) return 'more than one line of at most 4096 characters';
  return key === 'url' ? addressProblem(kind, value)?.found : undefined;
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    const found = statSync(path);
    return found.isFile() || found.isFIFO() ? undefined : 'which is no file';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? 'which does not exist' : `which cannot be read (${code ?? 'error'})`;
  }
}

/** Addresses that are no service of anybody's, but where clouds hand out the secrets of a machine. */
const linkLocal = /^(169\.254\.|\[fe80:|\[fd00:ec2::254\])/i;

function checkAddress(
  kind: NotifyKind,
  { url }: Readonly<Record<string, unknown>>,
  finding: MakeFinding,
): Finding[] {
  if (typeof url !== 'string' || !URL.canParse(url)) return [];
  const problem = addressProblem(kind, url);
  return problem === undefined ? [] : [finding('url', problem.found, problem.expected)];
}

/** What is wrong with an address for a kind of channel; also for one that came out of a file. */
export function addressProblem(
  kind: NotifyKind,
  url: string,
): { found: string; expected: string } | undefined {
  const parsed = URL.parse(url);
  if (parsed === null)
    return { found: 'no address', expected: 'an address such as https://ops.example.org/x' };
  const isHttp = /^https?:$/.test(parsed.protocol);
  if (kind === 'mqtt' && isHttp)
    return {
      found: `an address that begins with ${parsed.protocol}//`,
      expected: 'one that begins with mqtt:// or mqtts://',
    };
  if (kind !== 'mqtt' && !isHttp)
    return {
      found: `an address that begins with ${parsed.protocol}//`,
      expected: 'one that begins with https:// or http://',
    };
  if (linkLocal.test(parsed.hostname))
    return {
      found: `the link-local address ${parsed.hostname}`,
      expected: 'the address of a service that takes messages',
    };
  return undefined;
}

function checkLogin(
  channel: Readonly<Record<string, unknown>>,
  isGiven: (key: string) => boolean,
  finding: MakeFinding,
): Finding[] {
  if (isGiven('password') && channel.username === undefined)
    return [finding('password', 'a password without a username', 'both')];
  if (!isGiven('password') && channel.username !== undefined)
    return [
      finding('username', 'a username without a password', 'both, or password in a file: passwordFile'),
    ];
  return [];
}

function checkNames(channels: readonly Row[]): Finding[] {
  const first = new Map<string, number>();
  return channels.flatMap(([i, { name }]) => {
    if (typeof name !== 'string') return [];
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, i);
      return [];
    }
    return [
      {
        path: ['notify', 'channels', i, 'name'],
        found: `${shown(name)}, which ${dotted(['notify', 'channels', earlier])} is called already`,
        expected: 'a name of its own',
        example:
          'notify: { channels: [ { name: home, kind: mqtt }, { name: work, kind: mqtt, prefix: work } ] }',
      },
    ];
  });
}

function checkRoutes(tree: unknown, channels: readonly Row[]): Finding[] {
  const names = channels.flatMap(([, { name }]) => (typeof name === 'string' ? [name] : []));
  return mappings(at(tree, 'notify', 'routes')).flatMap(([i, { channels: to }]) => {
    if (!Array.isArray(to)) return [];
    return to.flatMap((name: unknown, k) => {
      if (typeof name !== 'string' || names.includes(name)) return [];
      const meant = nearest(name, names);
      const known = meant
        ? `perhaps ${shown(meant)}`
        : names.length > 0
          ? `one of ${names.join(', ')}`
          : 'there are none';
      return [
        {
          path: ['notify', 'routes', i, 'channels', k],
          found: `${shown(name)}, an unknown channel`,
          expected: `the name of a channel under notify.channels: ${known}`,
          example:
            'notify: { channels: [ { name: home, kind: mqtt } ], routes: [ { channels: [ home ], severities: [ critical ] } ] }',
        },
      ];
    });
  });
}

/** Two that write to the same topics of one broker would clear each other's. */
function checkPrefixes(channels: readonly Row[]): Finding[] {
  const seen = new Set<string>();
  return channels.flatMap(([i, { kind, url, prefix }]) => {
    if (kind !== 'mqtt') return [];
    const place = JSON.stringify([url, prefix ?? 'rackwatt']);
    if (!seen.has(place)) {
      seen.add(place);
      return [];
    }
    return [
      {
        path: ['notify', 'channels', i, 'prefix'],
        found: `${shown(prefix ?? 'rackwatt')}, which another channel uses at the same broker`,
        expected: 'a prefix of its own',
        example:
          'notify: { channels: [ { name: home, kind: mqtt }, { name: work, kind: mqtt, prefix: work } ] }',
      },
    ];
  });
}

function checkSpans(tree: unknown): Finding[] {
  return mappings(at(tree, 'notify', 'quietHours')).flatMap(([i, { from, to }]) =>
    typeof from === 'string' && from === to
      ? [
          {
            path: ['notify', 'quietHours', i, 'to'],
            found: `${shown(to)}, the same as from`,
            expected: "another time; a whole day is from '00:00' to '23:59'",
            example: "notify: { quietHours: [ { from: '22:00', to: '07:00' } ] }",
          },
        ]
      : [],
  );
}

function mappings(list: unknown): Row[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, i): Row[] => (isMapping(value) ? [[i, value]] : []));
}
