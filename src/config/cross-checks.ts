import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { instantOfText } from '../analysis/settings-time.ts';
import { type InputTimes, inputTimes } from '../analysis/tree-at.ts';
import { checkAccess } from './access-checks.ts';
import { checkAlerts } from './alert-checks.ts';
import type { Finding } from './finding.ts';
import { checkMappings } from './mapping-checks.ts';
import { checkNotify } from './notify-checks.ts';
import { checkPrices } from './price-checks.ts';
import { nearest, shown } from './problem.ts';
import { at, dotted, isMapping } from './tree.ts';
import { machineTimezone, timezone } from './values.ts';

/**
 * Looks at what was given, right or wrong, so that these mistakes are reported together with all others:
 * anything may stand anywhere in `tree`, and what has the wrong shape is passed over here.
 */
export function crossCheck(tree: unknown, cwd: string): Finding[] {
  return [
    ...checkAccess(tree),
    ...checkAddresses(tree),
    ...checkCredentials(tree),
    ...checkFiles(tree, cwd),
    ...checkNames(tree),
    ...checkReferences(tree),
    ...checkOutlets(tree),
    ...checkMappings(tree),
    ...checkPrices(tree),
    ...checkAlerts(tree),
    ...checkNotify(tree, cwd),
  ];
}

function checkAddresses(tree: unknown): Finding[] {
  const findings: Finding[] = [];
  const httpHost = at(tree, 'http', 'host') ?? '127.0.0.1';
  const brokerHost = at(tree, 'broker', 'host') ?? '127.0.0.1';
  const httpPort = at(tree, 'http', 'port') ?? 8080;
  const samePort = httpPort !== 0 && httpPort === (at(tree, 'broker', 'port') ?? 1883);
  const sameHost =
    httpHost === brokerHost || [httpHost, brokerHost].some((host) => host === '0.0.0.0' || host === '::');
  if (samePort && sameHost && at(tree, 'mqtt', 'url') === undefined) {
    findings.push({
      path: at(tree, 'http', 'port') === undefined ? ['broker', 'port'] : ['http', 'port'],
      found: `${String(httpPort)} for the page and for the built-in broker`,
      expected: 'two different ports',
      example: 'http: { port: 8080 }',
    });
  }
  return findings;
}

function checkCredentials(tree: unknown): Finding[] {
  const findings: Finding[] = [];
  for (const section of [['mqtt'], ['broker'], ['store', 'influx']]) {
    if (at(tree, ...section, 'password') === undefined || at(tree, ...section, 'username') !== undefined)
      continue;
    const example = section.reduceRight(
      (inner, key) => `${key}: { ${inner} }`,
      "username: rackwatt, password: 'a long password'",
    );
    findings.push({
      path: [...section, 'password'],
      found: 'a password without a username',
      expected: 'both',
      example,
    });
  }
  if (at(tree, 'broker', 'username') !== undefined && at(tree, 'broker', 'password') === undefined) {
    const example = "broker: { username: plugs, password: 'a long password' }";
    findings.push({
      path: ['broker', 'username'],
      found: 'a username without a password',
      expected: 'both',
      example,
    });
  }
  return findings;
}

const certificateFiles = [
  { section: ['mqtt'], keys: ['ca', 'cert', 'key'] },
  { section: ['http', 'tls'], keys: ['cert', 'key'] },
] as const;

function checkFiles(tree: unknown, cwd: string): Finding[] {
  return certificateFiles.flatMap(({ section, keys }) => [
    ...keys.flatMap((key) => unreadableFile(tree, [...section, key], cwd)),
    ...halfOfPair(tree, section),
  ]);
}

function unreadableFile(tree: unknown, place: readonly string[], cwd: string): Finding[] {
  const path = at(tree, ...place);
  const why = typeof path === 'string' ? unreadable(resolve(cwd, path)) : undefined;
  if (why === undefined) return [];
  const key = place.at(-1);
  return [
    {
      path: place,
      found: `${shown(path)}, ${why}`,
      expected: 'the path of a file that can be read (from the folder rackwatt is started in)',
      example: nested(place.slice(0, -1), `${key}: /etc/rackwatt/${key}.pem`),
    },
  ];
}

function halfOfPair(tree: unknown, section: readonly string[]): Finding[] {
  const pairs = [['cert', 'key'] as const, ['key', 'cert'] as const];
  return pairs.flatMap(([given, missing]) => {
    if (at(tree, ...section, given) === undefined || at(tree, ...section, missing) !== undefined) return [];
    const example = nested(section, 'cert: /etc/rackwatt/cert.pem, key: /etc/rackwatt/key.pem');
    return [{ path: [...section, given], found: `${given} without ${missing}`, expected: 'both', example }];
  });
}

function nested(section: readonly string[], inner: string): string {
  return section.reduceRight((text, key) => `${key}: { ${text} }`, inner);
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile() ? undefined : 'which is no file';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? 'which does not exist' : `which cannot be read (${code ?? 'error'})`;
  }
}

function checkNames(tree: unknown): Finding[] {
  const feeds = rows(tree, 'room', 'feeds');
  return [
    ...duplicates(feeds, 'feed'),
    ...duplicates(breakersOf(tree), 'breaker'),
    ...duplicates(rows(tree, 'room', 'racks'), 'rack'),
    ...duplicates(rows(tree, 'room', 'servers'), 'server'),
  ];
}

