import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { InfluxDB } from 'influx';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InfluxOptions, InfluxStore } from '../../../src/store/influx/influx-store.ts';
import { StoreError, type StoreWrite } from '../../../src/store/store.ts';
import { anyCharacter } from '../../base/any-character.ts';
import { freePort } from '../../servers/free-port.ts';
import { type Influxd, startInfluxd } from '../../servers/influxd.ts';
import { points, writeReadings } from '../contract.ts';
import { reading, rollUp } from '../made-readings.ts';

const dayMs = 86_400_000;
const admin = { username: 'root of all', password: 'p@ss: wörd/1' };
const nowMs = Math.floor(Date.now() / 1000) * 1000;
const hour = { fromMs: nowMs - 3_600_000, toMs: nowMs + 3_600_000 };

let open: Influxd;
let closed: Influxd;
let databases = 0;
const stores: InfluxStore[] = [];
let said = '';
const log = pino(
  { level: 'debug' },
  {
    write(line: string) {
      said += line;
    },
  },
);

beforeAll(async () => {
  [open, closed] = await Promise.all([startInfluxd({ maxBodyBytes: 20_000 }), startInfluxd({ auth: admin })]);
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await Promise.all([open?.stop(), closed?.stop()]);
});

describe('opening', () => {
  it('makes database and policies: raw is the default, quarters and events are for ever', async () => {
    const { store, options, client } = make(open);
    await store.open();
    expect(await policies(client, options.database)).toEqual({
      raw: '720h0m0s 24h0m0s default',
      minute: '9600h0m0s 168h0m0s',
      quarter: '0s 2184h0m0s',
      events: '0s 2184h0m0s',
    });
    await store.open();
    expect(Object.keys(await policies(client, options.database))).toHaveLength(4);
  });

  it('gives existing policies the durations of the settings, and completes what is there', async () => {
    const { options, client } = make(open);
    await client.createDatabase(options.database);
    await client.createRetentionPolicy('raw', { database: options.database, duration: '3d', replication: 1 });
    await make(open, { database: options.database }).store.open();
    expect(await policies(client, options.database)).toMatchObject({
      autogen: '0s 168h0m0s default',
      raw: '720h0m0s 24h0m0s',
      minute: '9600h0m0s 168h0m0s',
    });
    const shorter = { rawMs: dayMs, minuteMs: 0 };
    await make(open, { database: options.database, retention: shorter }).store.open();
    expect(await policies(client, options.database)).toMatchObject({
      raw: '24h0m0s 1h0m0s',
      minute: '0s 2184h0m0s',
    });
  });

  it('marks a database with the version of its layout, also one from before versions were kept', async () => {
    const { store, options, client } = make(open);
    await store.open();
    await store.open();
    const marks = async () => [
      ...(await client.query('SELECT * FROM events.rackwatt', { database: options.database })),
    ];
    expect(await marks()).toMatchObject([{ schema_version: 1 }]);
    await client.dropMeasurement('rackwatt', options.database);
    await make(open, { database: options.database }).store.open();
    expect(await marks()).toMatchObject([{ schema_version: 1 }]);
  });

  it('refuses a database that a newer rackwatt has written to, and says so', async () => {
    const { store, options, client } = make(open);
    await store.open();
    await client.writePoints([{ measurement: 'rackwatt', fields: { schema_version: 2 } }], {
      database: options.database,
      retentionPolicy: 'events',
    });
    await expect(make(open, { database: options.database }).store.open()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(
        /newer rackwatt \(version 2, this one knows up to 1\).*store\.influx\.database/,
      ),
    });
  });

  it('makes shards no longer than what is kept, which InfluxDB would refuse', async () => {
    for (const [days, kept] of [
      [2, '48h0m0s 24h0m0s'],
      [6, '144h0m0s 72h0m0s'],
      [14, '336h0m0s 168h0m0s'],
    ] as const) {
      const { store, options, client } = make(open, { retention: { rawMs: dayMs, minuteMs: days * dayMs } });
      await store.open();
      expect(await policies(client, options.database)).toMatchObject({ minute: kept });
    }
  });

  it('takes nothing less than an hour and for ever as such', async () => {
    const { store, options, client } = make(open, {
      retention: { rawMs: 60_000, minuteMs: Number.POSITIVE_INFINITY },
    });
    await store.open();
    expect(await policies(client, options.database)).toMatchObject({
      raw: '1h0m0s 1h0m0s default',
      minute: '0s 2184h0m0s',
    });
  });

  it('works with any database name', async () => {
    const { store } = make(open, { database: `it's "odd" & ünïcode 100% ?=` });
    await store.open();
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
    const got = await store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour });
    expect(points(got)).toEqual([[nowMs, 1]]);
  });
});

