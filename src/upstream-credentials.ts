// What requests go upstream with: our own token, or one of a service account that the configuration names.
import type { ReadinessPart } from './admin/readiness.ts';
import type { Config, RequestedAccount } from './config/config.ts';
import type { TokenAccount } from './kube/token-account.ts';
import { bindToOwnPod, boundPodOf } from './credentials/bound-pod.ts';
import { createMintedTokens, type MintedTokens } from './credentials/minted-tokens.ts';
import { createUpstreamToken } from './credentials/service-account.ts';
import type { AccountCredential, Deciders } from './decision/decide.ts';
import { accountIdentity, bearerIdentity } from './identity/service-account.ts';
import type { Limits } from './impersonation/impersonator.ts';
import type { KubeClient } from './kube/client.ts';
import { requestToken } from './kube/token-request.ts';
import type { Logger } from './lib/logger.ts';
import { rememberByObject } from './lib/remember-by-object.ts';

export interface UpstreamCredentials extends Pick<Deciders, 'upstreamToken' | 'accountCredential'> {
  readonly readiness: () => readonly ReadinessPart[];
  /** When our own token expires, in seconds since 1970; undefined when it doesn't tell or isn't there. */
  readonly expiry: () => number | undefined;
  /** Keeps the tokens of the accounts that another configuration names. */
  readonly replace: (config: Config) => void;
  readonly stop: () => void;
}

export interface CredentialSettings {
  readonly client: KubeClient;
  readonly log: Logger;
}

/** Resolves once our own token was looked for. */
export async function createUpstreamCredentials(
  config: Config,
  { client, log }: CredentialSettings,
): Promise<UpstreamCredentials> {
  const minted = createMintedTokens({
    request: (account, signal) => requestToken(client, account, signal),
    log,
  });
  const own = await openOwnToken(config.kubernetes.token, minted, log);
  let named = keepNamed(config, minted);
  const accountOf = rememberByObject(toAccount);
  return {
    upstreamToken: own.token,
    accountCredential: (terms, limits) => {
      if (!terms) return withIdentity(own.token(limits), own.identity);
      const account = accountOf(terms);
      return withIdentity(minted.tokenFor(account, limits), () => accountIdentity(account));
    },
    readiness: () => [{ name: 'upstream-token', fault: own.fault }, ...named.readiness],
    expiry: own.expiry,
    replace: (next) => {
      const before = named;
      named = keepNamed(next, minted);
      before.forget();
    },
    stop: () => {
      own.stop();
      minted.stop();
    },
  };
}

interface OwnToken {
  readonly token: (limits: Limits) => string | Promise<string>;
  /** Of whoever has such a token, as far as it tells. */
  readonly identity: (token: string) => AccountCredential['outbound'];
  readonly fault: () => string | undefined;
  readonly expiry: () => number | undefined;
  readonly stop: () => void;
}

async function openOwnToken(
  source: Config['kubernetes']['token'],
  minted: MintedTokens,
  log: Logger,
): Promise<OwnToken> {
  if ('file' in source) {
    const upstream = await createUpstreamToken({ file: source.file, log });
    return { ...upstream, token: upstream.current, identity: bearerIdentity };
  }
  const account = toAccount(source.tokenRequest);
  const kept = minted.keep(account);
  return {
    token: (limits) => minted.tokenFor(account, limits),
    identity: () => accountIdentity(account),
    fault: kept.fault,
    expiry: kept.expiry,
    stop: kept.forget,
  };
}

/** Accounts that are named outright have their tokens at hand; those that an expression gives are asked for then. */
function keepNamed({ jwt }: Config, minted: MintedTokens) {
  const kept = jwt.flatMap(({ name, serviceAccount }) =>
    serviceAccount && 'account' in serviceAccount
      ? [{ name, ...minted.keep(toAccount(serviceAccount)) }]
      : [],
  );
  return {
    readiness: kept.map(({ name, fault }) => ({
      name: `service-account/${name}`,
      fault,
      optional: true,
    })),
    forget: () => kept.forEach(({ forget }) => forget()),
  };
}

/** Our own account's tokens are bound to our Pod, whoever they are for. */
function toAccount({ account, audiences, expirationSeconds }: RequestedAccount): TokenAccount {
  const plain = { ...account, audiences, expirationSeconds };
  return bindToOwnPod(plain, boundPodOf(process.env));
}

function withIdentity(
  token: string | Promise<string>,
  identity: (token: string) => AccountCredential['outbound'],
): AccountCredential | Promise<AccountCredential> {
  if (typeof token === 'string') return { token, outbound: identity(token) };
  return token.then((text) => ({ token: text, outbound: identity(text) }));
}
