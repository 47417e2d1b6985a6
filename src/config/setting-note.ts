import { z } from 'zod';
import { text } from './values.ts';

/** What is told of a setting besides its kind and default. */
export interface SettingNote {
  /** What it does, for the admin. The sample file shows it. */
  readonly sentence: string;
  /** What is accepted, for messages. */
  readonly expected: string;
  /** A value that works, as YAML on one line. */
  readonly example: string;
  /** Never shown in a message. */
  readonly secret?: true;
  /** What the default is, where it cannot be written down. */
  readonly defaultText?: string;
  /** A mapping that is written as one value: what is in it has no variables and no lines of its own. */
  readonly asOne?: true;
}

export const settingNotes = z.registry<SettingNote>();

export function note<T extends z.ZodType>(schema: T, about: SettingNote): T {
  // A note belongs to one place; the schema it is put on may be used in many.
  const own = schema.clone() as T;
  settingNotes.add(own, about);
  return own;
}
export const section = (sentence: string) => ({ sentence, expected: 'a mapping of settings', example: '{}' });

/** Kinds of text that several settings share. */
export const secretText = text(4_096);
export const path = text(4_096);
export const name = text(100);