describe('what Grafana users find', () => {
  it('plain questions without a policy find the readings, roll-ups lie in policies of their name', async () => {
    const { store, client } = make(open);
    await store.open();
    await writeReadings(store, [reading('rack/pdu-a/7', nowMs, { watts: 104.3, voltAmps: 110, on: true })]);
    await store.write(
      store.encodeRollUps('minute', [rollUp('server:hv-01', nowMs - (nowMs % 60_000), 60_000, 5, 4, 6)]),
    );
    const [row] = await client.query<Record<string, unknown>>(
      'SELECT * FROM reading WHERE time > now() - 1h AND time < now() + 1h',
    );
    expect(row).toMatchObject({
      device: 'rack/pdu-a',
      outlet: '7',
      // 104.3 on its binary grid: off by less than half of its last digit.
      watts: 104.28125,
      volt_amps: 110,
      on: true,
    });
    const [minute] = await client.query<Record<string, unknown>>(
      'SELECT * FROM minute.minute WHERE time > now() - 1h AND time < now() + 1h',
    );
    expect(minute).toMatchObject({
      scope: 'server:hv-01',
      watts_mean: 5,
      watts_min: 4,
      watts_max: 6,
      observed_ms: 60_000,
    });
  });
});

describe('names', () => {
  it('of any characters come back as they were', async () => {
    const { store } = make(open);
    await store.open();
    const name = fc.oneof(
      fc.string({ unit: anyCharacter, minLength: 1, maxLength: 20 }),
      fc.string({
        unit: fc.constantFrom('\\', ',', ' ', '=', '"', "'", '␛', '\n', '\r', '\0', 'a', '/', '$', '`'),
      }),
    );
    const names = [...new Set(fc.sample(name, 60))];
    const at = (i: number) => nowMs - i * 1000;
    const all = names.map((one, i) => ({
      outlet: `${one}/${names[(i * 7) % names.length]!.replaceAll('/', '')}`,
      i,
    }));
    const batch = store.readingBatch();
    for (const { outlet, i } of all) batch.add(reading(outlet, at(i), { watts: i }));
    expect((await store.write(batch.encode())).refused).toEqual({});
    for (const { outlet, i } of all) {
      const got = await store.series({ outlet, quantity: 'watts', ...hour });
      expect(points(got), JSON.stringify(outlet)).toEqual([[at(i), i]]);
    }
    const fromMs = nowMs - (nowMs % 60_000);
    await store.write(
      store.encodeRollUps(
        'minute',
        names.map((one) => rollUp(`server:${one}`, fromMs, 60_000, 1, 1, 1)),
      ),
    );
    const energy = await store.energyByScope('minute', fromMs, fromMs + 1);
    expect([...energy.keys()].sort()).toEqual(names.map((one) => `server:${one}`).sort());
  });
});

