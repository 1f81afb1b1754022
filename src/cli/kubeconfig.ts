// `kubeconfig`: a kubeconfig in which kubectl gets its tokens from this program, or the commands that make one.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execApiVersion } from './exec-credential.ts';
import { readNamedFile, refuseExisting, replaceFile } from './files.ts';
import { parseFlags, required, UsageError, type Flags } from './flags.ts';
import { mergeKubeconfig, newKubeconfig, type Access } from './kubeconfig-file.ts';
import { kubectlCommands } from './kubectl-commands.ts';
import { mintToken, openSigner } from './mint-token.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { readTokenOrder, tokenArguments, tokenOptions, tokenUsage } from './token-order.ts';

export const usage = `usage: kube-ext-authz kubeconfig --server URL --cluster NAME --user NAME [flags]

Writes a kubeconfig for a cluster behind the proxy. kubectl runs this program for a fresh token
whenever it needs one (exec-credential, with the key's absolute path).

  --server URL      where the proxy answers; https
  --ca FILE         certificates (PEM) that the proxy's certificate is checked by; they are copied
                    into the kubeconfig. Default: those of the system
  --cluster NAME    what the cluster is called in the kubeconfig
  --user NAME       what the user is called there
  --context NAME    what the two together are called; default: the name of the cluster
  --namespace NAME  of the context
  --out FILE        receives the kubeconfig, mode 0600; default: standard output
  --merge           FILE may be there: its entries of these names are replaced, the rest stays
  --embed-token     puts one token in, instead of the way to get more
  --print-commands  prints kubectl config commands that do the same, instead of a kubeconfig

${tokenUsage}`;

const options = {
  ...tokenOptions,
  server: { type: 'string' },
  ca: { type: 'string' },
  cluster: { type: 'string' },
  user: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  out: { type: 'string' },
  merge: { type: 'boolean' },
  'embed-token': { type: 'boolean' },
  'print-commands': { type: 'boolean' },
} as const;

type KubeconfigFlags = Flags<typeof options>;

export async function run(args: readonly string[], terminal = processTerminal()): Promise<number> {
  const { flags } = parseFlags(args, options);
  const { out, merge = false } = flags;
  if (flags['print-commands'] === true && out !== undefined) {
    throw new UsageError('--print-commands writes no file: leave --out away');
  }
  if (merge && out === undefined) throw new UsageError('--merge needs the file: --out FILE');
  if (out !== undefined && !merge) {
    refuseExisting(out, 'add to it with --merge, or choose another name');
  }
  const access = await readAccess(flags, terminal);
  if (flags['print-commands'] === true) {
    terminal.print(`${kubectlCommands(access)}\n`);
    return 0;
  }
  if (out === undefined) {
    terminal.print(newKubeconfig(access));
    return 0;
  }
  const text =
    merge && existsSync(out)
      ? mergeKubeconfig(readFileSync(out, 'utf8'), out, access)
      : newKubeconfig(access);
  replaceFile({ file: out, text, mode: 0o600 });
  terminal.note(`${out} has the context ${JSON.stringify(access.context)}`);
  return 0;
}

async function readAccess(flags: KubeconfigFlags, terminal: Terminal): Promise<Access> {
  const cluster = required(flags.cluster, 'cluster');
  const order = readTokenOrder(flags);
  const access = {
    server: readServer(required(flags.server, 'server')),
    certificateAuthority: flags.ca === undefined ? undefined : readCertificates(flags.ca),
    cluster,
    user: required(flags.user, 'user'),
    context: flags.context ?? cluster,
    namespace: flags.namespace,
  };
  if (flags['embed-token'] === true) {
    const { token, expiry } = await mintToken(order, terminal);
    terminal.note(`warning: the token ends at ${new Date(expiry * 1000).toISOString()}`);
    return { ...access, credentials: { token } };
  }
  await openSigner(order, terminal); // a key that can't sign is better known now than by kubectl
  const [command, ...before] = terminal.program;
  const execArguments = [...before, 'exec-credential', ...tokenArguments(flags)];
  return {
    ...access,
    credentials: { exec: { apiVersion: execApiVersion, command, args: execArguments } },
  };
}

function readServer(text: string): string {
  const url = URL.parse(text);
  const isPlain = url?.username === '' && url.search === '' && url.hash === '';
  if (url?.protocol === 'https:' && isPlain) return text;
  throw new UsageError(
    '--server must be the https address of the proxy, such as https://kube.example.com',
  );
}

function readCertificates(name: string) {
  const pem = readNamedFile(name, '--ca');
  const file = resolve(name);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > 0 && blocks.every(isCertificate))
    return { file, pem: `${blocks.join('\n')}\n` };
  throw new Error(`--ca: ${name} must hold certificates in PEM, and each must be readable`);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false; // there is no other way to ask
  }
}
