import { alertRules } from '../model/alert.ts';
import { type RuleWords, ruleWords } from '../model/alert-rules.ts';
import { type Setting, settings } from './catalog.ts';

/**
 * `docs/alerts.md`: every rule with its meaning, its settings and their defaults. `npm run config:write` writes it; a
 * test compares.
 */
export function alertPaper(): string {
  return `${head}\n${general()}\n${alertRules.map(ruleChapter).join('\n')}\n${tail}`;
}

const head = `# Alerts

Made from the settings' schema by \`npm run config:write\`.

rackwatt looks at every figure that changes, and says what is wrong: on the page, under \`GET /api/v1/alerts\`, in the live
stream, in its log, and through the channels of [docs/notifications.md](notifications.md). Nothing has to be set for that.

**Life of an alert.** *pending*: the level is crossed; nobody is told. *firing*: that has held for \`raiseAfter\`. *resolved*:
it has been below the level at which it clears for \`clearAfter\`. Between the level at which it fires and the one at which it
clears nothing changes. So an alert never flaps faster than these lengths of time, however noisy a meter is. While nothing
fresh is known, what fires goes on firing.

**One incident, one alert.** A lost feed is one alert that names its servers; theirs are *inhibited* by it, as are silent
meters by a broker that is away. Inhibited ones are listed, and told after all if they outlive their cause.

**Told to nobody** are also alerts that somebody *silenced* (\`POST /api/v1/silences\`: by scopes and rules, with an end), and
those *muted*: in a window of \`alerts.maintenance\`, and (circuit-load, failover-overload, redundancy-lost, demand-forecast,
as long as they are not critical) while servers in their scope are starting that draw at least as much more as the alert is
beyond its level; a server that starts has not lost its redundancy.

**Acknowledged** (\`POST /api/v1/alerts/ID/ack\` with \`by\` and \`note\`): somebody looks after it; there are no more reminders.

**Why does it not fire?** \`GET /api/v1/alerts/rules?rule=circuit-load\` says it scope by scope: the value, both levels, and how
long it still has to hold.

**Over a restart** alerts, silences, acknowledgements and what rules have learnt go on as they were; nothing is told twice.
A crash may cost the silences of the last seconds before it: they are on the disk 5 s after they were set. An alert that
began to fire so shortly before it may be found anew, and told again under another id.

Breakers: this is arithmetic with ratings from the settings. It replaces no electrician.
`;

const tail = `## For some scopes only

\`alerts.overrides\` sets anything of the above differently for scopes and what is in them; the last that fits wins.

\`\`\`yaml
alerts:
  overrides:
    - scopes: [ rack:r1, 'server:lab-*' ]
      serverOff: { enabled: false }
      highIdle: { severity: info }
    - scopes: [ feed:A ]
      circuitLoad: { ratingAmps: 63 }
  maintenance:
    - { name: patch night, days: [ tue ], from: '02:00', to: '05:00', scopes: [ rack:r1 ] }
    - { name: moving rack 2, from: '2026-04-01T07:00', to: '2026-04-01T12:00', scopes: [ rack:r2 ] }
\`\`\`

A rule that contradicts itself, and a scope that the room does not have, are refused at the start, with the reason and what
would be right.
`;

function general(): string {
  return `## For all rules\n\n${table(own('alerts').filter(({ kind }) => kind !== 'section'))}`;
}

function ruleChapter(rule: keyof typeof ruleWords): string {
  const { key, meaning, over }: RuleWords = ruleWords[rule];
  return `## ${rule}\n\n${meaning}\n\nOver when: ${over}\n\n${table(own(`alerts.${key}`))}`;
}

/** The settings right under a section. */
function own(section: string): Setting[] {
  return settings.filter(({ path }) => path.slice(0, -1).join('.') === section);
}

function table(rows: readonly Setting[]): string {
  const lines = rows.map(({ name, note, defaultValue }) => {
    const value =
      defaultValue === undefined ? 'none' : `\`${JSON.stringify(defaultValue).replaceAll('"', '')}\``;
    return `| \`${name}\` | ${value} | ${note.sentence} |`;
  });
  return `| setting | default | |\n|---|---|---|\n${lines.join('\n')}\n`;
}
