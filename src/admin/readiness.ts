/** The parts that must be there before Envoy should ask us, and what is wrong with each. */

export interface ReadinessPart {
  readonly name: string;
  /** Undefined when the part is there, else what it lacks. */
  fault(): string | undefined;
  /** A fault is told but keeps nobody from being ready: an issuer that is down, for one. */
  readonly optional?: boolean;
}

export interface Readiness {
  readonly ready: boolean;
  readonly parts: readonly { readonly name: string; readonly isOk: boolean }[];
  /** One line a part, in kube-apiserver's form. */
  readonly text: string;
}

/** Asks every part. */
export function readReadiness(parts: readonly ReadinessPart[]): Readiness {
  const states = parts.map((part) => ({ ...part, why: part.fault() }));
  const ready = states.every(({ why, optional }) => why === undefined || optional === true);
  const lines = states.map(({ name, why, optional }) => {
    if (why === undefined) return `[+]${name} ok`;
    return `${optional ? '[!]' : '[-]'}${name}: ${why}`;
  });
  return {
    ready,
    parts: states.map(({ name, why }) => ({ name, isOk: why === undefined })),
    text: [...lines, ready ? 'readyz check passed' : 'readyz check failed', ''].join('\n'),
  };
}
