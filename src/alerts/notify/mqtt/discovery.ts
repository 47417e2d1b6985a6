import { alertRules } from '../../../model/alert.ts';
import { parseScope, type ScopeKind } from '../../../model/scope.ts';
import type { Place } from '../channel.ts';
import type { Topics } from './topics.ts';

const announcedKinds: ReadonlySet<ScopeKind> = new Set(['room', 'feed', 'breaker', 'rack', 'server']);

/** Whether a scope becomes a device of Home Assistant's. */
export function isAnnounced(scope: string): boolean {
  const kind = parseScope(scope)?.kind;
  return kind !== undefined && announcedKinds.has(kind);
}

/**
 * Home Assistant's discovery message of one scope: a device with all its entities (home-assistant.io/integrations/mqtt,
 * "Device discovery payload"; Home Assistant 2024.11 or later). Names stand in JSON and in no template.
 */
export function discoveryOf(scope: string, topics: Topics, place: Place): object | undefined {
  const parsed = parseScope(scope);
  if (parsed === undefined || !announcedKinds.has(parsed.kind)) return undefined;
  const { kind, name } = parsed;
  const id = topics.deviceId(scope);
  const isRoom = kind === 'room';
  const components = {
    watts: figure('Power', 'power', 'W', 'watts', 'measurement'),
    today: {
      ...figure('Energy today', 'energy', 'Wh', 'todayWattHours', 'total'),
      last_reset_value_template: '{{ value_json.todaySince }}',
    },
    ...(kind === 'server' && {
      idle: figure('Idle baseline', 'power', 'W', 'idleWatts', 'measurement'),
      state: {
        platform: 'sensor',
        name: 'State',
        device_class: 'enum',
        options: ['off', 'standby', 'starting', 'idle', 'active', 'unknown'],
        value_template: '{{ value_json.state }}',
      },
    }),
    problem: {
      ...problem('Problem', topics.problem(scope), '{{ value_json.problem }}'),
      json_attributes_topic: topics.problem(scope),
      json_attributes_template: "{{ {'alerts': value_json.alerts} | tojson }}",
    },
    ...(isRoom && roomComponents(topics)),
  };
  return {
    device: {
      identifiers: [id],
      name: isRoom ? place.room : `${kind === 'server' ? '' : `${kind} `}${name}`,
      manufacturer: 'rackwatt',
      model: kind,
      configuration_url: place.pageUrl,
      ...(!isRoom && { via_device: topics.deviceId('room') }),
    },
    // By this every rackwatt knows that it is no meter (devices/ha-announcement.ts).
    origin: { name: 'rackwatt', support_url: place.pageUrl },
    availability: [{ topic: topics.status }],
    state_topic: topics.figure(scope),
    components: Object.fromEntries(
      Object.entries(components).map(([key, component]) => [
        key,
        { ...component, unique_id: `${id}_${key}` },
      ]),
    ),
  };
}

function figure(name: string, deviceClass: string, unit: string, key: string, stateClass: string) {
  return {
    platform: 'sensor',
    name,
    device_class: deviceClass,
    unit_of_measurement: unit,
    state_class: stateClass,
    suggested_display_precision: 0,
    value_template: `{{ value_json.${key} }}`,
  };
}

function problem(name: string, topic: string, template: string) {
  return {
    platform: 'binary_sensor',
    name,
    device_class: 'problem',
    state_topic: topic,
    value_template: template,
  };
}

/** How many alerts there are, and for each rule whether it fires anywhere. */
function roomComponents(topics: Topics): Record<string, object> {
  const topic = topics.problem('room');
  const rules = alertRules.map((rule) => [
    `rule-${rule}`,
    {
      ...problem(
        `Alert ${rule.replaceAll('-', ' ')}`,
        topic,
        `{{ 'ON' if '${rule}' in value_json.rules else 'OFF' }}`,
      ),
      entity_category: 'diagnostic',
    },
  ]);
  return {
    alerts: {
      platform: 'sensor',
      name: 'Alerts',
      state_class: 'measurement',
      state_topic: topic,
      value_template: '{{ value_json.count }}',
    },
    ...Object.fromEntries(rules),
  };
}
