/** A reviewer that allows what it was told to, and notes what it was asked. */
import type { Identity } from '../../src/identity/identity.ts';
import type { AccessAttributes } from '../../src/kube/access-attributes.ts';
import type { AccessAnswer, AccessReviewer } from '../../src/kube/access-review.ts';

export interface GrantingReviewer extends AccessReviewer {
  /** Every question, as `verb resource/subresource namespace/name`. */
  readonly asked: string[];
  readonly subjects: Pick<Identity, 'username' | 'extra'>[];
  readonly signals: (AbortSignal | undefined)[];
}

export interface Granting {
  /** Questions that are allowed, or a pattern of them. */
  readonly grants: (question: string) => boolean;
  /** In the place of a plain no. */
  readonly no?: Partial<AccessAnswer>;
  readonly now?: () => number;
}

/** One line for a question. */
export function questionText(about: AccessAttributes): string {
  if (about.kind === 'path') return `${about.verb} ${about.path}`;
  const { verb, group, version, resource, subresource, namespace, name } = about;
  const what = `${resource}${subresource === '' ? '' : `/${subresource}`}`;
  const place = [group, version].filter((part) => part !== '').join('/');
  const object = `${namespace === '' ? '' : `${namespace}/`}${name}`;
  return [verb, place, what, object].filter((part) => part !== '').join(' ');
}

/** A reviewer by heart. */
export function grantingReviewer({ grants, no = {}, now = Date.now }: Granting): GrantingReviewer {
  const asked: string[] = [];
  const subjects: Pick<Identity, 'username' | 'extra'>[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  return {
    asked,
    subjects,
    signals,
    review: async ({ username, extra }, about, { signal }) => {
      const text = questionText(about);
      asked.push(text);
      subjects.push({ username, extra });
      signals.push(signal);
      const allowed = grants(text);
      const answer = { reason: '', evaluationError: '', at: now() };
      return allowed ? { allowed, ...answer } : { allowed, ...answer, ...no };
    },
  };
}
