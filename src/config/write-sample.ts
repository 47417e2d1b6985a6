import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertPaper } from './alert-paper.ts';
import { sampleFile } from './sample.ts';

const root = join(import.meta.dirname, '../..');
writeFileSync(join(root, 'config/rackwatt.yaml'), sampleFile());
writeFileSync(join(root, 'docs/alerts.md'), alertPaper());
