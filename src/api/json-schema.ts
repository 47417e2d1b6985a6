/** The few forms of JSON Schema that the OpenAPI document is written in. */
export const share = { type: 'number', minimum: 0, maximum: 1 };

/** Of answers about the past. */
export const remakingSchema = {
  type: 'boolean',
  description:
    'Sums of this time are being made again, since the settings say otherwise who was plugged in where: some are of before',
};

/** Refers to one of the schemas. */
export function ref(schema: string) {
  return { $ref: `#/components/schemas/${schema}` };
}

/** One of these very members; those that are not required may be absent. */
export function object(properties: Record<string, object>, required = Object.keys(properties)) {
  return { type: 'object', properties, required, additionalProperties: false };
}

export function list(items: object) {
  return { type: 'array', items };
}
