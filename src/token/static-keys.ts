// The keys of an issuer that is not asked for them: they are configured, and followed where they are files.
import { parsePublicKeys, type PublicKey } from '../lib/public-keys.ts';
import { errorMessage } from '../lib/error-message.ts';
import { watchFiles, type WatchOptions } from '../lib/watched-file.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { toKeySet, type KeySet } from './key-set.ts';

export interface StaticKeysOptions extends WatchOptions {
  readonly sources: readonly KeySource[];
  /** Told each time the files were read; the error is undefined when their keys are in use now. */
  readonly onAttempt: (error: string | undefined) => void;
  readonly now?: () => number;
}

export type KeySource =
  | { readonly file: string }
  | { readonly pem: string }
  | { readonly jwks: Readonly<Record<string, unknown>> };

/**
 * Keys that are tried in turn, whatever `kid` a token has. A certificate's key is used while the
 * certificate is valid. A file that turns bad keeps the keys it had.
 */
export function keepStaticKeys(options: StaticKeysOptions): IssuerKeys {
  const { sources, onAttempt, now = Date.now } = options;
  const files = sources.flatMap((source) => ('file' in source ? [source.file] : []));
  let all: readonly PublicKey[] = [];
  let usable: KeySet | undefined;
  let error: string | undefined = 'they were not read yet';
  let readAt: number | undefined;

  function take(content: readonly string[] | Error): void {
    try {
      if (content instanceof Error) throw content;
      const texts = new Map(files.map((file, index) => [file, content[index] ?? '']));
      all = sources.flatMap((source) => parsePublicKeys(textOf(source, texts)));
      readAt = now();
      error = undefined;
    } catch (thrown) {
      error = `${files.join(', ') || 'issuer.keys'}: ${errorMessage(thrown)}`;
    }
    onAttempt(error);
  }
  function current(): KeySet | undefined {
    const at = now();
    const valid = all.filter(({ validFrom = -Infinity, validTo = Infinity }) => {
      return validFrom <= at && at <= validTo;
    });
    if (valid.length === 0) return undefined;
    const fresh = toKeySet(
      valid.map(({ jwk }) => jwk),
      { anyKid: true },
    );
    if (usable?.fingerprint !== fresh.fingerprint) usable = fresh;
    return usable;
  }
  const watching = watchFiles(files, take, options);
  return {
    firstAttempt: watching.then(() => undefined),
    current,
    refetch: () => Promise.resolve(current()), // the files are watched
    fault: () => error ?? (current() ? undefined : 'every certificate is expired or not yet valid'),
    fetchedAt: () => readAt,
    stop: () => void watching.then((watched) => watched.stop()),
  };
}

function textOf(source: KeySource, texts: ReadonlyMap<string, string>): string {
  if ('file' in source) return texts.get(source.file) ?? '';
  return 'pem' in source ? source.pem : JSON.stringify(source.jwks);
}