describe('refusals', () => {
  it('of a field of another type are counted, the other points of the batch are kept', async () => {
    const { store, client, options } = make(open);
    await store.open();
    await client.writePoints(
      [{ measurement: 'reading', tags: { device: 'x', outlet: '1' }, fields: { amps: 'a string' } }],
      {
        database: options.database,
        retentionPolicy: 'raw',
      },
    );
    const { outcome } = await writeReadings(store, [
      reading('pdu/1', nowMs, { watts: 1 }),
      reading('pdu/2', nowMs, { watts: 2, amps: 0.5 }),
      reading('pdu/3', nowMs, { amps: 0.7 }),
    ]);
    expect(outcome.refused).toEqual({ 'field-type-conflict': 2 });
    const [kept] = outcome.kept ?? [];
    expect(kept).toMatchObject({
      points: 2,
      said: expect.stringContaining('"amps" on measurement "reading"'),
    });
    expect(
      Buffer.from(kept!.write.bytes)
        .toString()
        .match(/outlet=\d/g),
    ).toEqual(['outlet=2', 'outlet=3']);
    expect((await store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour })).values).toHaveLength(1);
  });

  it('of unreadable lines are counted, the good lines are kept', async () => {
    const { store } = make(open);
    await store.open();
    const outcome = await store.write(
      raw(
        [
          'reading,device=a,outlet=1 watts=1',
          'reading,device=a,outlet=2 watts=',
          'reading watts',
          'reading,device=a,outlet=3 watts=3',
        ],
        nowMs,
      ),
    );
    expect(outcome.refused).toEqual({ unparsable: 2 });
    expect((await store.series({ outlet: 'a/3', quantity: 'watts', ...hour })).values).toHaveLength(1);
    const allBad = await store.write(raw(['reading,device=a,outlet=2 watts=', 'x'], nowMs));
    expect(allBad.refused).toEqual({ unparsable: 2 });
  });

  it('of what is too old are counted', async () => {
    const { store } = make(open);
    await store.open();
    const { outcome } = await writeReadings(store, [
      reading('pdu/1', nowMs - 40 * dayMs, { watts: 1 }),
      reading('pdu/1', nowMs, { watts: 2 }),
    ]);
    expect(outcome.refused).toEqual({ 'too-old': 1 });
    expect(outcome.kept).toEqual([]);
  });

  it('a write larger than the server takes is cut in two until it fits', async () => {
    const { store } = make(open);
    await store.open();
    const batch = store.readingBatch();
    for (let i = 0; i < 3000; i += 1)
      batch.add(reading(`pdu/${i % 10}`, nowMs - i * 10, { watts: i, volts: 230.1 }));
    const write = batch.encode();
    expect(write.bytes.byteLength).toBeGreaterThan(150_000);
    expect((await store.write(write)).refused).toEqual({});
    let kept = 0;
    for (let i = 0; i < 10; i += 1)
      kept += (await store.series({ outlet: `pdu/${i}`, quantity: 'watts', ...hour })).values.length;
    expect(kept).toBe(3000);
  });

  it('a single line larger than the server takes is refused, its neighbours are kept', async () => {
    const { store } = make(open);
    await store.open();
    const { outcome } = await writeReadings(store, [
      reading('pdu/1', nowMs, { watts: 1 }),
      reading(`${'long'.repeat(6000)}/1`, nowMs, { watts: 2 }),
      reading('pdu/3', nowMs, { watts: 3 }),
    ]);
    expect(outcome.refused).toEqual({ 'too-large': 1 });
    for (const outlet of ['pdu/1', 'pdu/3'])
      expect((await store.series({ outlet, quantity: 'watts', ...hour })).values).toHaveLength(1);
  });
});

describe('a database or policy that has gone', () => {
  it('is made again by the next write', async () => {
    const { store, client, options } = make(open);
    await store.open();
    await client.dropDatabase(options.database);
    await expect(store.ping()).rejects.toMatchObject({ code: 'missing' });
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
    await client.dropRetentionPolicy('minute', options.database);
    await Promise.all(
      [1, 2, 3].map((i) =>
        store.write(
          store.encodeRollUps('minute', [rollUp(`server:${i}`, nowMs - (nowMs % 60_000), 60_000, 1, 1, 1)]),
        ),
      ),
    );
    expect((await store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour })).values).toHaveLength(1);
    expect(Object.keys(await policies(client, options.database))).toHaveLength(4);
    await store.ping();
  });

  it('is an error to a question', async () => {
    const { store } = make(open);
    await expect(store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'missing',
    });
  });
});