function duplicates(named: readonly Row[], kind: string): Finding[] {
  const first = new Map<string, Row>();
  return named.flatMap((row) => {
    const name = row.value.name;
    if (typeof name !== 'string') return [];
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, row);
      return [];
    }
    const found = `${shown(name)}, which ${dotted(earlier.path)} is called already`;
    const example =
      kind === 'breaker'
        ? 'room: { feeds: [ { name: A, breakers: [ { name: A1 }, { name: A2 } ] } ] }'
        : `room: { ${kind}s: ${twoOf(kind)} }`;
    return [{ path: [...row.path, 'name'], found, expected: `a ${kind} name of its own`, example }];
  });
}

function twoOf(kind: string): string {
  const rest = (label: string) => (kind === 'server' ? `, inputs: [ { outlet: pdu-a/${label} } ]` : '');
  return `[ { name: ${kind}-1${rest('1')} }, { name: ${kind}-2${rest('2')} } ]`;
}

function checkReferences(tree: unknown): Finding[] {
  const racks = namesOf(rows(tree, 'room', 'racks'));
  const breakers = namesOf(breakersOf(tree));
  return rows(tree, 'room', 'servers').flatMap((server) => [
    ...reference(
      server,
      'rack',
      racks,
      'room: { racks: [ { name: r1 } ], servers: [ { name: hv-01, rack: r1, inputs: [ { outlet: pdu-a/7 } ] } ] }',
    ),
    ...rows(server.value, 'inputs').flatMap((input) =>
      reference(
        { path: [...server.path, ...input.path], value: input.value },
        'breaker',
        breakers,
        'room: { feeds: [ { name: A, breakers: [ { name: A1 } ] } ], servers: [ { name: hv-01, inputs: [ { outlet: pdu-a/7, breaker: A1 } ] } ] }',
      ),
    ),
  ]);
}

function reference(row: Row, key: 'rack' | 'breaker', names: readonly string[], example: string): Finding[] {
  const name = row.value[key];
  if (typeof name !== 'string' || names.includes(name)) return [];
  const home = key === 'rack' ? 'room.racks' : 'room.feeds';
  const meant = nearest(name, names);
  const known =
    names.length === 0
      ? `there are none under ${home}`
      : meant
        ? `perhaps ${shown(meant)}`
        : `there are ${names.slice(0, 8).map(shown).join(', ')}${names.length > 8 ? ', …' : ''}`;
  return [
    {
      path: [...row.path, key],
      found: `${shown(name)}, an unknown ${key}`,
      expected: `the name of a ${key} under ${home}: ${known}`,
      example,
    },
  ];
}

/** An outlet has one input at a time. */
function checkOutlets(tree: unknown): Finding[] {
  const zone = timezone.safeParse(at(tree, 'room', 'timezone') ?? machineTimezone());
  const claims = new Map<string, { readonly times: InputTimes; readonly where: string }[]>();
  const findings: Finding[] = [];
  for (const server of rows(tree, 'room', 'servers')) {
    for (const input of rows(server.value, 'inputs')) {
      const outlet = input.value.outlet;
      if (typeof outlet !== 'string') continue;
      const place = [...server.path, ...input.path];
      const wrong = zone.success ? wrongTimes(input.value, place, zone.data) : [];
      findings.push(...wrong);
      const { from, to } = input.value as { from?: string; to?: string };
      const times =
        zone.success && wrong.length === 0
          ? inputTimes({ outlet, from, to }, zone.data)
          : { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
      const path = [...place, 'outlet'];
      const earlier = claims.get(outlet) ?? [];
      const claim = earlier.find((one) => one.times.fromMs < times.toMs && times.fromMs < one.times.toMs);
      if (claim === undefined)
        claims.set(outlet, [...earlier, { times, where: `${dotted(path)} (${shown(server.value.name)})` }]);
      else {
        const example =
          'room: { servers: [ { name: hv-01, inputs: [ { outlet: pdu-a/7 }, { outlet: pdu-b/7 } ] } ] }';
        findings.push({
          path,
          found: `${shown(outlet)}, which ${claim.where} claims already`,
          expected: 'an outlet that no other input claims at the same time',
          example,
        });
      }
    }
  }
  return findings;
}

function wrongTimes(
  input: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
  zone: string,
): Finding[] {
  const example = "inputs: [ { outlet: pdu-a/7, from: '2026-04-01', to: '2026-06-01' } ]";
  const given = (['from', 'to'] as const).filter((key) => typeof input[key] === 'string');
  const findings = given
    .filter((key) => instantOfText(input[key] as string, zone) === undefined)
    .map((key) => ({
      path: [...path, key],
      found: shown(input[key]),
      expected: 'a local date or time such as 2026-04-01 or 2026-04-01T07:00',
      example,
    }));
  if (findings.length > 0 || given.length < 2) return findings;
  const { from, to } = input as { from: string; to: string };
  return instantOfText(from, zone)! < instantOfText(to, zone)!
    ? []
    : [{ path: [...path, 'to'], found: `${shown(to)}, not after from`, expected: 'a later time', example }];
}

interface Row {
  readonly path: readonly PropertyKey[];
  readonly value: Readonly<Record<string, unknown>>;
}

/** The mappings in the list at a path. */
function rows(tree: unknown, ...path: string[]): Row[] {
  const list = at(tree, ...path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, i) => (isMapping(value) ? [{ path: [...path, i], value }] : []));
}

function breakersOf(tree: unknown): Row[] {
  return rows(tree, 'room', 'feeds').flatMap((feed) =>
    rows(feed.value, 'breakers').map(({ path, value }) => ({ path: [...feed.path, ...path], value })),
  );
}

function namesOf(named: readonly Row[]): string[] {
  return named.flatMap(({ value }) => (typeof value.name === 'string' ? [value.name] : []));
}
