/** What an admin can do about messages or fields that were dropped, by reason. */
const hints: Readonly<Record<string, string>> = {
  'not-json': 'the payload is no JSON: set the device to publish JSON, or describe the topic by a mapping',
  'too-large': 'larger than any meter needs: is something else published there?',
  'too-deep': 'nested deeper than any meter nests: is something else published there?',
  'wrong-shape': 'JSON, but not as this family sends it: another firmware, or another device on its topic',
  'not-a-number': 'a figure that is no number, as meters send while they start',
  sentinel: 'a value that this meter sends in place of "unknown"',
  'watts-out-of-range': 'more than an outlet can draw: a spike of the meter, or a wrong unit',
  'volts-out-of-range': 'no mains voltage: is the meter calibrated?',
  'amps-out-of-range': 'more than an outlet can carry: a spike of the meter, or a wrong unit',
  'volt-amps-out-of-range': 'more than an outlet can draw: a spike of the meter, or a wrong unit',
  'power-factor-out-of-range': 'beyond −1 … 1: is it sent in percent?',
  'hertz-out-of-range': 'no mains frequency',
  'energy-out-of-range': 'a counter beyond belief: was it reset, or is its unit another?',
  'name-too-long': 'a name longer than is kept: shorten it at the device',
  'too-many-outlets': 'more outlets than one device may bring',
  'too-many-devices': 'more devices than are kept',
  duplicate: 'the same sample on two topics: nothing is wrong',
  'unknown-topic': 'no family reads these topics: describe them by a mapping if they carry power',
  'unsupported-template': 'announced with a template that is not understood: describe the topic by a mapping',
  'unit-unknown': 'nothing tells the unit: give it in a mapping',
  'reader-failed': 'our mistake: please report it with a recorded message',
};

/** Undefined: a reason this page does not know. */
export function rejectHint(reason: string): string | undefined {
  return hints[reason];
}

/** The same sample said on two topics is counted, but nothing is wrong with the device. */
export function isHarmless(reason: string): boolean {
  return reason === 'duplicate';
}