describe('with authentication', () => {
  it('an admin needs nothing prepared', async () => {
    const { store } = make(closed, admin);
    await store.open();
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
    expect((await store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour })).values).toHaveLength(1);
    expect(await store.ping()).toEqual({ version: expect.stringMatching(/^InfluxDB 1\.\d+\.\d+/) });
  });

  it('user and password may stand in the URL', async () => {
    const url = closed.url.replace(
      '//',
      `//${encodeURIComponent(admin.username)}:${encodeURIComponent(admin.password)}@`,
    );
    await make(closed, { url }).store.open();
  });

  it.each([
    ['without user', {}],
    ['a wrong password', { username: admin.username, password: 'wr0ng-secret' }],
    ['an unknown user', { username: 'n0body', password: 'wr0ng-secret' }],
  ])('%s: says which settings to mend, and tells no secret', async (_, credentials) => {
    const { store } = make(closed, credentials);
    const batch = store.readingBatch();
    batch.add(reading('pdu/1', nowMs, { watts: 1 }));
    for (const attempt of [
      () => store.open(),
      () => store.ping(),
      () => store.write(batch.encode()),
      () => store.energyByScope('minute', 0, 1),
    ]) {
      const error = await failure(attempt());
      expect(error.code).toBe('unauthorised');
      expect(error.message).toContain('store.influx.password');
      expectNoSecrets(error, ['wr0ng-secret', admin.password, 'n0body']);
    }
  });

  it('a user who may only read: says what an admin has to grant', async () => {
    const { options } = make(closed, admin);
    await make(closed, { ...admin, database: options.database }).store.open();
    await grant('reader', 'READ', options.database);
    const { store } = make(closed, {
      username: 'reader',
      password: 'reader-secret',
      database: options.database,
    });
    const error = await failure(store.open());
    expect(error.code).toBe('forbidden');
    expect(error.message).toContain(`GRANT ALL ON "${options.database}"`);
    expectNoSecrets(error, ['reader-secret']);
    await expect(store.ping()).rejects.toMatchObject({ code: 'forbidden' });
    await expect(writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })])).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('a user who may not make the database: says all that an admin has to make', async () => {
    await grant('maker', undefined, '');
    const { store, options } = make(closed, { username: 'maker', password: 'maker-secret' });
    const error = await failure(store.open());
    expect(error.code).toBe('forbidden');
    expect(error.message).toContain(`CREATE DATABASE "${options.database}" WITH DURATION 2592000s`);
    expect(error.message).toContain('CREATE RETENTION POLICY "quarter"');
    expect(error.message).toContain('GRANT ALL');
    const advice = error.message.slice(error.message.indexOf('CREATE DATABASE'));
    const asAdmin = client(closed, admin, 'any');
    for (const statement of advice.split('; ')) await asAdmin.query(statement.replace('"…"', '"maker"'));
    await store.open();
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
  });

  it('a user without admin rights works where everything is prepared, whatever its durations', async () => {
    const { options } = make(closed, admin);
    await make(closed, {
      ...admin,
      database: options.database,
      retention: { rawMs: 7 * dayMs, minuteMs: 0 },
    }).store.open();
    await grant('writer', 'ALL', options.database);
    const { store } = make(closed, {
      username: 'writer',
      password: 'writer-secret',
      database: options.database,
    });
    said = '';
    await store.open();
    expect(said).toContain('up to the server');
    expect(said).not.toContain('writer-secret');
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
  });

  it('no admin yet: says that one has to be made', async () => {
    const bare = await startInfluxd({ authWithoutAdmin: true });
    try {
      const error = await failure(make(bare).store.open());
      expect(error.code).toBe('forbidden');
      expect(error.message).toContain('CREATE USER');
    } finally {
      await bare.stop();
    }
  });
});

