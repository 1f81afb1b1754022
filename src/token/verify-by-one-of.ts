// Several issuers may have one URL (clusters that were all installed alike): their keys tell them apart.
import { Denial } from '../denial/denial.ts';
import type { CompactToken } from './compact-token.ts';
import type { Issuer } from './issuer.ts';
import { verifyToken, type VerifiedToken } from './verifier.ts';

interface Verified {
  readonly verified: VerifiedToken;
  readonly issuer: Issuer;
}

/** The first of the issuers that vouches for the token; `nowSeconds` is now. Rejects with the Denial that tells most. */
export async function verifyByOneOf(
  issuers: readonly Issuer[],
  token: CompactToken,
  nowSeconds: number,
): Promise<Verified> {
  let telling: Denial | undefined;
  for (const issuer of issuers) {
    try {
      const { rules, keys, claimSources } = issuer;
      const verified = await verifyToken(token, rules, keys, nowSeconds, claimSources);
      return { verified, issuer };
    } catch (error) {
      if (!(error instanceof Denial)) throw error;
      telling = moreTelling(telling, error);
    }
  }
  throw telling ?? unknownIssuer();
}

/** Which of two refusals is told when entries share an issuer: the earlier one, unless the later knows more. */
export function moreTelling(earlier: Denial | undefined, later: Denial): Denial {
  return earlier === undefined || weight(later) > weight(earlier) ? later : earlier;
}

/** Somebody whose signature it bears and who refuses it knows more than one who doesn't know the signature. */
function weight({ reason }: Denial): number {
  if (reason === 'token_signature' || reason === 'token_key_unknown') return 0;
  return reason === 'issuer_unavailable' ? 1 : 2;
}

/** The refusal of a token that no entry claims. */
export function unknownIssuer(): Denial {
  return new Denial(
    'issuer_unknown',
    'the token is not from an issuer that is configured here; its "iss" must equal one exactly',
  );
}
