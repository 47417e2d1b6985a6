import { ref } from './json-schema.ts';
import { problemType } from './problem.ts';

/** What every call of the OpenAPI document says of itself: its name, its answers, and that others are problems. */
export function operation(operationId: string, summary: string, responses: Record<number, object>) {
  return {
    operationId,
    summary,
    responses: { ...responses, default: problem('Anything else that went wrong') },
  };
}

export function json(schema: string) {
  return { description: schema, content: { 'application/json': { schema: ref(schema) } } };
}

export function problem(description: string) {
  return { description, content: { [problemType]: { schema: ref('Problem') } } };
}

export function unknownScope() {
  return problem('There is no such scope; `nearest` lists those that come near');
}

export function storeAway() {
  return {
    ...problem('The store cannot be asked'),
    headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } },
  };
}

export function parameter(name: string, description: string, schema: object, required = false) {
  return { name, in: 'query', required, description, schema };
}
