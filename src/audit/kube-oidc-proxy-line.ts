// The format `kube-oidc-proxy`: the access log of that program (pkg/proxy/logging/accesslog.go at
// v1.0.12), field for field, but that no name can look like the end of a field or of a line.
import type { Identity } from '../identity/identity.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { AuditEntry } from './event.ts';
import { escapeActing, escapeUnit } from './safe-text.ts';

// What would end the place that a text stands in: ` / ` and brackets a field, more of them a part of it.
const endsField = /[\\[\]]|[^\S ]|(?<=^|\s)\/|\/(?=\s|$)/g;
const endsGroup = new RegExp(`${endsField.source}|\\|`, 'g');
const endsKey = new RegExp(`${endsField.source}|[= ]`, 'g');
const endsValue = new RegExp(`${endsField.source}|[| ]`, 'g');
const endsURI = /[\\\s]/g;

/** `[time] AuSuccess|AuFail src:[…] URI:…`, of an allowed one with who it is. */
export function toKubeOidcProxyLine({ event, impersonates }: AuditEntry): string {
  const { time, decision, source, uri, inbound, outbound } = event;
  const result = decision === 'allow' ? 'AuSuccess' : 'AuFail';
  const from = `${escape(source.peer, endsField)} / ${escape(forwardedFor(source), endsField)}`;
  const head = `[${time.slice(0, 19)}+0000] ${result} src:[${from}] URI:${escape(uri, endsURI)}`;
  if (decision === 'deny') return `${head}\n`;
  const who = inbound === undefined ? '' : ` inbound:[${inboundText(inbound)}]`;
  const asWhom = impersonates && outbound !== undefined ? ` outbound:[${toText(outbound)}]` : '';
  return `${head}${who}${asWhom}\n`;
}

function escape(text: string, pattern: RegExp): string {
  return escapeActing(text.replaceAll(pattern, escapeUnit));
}

/** The addresses that the peer tells of, without its own: Envoy may have added that. */
function forwardedFor({ peer, forwardedFor: header }: AuditEntry['event']['source']): string {
  const addresses = header.split(',').map((address) => address.trim());
  return addresses.filter((address) => address !== '' && address !== peer).join(', ');
}

// A token that is remembered has the same frozen identity at each check.
const inboundText = rememberByObject(({ username, groups, extra }: Identity) =>
  [escape(username, endsField), groupsText(groups), extraText(extra)].join(' / '),
);

function toText({ username, groups, uid, extra }: Identity): string {
  const [name, id] = [escape(username, endsField), escape(uid, endsField)];
  return [name, groupsText(groups), id, extraText(extra)].join(' / ');
}

function groupsText(groups: readonly string[]): string {
  return groups.map((group) => escape(group, endsGroup)).join('|');
}

/** `key=value|value` and a space, for each. */
function extraText(extra: Identity['extra']): string {
  const pairs = Object.entries(extra).map(([key, values]) => {
    const texts = values.map((value) => escape(value, endsValue));
    return `${escape(key, endsKey)}=${texts.join('|')} `;
  });
  return pairs.join('');
}
