import type { AlertRoom } from './alert-room.ts';
import type { Outside } from './outside.ts';
import type { LookAgain } from './rule.ts';
import type { RuleSettings } from './rule-settings.ts';
import type { Topology } from './topology.ts';

/** What a rule is given. */
export interface RuleParts {
  readonly room: AlertRoom;
  /** As it is now: the room may be cabled otherwise meanwhile. */
  readonly topology: () => Topology;
  readonly settings: RuleSettings;
  readonly outside: Outside;
  /** IANA zone of the room. */
  readonly timezone: string;
  readonly look: LookAgain;
}
