// A question of the kind "may they do this?", as a SubjectAccessReview says it and as a key to
// remember its answer by.
import { hash } from 'node:crypto';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { AccessAttributes, ResourceAttributes } from './access-attributes.ts';
import { unavailable } from './review-faults.ts';

/** Who asks, as the API server would know them. */
export interface AccessSubject {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** SubjectAccessReview's `spec` (authorization.k8s.io/v1, types.go, SubjectAccessReviewSpec). */
export function reviewSpec(subject: AccessSubject, about: AccessAttributes): object {
  const { username: user, uid, groups, extra } = subject;
  const asked =
    about.kind === 'resource'
      ? { resourceAttributes: resourceAttributes(about) }
      : { nonResourceAttributes: withoutEmpty({ path: about.path, verb: about.verb }) };
  return {
    ...asked,
    ...withoutEmpty({ user, uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function resourceAttributes(about: ResourceAttributes): object {
  const { kind: _, fieldSelector, labelSelector, ...texts } = about;
  return {
    ...withoutEmpty(texts),
    ...(fieldSelector !== '' && { fieldSelector: { rawSelector: fieldSelector } }),
    ...(labelSelector !== '' && { labelSelector: { rawSelector: labelSelector } }),
  };
}

function withoutEmpty(texts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}

/**
 * One key for each question that the API server can tell from others. Throws Denial
 * `review_unavailable` when a text is not Unicode: what was sent would be another name.
 */
export function questionKey(subject: AccessSubject, about: AccessAttributes): string {
  const who = Object.isFrozen(subject) ? knownSubjectKey(subject) : subjectKey(subject);
  return keyOf([who, ...attributeTexts(about)]);
}

/** A subject is the same frozen object at every check. */
const knownSubjectKey = rememberByObject(subjectKey);

function subjectKey({ username, uid, groups, extra }: AccessSubject): string {
  return keyOf([username, uid, groups, Object.entries(extra)]);
}

function attributeTexts(about: AccessAttributes): readonly string[] {
  if (about.kind === 'path') return [about.kind, about.verb, about.path];
  const { kind, verb, group, version, resource, subresource, namespace, name } = about;
  const selectors = [about.fieldSelector, about.labelSelector];
  return [kind, verb, group, version, resource, subresource, namespace, name, ...selectors];
}

/** Lists within lists, so that no two questions read the same. */
function keyOf(question: readonly unknown[]): string {
  if (question.flat(Infinity).some((one) => !String(one).isWellFormed())) {
    throw unavailable(
      "the API server can't be asked about access: a name in the question is not Unicode",
      new Error('SubjectAccessReview: a lone surrogate'),
    );
  }
  return hash('sha256', JSON.stringify(question), 'base64');
}
