import type { AlertRule, Severity } from './alert.ts';

/** What a rule is called in the settings, and in words. */
export interface RuleWords {
  /** Its section under `alerts`. */
  readonly key: string;
  /** One sentence: what is wrong when it fires. */
  readonly meaning: string;
  /** One sentence: when it is over. */
  readonly over: string;
  readonly severity: Severity;
  /**
   * How long it must hold before it fires, and be over before it resolves; as written in the settings. Without the
   * first: something that happens in a moment.
   */
  readonly raiseAfter?: string;
  readonly clearAfter: string;
}

export const ruleWords = {
  'high-idle': {
    key: 'highIdle',
    meaning:
      'A server that does nothing draws more than its limit: its own idleLimitWatts, the allowance of its hardware, machines like it, its own busy level, or detect.idleLimitWatts.',
    over: 'Its idle level is below clearShare of the limit.',
    severity: 'warning',
    raiseAfter: '24h',
    clearAfter: '30m',
  },
  'idle-moved': {
    key: 'idleMoved',
    meaning:
      'The idle level of a server has changed: other hardware, another load that never rests, a fault.',
    over: 'It was told for clearAfter.',
    severity: 'info',
    clearAfter: '24h',
  },
  'idle-candidate': {
    key: 'idleCandidate',
    meaning:
      'A server has drawn its idle level and nothing else for days: a candidate for switching off. Power alone cannot tell that nobody needs it.',
    over: 'It works again.',
    severity: 'info',
    raiseAfter: '1h',
    clearAfter: '1h',
  },
  'start-surge': {
    key: 'startSurge',
    meaning:
      'Servers that started together took, or by estimate of their inrush may take, more than their breaker stands.',
    over: 'It was told for clearAfter and did not happen again.',
    severity: 'warning',
    clearAfter: '1h',
  },
  'start-sag': {
    key: 'startSag',
    meaning: 'The voltage dropped while a server started: the lights dim.',
    over: 'It was told for clearAfter and did not happen again.',
    severity: 'warning',
    clearAfter: '1h',
  },
  'circuit-load': {
    key: 'circuitLoad',
    meaning:
      'A breaker, a feed with amps (or any scope with a ratingAmps) carries much of its usable current, which is rating × usableShare; of a feed each phase has that rating and the most loaded one counts. Says how soon a breaker may trip, where it is beyond its rating.',
    over: 'The current is clearGap below the lowest level.',
    severity: 'info',
    raiseAfter: '2m',
    clearAfter: '5m',
  },
  'redundancy-lost': {
    key: 'redundancyLost',
    meaning:
      'One input of a server with several draws nothing any more while the others took over its part: a dead supply, an open breaker or an unplugged cord. A sleeping hot spare is none.',
    over: 'The input carries its part again.',
    severity: 'warning',
    raiseAfter: '1m',
    clearAfter: '1m',
  },
  'feed-lost': {
    key: 'feedLost',
    meaning:
      'Everything on a feed or breaker has lost its supply at once. One alert that names the servers, in place of theirs.',
    over: 'Inputs on it draw again.',
    severity: 'critical',
    raiseAfter: '5s',
    clearAfter: '30s',
  },
  'failover-overload': {
    key: 'failoverOverload',
    meaning:
      'If one feed or breaker failed, what hangs on it would move to this breaker (or feed with amps: its most loaded phase then) and be more than its usable current (rating × usableShare). Looked at continuously, for each single loss.',
    over: 'The load after every single loss is clearGap below the limit.',
    severity: 'warning',
    raiseAfter: '10m',
    clearAfter: '1h',
  },
  'server-off': {
    key: 'serverOff',
    meaning: 'A server named in the settings that was running draws no more than off or standby.',
    over: 'It draws again.',
    severity: 'warning',
    raiseAfter: '3m',
    clearAfter: '30s',
  },
  'server-back': {
    key: 'serverBack',
    meaning:
      'A server draws again after it was off for long. Where a server-off alert told that it went, the end of that alert tells that it is back.',
    over: 'It was told for clearAfter.',
    severity: 'info',
    clearAfter: '10m',
  },
  'device-silent': {
    key: 'deviceSilent',
    meaning:
      'A meter reports nothing any more, or its last will says that it is gone. What it measures is not known, which is not 0 W.',
    over: 'It reports again.',
    severity: 'warning',
    raiseAfter: '2m',
    clearAfter: '30s',
  },
  'meter-implausible': {
    key: 'meterImplausible',
    meaning:
      'What a meter says contradicts itself: more watts than volts × amps, a voltage no mains has, more current than any outlet carries, a total below the sum of its outlets.',
    over: 'Its figures agree again.',
    severity: 'warning',
    raiseAfter: '5m',
    clearAfter: '10m',
  },
  'energy-budget': {
    key: 'energyBudget',
    meaning:
      'A scope has used up, or by its pace will use up, the energy or the money set for the month. Critical once it is used up.',
    over: 'The forecast is below the budget again, or a new month begins.',
    severity: 'warning',
    raiseAfter: '0s',
    clearAfter: '1h',
  },
  'demand-forecast': {
    key: 'demandForecast',
    meaning:
      'At the present draw the mean of this quarter or half hour will exceed the demand set for it. Told while there is time to shed load.',
    over: 'The forecast is clearGap below the limit.',
    severity: 'warning',
    raiseAfter: '1m',
    clearAfter: '1m',
  },
  'broker-away': {
    key: 'brokerAway',
    meaning:
      'The MQTT broker cannot be reached, or does not grant what is subscribed to: nothing is measured.',
    over: 'It is subscribed again.',
    severity: 'critical',
    raiseAfter: '1m',
    clearAfter: '15s',
  },
  'store-away': {
    key: 'storeAway',
    meaning: 'The store takes nothing. Readings wait in the backlog on disk.',
    over: 'It takes readings again.',
    severity: 'warning',
    raiseAfter: '2m',
    clearAfter: '30s',
  },
  'backlog-growing': {
    key: 'backlogGrowing',
    meaning:
      'The backlog on disk grows although the store is there, or is filled beyond fullPercent (critical): beyond its limit the oldest readings fall off.',
    over: 'It shrinks, or is empty.',
    severity: 'warning',
    raiseAfter: '10m',
    clearAfter: '2m',
  },
} as const satisfies Record<AlertRule, RuleWords>;
