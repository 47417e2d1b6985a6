import { isObject, type JsonObject } from './json.ts';

/**
 * The result of a request (`Shelly.GetStatus`, `Switch.GetStatus` …) as the parameters of a notification: parts by
 * their keys. That of one part does not say which it is, but by what stands in it. Undefined: no status.
 */
export function partsOfAnswer(result: JsonObject): JsonObject | undefined {
  if (Object.keys(result).some((key) => /^[a-z0-9]+:\d/.test(key) && isObject(result[key]))) return result;
  const { id } = result;
  const name = nameOfPart(result);
  return name === undefined || typeof id !== 'number' ? undefined : { [`${name}:${id}`]: result };
}

function nameOfPart(status: JsonObject): string | undefined {
  const has = (key: string) => status[key] !== undefined;
  if (has('a_act_power') || has('total_act_power')) return 'em';
  if (has('a_total_act_energy') || has('total_act')) return 'emdata';
  if (has('act_power')) return 'em1';
  if (has('total_act_energy')) return 'em1data';
  if (!has('apower') && !has('aenergy')) return undefined;
  if (has('rgb')) return has('white') ? 'rgbw' : 'rgb';
  if (has('brightness')) return has('ct') ? 'cct' : 'light';
  if (has('pos_control') || has('current_pos')) return 'cover';
  return has('output') ? 'switch' : 'pm1';
}
