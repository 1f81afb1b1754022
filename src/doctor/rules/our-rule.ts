// What the rules about our own side have in common.
import type { Rule } from '../finding.ts';
import type { Installation } from '../installation.ts';

export type OurRule = Rule<Installation>;