describe('an InfluxDB that is not there', () => {
  it('refuses: unreachable, with the place and no secret', async () => {
    const port = await freePort();
    const { store } = make(open, { url: `http://me:my-secret@127.0.0.1:${port}` });
    for (const attempt of [
      () => store.open(),
      () => store.ping(),
      () => store.energyByScope('minute', 0, 1),
    ]) {
      const error = await failure(attempt());
      expect(error.code).toBe('unreachable');
      expect(error.message).toContain(`http://127.0.0.1:${port}`);
      expect(error.message).toContain('ECONNREFUSED');
      expectNoSecrets(error, ['my-secret']);
    }
  });

  it('has a name nobody knows', async () => {
    const { store } = make(open, { url: 'http://no-such-host.invalid:8086' });
    await expect(store.open()).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is silent: writes and questions end after their time', async () => {
    const { store } = make(open, { writeTimeoutMs: 400, queryTimeoutMs: 400 });
    await store.open();
    open.pause();
    try {
      const write = failure(writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]));
      const question = failure(store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour }));
      for (const error of await Promise.all([write, question])) expect(error.code).toBe('unreachable');
    } finally {
      open.resume();
    }
    await writeReadings(store, [reading('pdu/1', nowMs, { watts: 1 })]);
  });

  it('has slow questions under way: writes do not wait for them', async () => {
    const slow = createServer((request, response) => {
      request.resume().on('end', () => {
        if (request.url!.startsWith('/write')) response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const { store } = make(open, {
      url: `http://127.0.0.1:${(slow.address() as AddressInfo).port}`,
      queryTimeoutMs: 400,
    });
    const questions = Array.from({ length: 8 }, () => failure(store.energyByScope('minute', 0, 1)));
    let answered = false;
    void Promise.race(questions).then(() => {
      answered = true;
    });
    for (let i = 0; i < 5; i += 1) await writeReadings(store, [reading('pdu/1', nowMs, { watts: i })]);
    expect(answered).toBe(false);
    for (const error of await Promise.all(questions)) expect(error.code).toBe('unreachable');
    slow.closeAllConnections();
    await new Promise((resolve) => slow.close(resolve));
  });

  it('was restarted: the kept-alive connections are made anew without an error', async () => {
    const own = await startInfluxd();
    try {
      const { store } = make(own);
      await store.open();
      for (let i = 0; i < 3; i += 1) {
        await Promise.all(
          [1, 2].map((n) => writeReadings(store, [reading(`pdu/${n}`, nowMs + i, { watts: i })])),
        );
        await own.restart();
      }
      expect((await store.series({ outlet: 'pdu/1', quantity: 'watts', ...hour })).values).toHaveLength(3);
    } finally {
      await own.stop();
    }
  });
});

describe('answers of other versions and of things that are no InfluxDB', () => {
  let server: Server;
  let answer: (path: string) => { status: number; body: string; headers?: Record<string, string> };
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!);
      const { status, body, headers } = answer(request.url!);
      request.resume().on('end', () => response.writeHead(status, headers).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const at = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const one = [reading('pdu/1', nowMs, { watts: 1 })];

  it.each([
    [503, '{"error":"max-concurrent-write-limit"}', 'busy'],
    [500, '{"error":"timeout"}', 'busy'],
    [500, '{"error":"write /data/wal: no space left on device"}', 'full'],
    [429, '{"code":"too many requests","message":"slow down"}', 'busy'],
    [401, '{"code":"unauthorized","message":"Unauthorized"}', 'unauthorised'],
    [403, '{"code":"forbidden","message":"insufficient permissions for write"}', 'forbidden'],
    [404, '<html>nothing here</html>', 'unreachable'],
    [404, '{"error":"database not found: \\"x\\""}', 'missing'],
    [405, 'no', 'unreachable'],
    [301, '', 'unreachable'],
    [200, '<html>welcome</html>', 'unreachable'],
    [400, '<html>The plain HTTP request was sent to HTTPS port</html>', 'unreachable'],
    [400, '{"error":"missing db"}', 'refused'],
  ])('a write answered %i %s is %s', async (status, body, code) => {
    answer = () => ({ status, body });
    await expect(writeReadings(make(open, { url: at() }).store, one)).rejects.toMatchObject({ code });
  });

  it.each([
    [
      422,
      '{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond retention policy dropped=1"}',
      { 'too-old': 1 },
    ],
    [
      400,
      '{"error":"partial write: max-values-per-tag limit exceeded (100000/100000): measurement=\\"reading\\" tag=\\"outlet\\" value=\\"x\\" dropped=1"}',
      { 'too-many-series': 1 },
    ],
    [400, '{"error":"partial write: something new dropped=1"}', { other: 1 }],
    [400, '{"code":"invalid","message":"unable to parse \'x\': missing fields"}', { unparsable: 1 }],
  ])('a write answered %i %s is refused point by point', async (status, body, refused) => {
    answer = () => ({ status, body });
    expect((await writeReadings(make(open, { url: at() }).store, one)).outcome.refused).toEqual(refused);
  });

  it('2.x does not let itself be set up by InfluxQL: tolerated, said, and every policy tried', async () => {
    asked.length = 0;
    said = '';
    answer = (path) =>
      path.startsWith('/write')
        ? { status: 400, body: '{"code":"invalid","message":"writing requires points"}' }
        : { status: 200, body: '{"results":[{"error":"not implemented: SHOW DATABASES"}]}' };
    await make(open, { url: at() }).store.open();
    expect(said).toContain('not implemented');
    const tried = asked
      .filter((path) => path.startsWith('/write'))
      .map((path) => new URLSearchParams(path.split('?')[1]).get('rp'));
    // The last marks the version.
    expect(tried).toEqual(['raw', 'minute', 'quarter', 'events', 'events']);
  });

  it('2.x without a mapping for a policy: says so', async () => {
    answer = (path) =>
      path.startsWith('/write') && path.includes('rp=quarter')
        ? { status: 404, body: '{"code":"not found","message":"no dbrp mapping found"}' }
        : path.startsWith('/write')
          ? { status: 400, body: '{"code":"invalid","message":"writing requires points"}' }
          : { status: 200, body: '{"results":[{"error":"not implemented: CREATE DATABASE"}]}' };
    await expect(make(open, { url: at() }).store.open()).rejects.toMatchObject({ name: 'StoreError' });
  });

  it('no unit of time is named when writing: 1.x and 2.x do not agree on any but nanoseconds', async () => {
    asked.length = 0;
    answer = () => ({ status: 204, body: '' });
    await writeReadings(make(open, { url: `${at()}/behind/a/proxy/`, database: 'd b' }).store, one);
    expect(asked).toEqual(['/behind/a/proxy/write?db=d+b&rp=raw']);
  });

  it('a web page at that address is no InfluxDB', async () => {
    answer = () => ({ status: 200, body: '<html>welcome</html>', headers: { 'content-type': 'text/html' } });
    for (const attempt of [(store: InfluxStore) => store.open(), (store: InfluxStore) => store.ping()]) {
      const error = await failure(attempt(make(open, { url: at() }).store));
      expect(error.code).toBe('unreachable');
      expect(error.message).toContain('store.influx.url');
    }
  });

  it('an error within an answer of 200 is an error', async () => {
    answer = () => ({
      status: 200,
      body: '{"results":[{"statement_id":0,"error":"max-select-buckets limit exceeded: (9/8)"}]}',
    });
    await expect(make(open, { url: at() }).store.energyByScope('minute', 0, 1)).rejects.toMatchObject({
      code: 'busy',
    });
    answer = () => ({ status: 200, body: '{"results":[{"statement_id":0,"error":"something else"}]}' });
    await expect(make(open, { url: at() }).store.energyByScope('minute', 0, 1)).rejects.toMatchObject({
      code: 'refused',
    });
  });

  it('a connection that breaks off within the answer is no answer', async () => {
    answer = () => ({ status: 204, body: '' });
    const broken = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(400, { 'content-length': '1000' });
        response.write('{"error":"partial');
        setImmediate(() => response.destroy());
      });
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
    await expect(writeReadings(make(open, { url }).store, one)).rejects.toMatchObject({
      code: 'unreachable',
    });
    await new Promise((resolve) => broken.close(resolve));
  });

  it.each([200, 400, 503])('nor is one of %d to a question, which is not waited for', async (status) => {
    const broken = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(status, { 'content-length': '1000' });
        response.write('{"results":[{"series":[');
        setTimeout(() => response.destroy(), 20);
      });
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
    await expect(make(open, { url }).store.energyByScope('minute', 0, 1)).rejects.toMatchObject({
      code: 'unreachable',
    });
    await new Promise((resolve) => broken.close(resolve));
  });
});

