import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleFile } from './sample.ts';

writeFileSync(join(import.meta.dirname, '../../config/rackwatt.yaml'), sampleFile());
