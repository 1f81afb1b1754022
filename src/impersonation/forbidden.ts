// kube-apiserver's refusal in its own words, which people and scripts know: apiserver's
// pkg/endpoints/handlers/responsewriters/errors.go and apimachinery's pkg/api/errors at v0.36.3.
import { Denial } from '../denial/denial.ts';
import type { AccessAttributes } from '../kube/access-attributes.ts';
import { goQuote } from './go-text.ts';

/** The denial of one question; `reason` is what the authorizer said, if anything. */
export function forbidden(username: string, about: AccessAttributes, reason: string): Denial {
  const sentence = `${withoutMarkup(sentenceOf(username, about))}${reason === '' ? '' : `: ${reason}`}`;
  if (about.kind === 'path' || (about.resource === '' && about.group === '')) {
    return new Denial('impersonation_denied', `forbidden: ${sentence}`, { details: {} });
  }
  const { group, resource, name } = about;
  const object = `${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : ` ${goQuote(name)}`}`;
  const details = {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    ...(resource !== '' && { kind: resource }),
  };
  return new Denial('impersonation_denied', `${object} is forbidden: ${sentence}`, { details });
}

function sentenceOf(username: string, about: AccessAttributes): string {
  const who = `User ${goQuote(username)} cannot ${about.verb}`;
  if (about.kind === 'path') return `${who} path ${goQuote(about.path)}`;
  const { group, resource, subresource, namespace } = about;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(namespace)}`;
  return `${who} resource ${goQuote(what)} in API group ${goQuote(group)} ${where}`;
}

/** Go's apiserver does so lest a browser take it for HTML. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
