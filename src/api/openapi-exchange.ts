/** What an import answers. */
export const importAnswerSchema = {
  type: 'object',
  required: ['job', 'state', 'readings', 'tooOld', 'rollUps', 'daysMade', 'days', 'notRemade', 'leftOut'],
  additionalProperties: false,
  properties: {
    job: { type: 'string' },
    state: { enum: ['taking', 'making', 'done', 'failed'] },
    problem: { type: 'string' },
    form: { type: 'string', description: 'What kind of file it was taken for' },
    readings: { type: 'integer', description: 'Taken so far' },
    tooOld: { type: 'integer', description: 'Older than raw readings are kept: in the roll-ups alone' },
    rollUps: { type: 'integer', description: 'Roll-ups that came as such' },
    daysMade: { type: 'integer', description: 'Days of outlets made again' },
    days: { type: 'integer' },
    notRemade: { type: 'integer', description: "Outlets' days whose minutes stay: too many readings" },
    fromMs: { type: 'number' },
    toMs: { type: 'number' },
    leftOut: {
      type: 'array',
      items: {
        type: 'object',
        required: ['reason', 'text', 'count', 'lines', 'details'],
        additionalProperties: false,
        properties: {
          reason: { type: 'string' },
          text: { type: 'string' },
          count: { type: 'integer' },
          lines: { type: 'array', items: { type: 'integer' }, description: 'The first of them' },
          details: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
};