function make(server: Influxd, more: Partial<InfluxOptions> = {}) {
  databases += 1;
  const options: InfluxOptions = {
    url: server.url,
    database: `db ${databases}`,
    retention: { rawMs: 30 * dayMs, minuteMs: 400 * dayMs },
    log,
    ...more,
  };
  const store = new InfluxStore(options);
  stores.push(store);
  return { store, options, client: client(server, server === closed ? admin : undefined, options.database) };
}

function client(
  server: Influxd,
  user: { username: string; password: string } | undefined,
  database: string,
): InfluxDB {
  return new InfluxDB({ host: '127.0.0.1', port: server.port, database, ...user });
}

async function policies(influx: InfluxDB, database: string): Promise<Record<string, string>> {
  const rows = await influx.showRetentionPolicies(database);
  return Object.fromEntries(
    (
      rows as unknown as { name: string; duration: string; shardGroupDuration: string; default: boolean }[]
    ).map((row) => [row.name, `${row.duration} ${row.shardGroupDuration}${row.default ? ' default' : ''}`]),
  );
}

async function grant(user: string, privilege: 'READ' | 'ALL' | undefined, database: string): Promise<void> {
  const influx = client(closed, admin, 'any');
  await influx.createUser(user, `${user}-secret`);
  if (privilege !== undefined) await influx.query(`GRANT ${privilege} ON "${database}" TO "${user}"`);
}

async function failure(attempt: Promise<unknown>): Promise<StoreError> {
  const error = await attempt.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

function expectNoSecrets(error: Error, secrets: readonly string[]): void {
  let shown = said;
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    shown += `${one.message}${one.stack}${JSON.stringify(one)}`;
  for (const secret of secrets) {
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(encodeURIComponent(secret));
    expect(shown).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
  }
}

function raw(lines: readonly string[], atMs: number): StoreWrite {
  const text = lines.map((line) => `${line} ${atMs}000000\n`).join('');
  return { tier: 'raw', count: lines.length, bytes: Buffer.from(text) };
}
