import type { z } from 'zod';
import { settingsSchema } from './schema.ts';
import { type SettingNote, settingNotes } from './setting-note.ts';

/**
 * How a setting is written as plain text (an environment variable): `list` is comma-separated, `tree` is YAML.
 * A `section` is a mapping of further settings, and may be given as YAML too; one noted `asOne` is a `tree`.
 */
export type SettingKind = 'section' | 'text' | 'number' | 'list' | 'tree';

export interface Setting {
  readonly path: readonly string[];
  /** `mqtt.clientId` */
  readonly name: string;
  /** `RACKWATT_MQTT_CLIENT_ID` */
  readonly variable: string;
  readonly kind: SettingKind;
  readonly note: SettingNote;
  /** As written in a file; undefined where there is none. */
  readonly defaultValue: unknown;
}

/** Every section and every setting, a section before what is in it, in the order of the schema. */
export const settings: readonly Setting[] = walk(settingsSchema, []);

export const settingByName: ReadonlyMap<string, Setting> = new Map(
  settings.map((setting) => [setting.name, setting]),
);

/** `mqtt.clientId` → `RACKWATT_MQTT_CLIENT_ID` */
export function variableOf(path: readonly string[]): string {
  return ['RACKWATT', ...path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase())].join(
    '_',
  );
}

/** The note on what stands at a path, also inside lists: `['room', 'servers', 0, 'name']`. */
export function noteAt(path: readonly PropertyKey[]): SettingNote | undefined {
  const schema = schemaAt(path);
  return schema && core(schema).note;
}

/** The keys allowed in the mapping at a path; undefined where any are, or where no mapping belongs. */
export function keysAt(path: readonly PropertyKey[]): string[] | undefined {
  const schema = schemaAt(path);
  const shape = schema && core(schema).schema.shape;
  return shape && Object.keys(shape);
}

function schemaAt(path: readonly PropertyKey[]): z.ZodType | undefined {
  let schema: z.ZodType | undefined = settingsSchema;
  for (const key of path) {
    if (schema === undefined) return undefined;
    const { element, shape }: Core = core(schema).schema;
    schema = element ?? (shape && Object.hasOwn(shape, key) ? shape[String(key)] : undefined);
  }
  return schema;
}

function walk(schema: z.ZodType, path: readonly string[]): Setting[] {
  return Object.entries(core(schema).schema.shape ?? {}).flatMap(([key, child]) => {
    const childPath = [...path, key];
    const { schema: inner, note, defaultValue } = core(child);
    if (note === undefined) throw new Error(`setting ${childPath.join('.')} has no note`);
    const setting = {
      path: childPath,
      name: childPath.join('.'),
      variable: variableOf(childPath),
      kind: note.asOne ? 'tree' : kindOf(inner),
      note,
      defaultValue,
    };
    return [setting, ...(setting.kind === 'section' ? walk(child, childPath) : [])];
  });
}

function kindOf(schema: Core): SettingKind {
  switch (schema.def.type) {
    case 'object':
      return 'section';
    case 'number':
      return 'number';
    case 'array':
      return core(schema.element as z.ZodType).schema.def.type === 'string' ? 'list' : 'tree';
    case 'union':
      return (schema.def.options ?? []).some((option) => core(option).schema.def.type === 'array')
        ? 'list'
        : 'text';
    case 'record':
      return 'tree';
    // Sizes and lengths of time come as text; what is free in form, as YAML.
    case 'unknown':
      return schema.transformed ? 'text' : 'tree';
    default:
      return 'text';
  }
}

/** What is read of a zod schema here. */
interface Core {
  readonly def: { readonly type: string; readonly options?: readonly z.ZodType[] };
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly transformed?: boolean;
}

/** A schema without its wrappers (optional, default, transform), with the first note and default met on the way in. */
function core(wrapped: z.ZodType): { schema: Core; note: SettingNote | undefined; defaultValue: unknown } {
  let schema = wrapped as unknown as z.ZodType & {
    def: { type: string; innerType?: z.ZodType; in?: z.ZodType; defaultValue?: unknown };
  };
  let note: SettingNote | undefined;
  let defaultValue: unknown;
  let transformed = false;
  for (;;) {
    note ??= settingNotes.get(schema);
    if (schema.def.type === 'prefault') defaultValue ??= schema.def.defaultValue;
    if (schema.def.type === 'pipe') transformed = true;
    const inner = schema.def.innerType ?? schema.def.in;
    if (inner === undefined) break;
    schema = inner as typeof schema;
  }
  const { def, shape, element } = schema as unknown as Core;
  return {
    schema: { def, transformed, ...(shape && { shape }), ...(element && { element }) },
    note,
    defaultValue,
  };
}
