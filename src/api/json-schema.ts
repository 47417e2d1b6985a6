/** The few forms of JSON Schema that the OpenAPI document is written in. */
export const share = { type: 'number', minimum: 0, maximum: 1 };

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
