// `doctor`: looks at the whole installation and says what is wrong with it, and how to right it.
import { choice, parseFlags, UsageError } from './cli/flags.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import { clusterFacts } from './doctor/cluster-facts.ts';
import { lookAtEnvoy } from './doctor/envoy-look.ts';
import { envoyRules } from './doctor/envoy-rules.ts';
import { certificateFacts, fileFacts } from './doctor/file-facts.ts';
import { items, at } from './doctor/field.ts';
import { findingsOf } from './doctor/finding.ts';
import type { IdentityFact, Installation } from './doctor/installation.ts';
import { issuerFacts } from './doctor/issuer-facts.ts';
import { readManifests } from './doctor/manifests.ts';
import { jsonReport, textReport, type Report } from './doctor/report.ts';
import { pairRules } from './doctor/rules/both-sides.ts';
import { envoyGatewayRules } from './doctor/rules/envoy-gateway.ts';
import { istioRules } from './doctor/rules/istio.ts';
import { ourRules } from './doctor/rules/our-side.ts';
import { readText } from './doctor/read-text.ts';
import { readSource, type Source } from './doctor/source.ts';
import { identityFact } from './doctor/token-facts.ts';
import { errorMessage } from './lib/error-message.ts';

export const usage = `usage: kube-ext-authz doctor [--envoy FILE_OR_URL] [--config FILE] [--manifests FILE]... [flags]

Says what is wrong with an installation, why it matters, and the fix: docs/doctor.md has every rule.
At least one of the first three must be there; two together are also held against each other.

  --envoy FILE_OR_URL     a bootstrap, a saved answer of /config_dump?include_eds (- is standard
                          input), or the address of an admin interface: http://127.0.0.1:9901
  --config FILE           the configuration of this program: asks the API server, as our own
                          account, and every issuer
  --manifests FILE        objects of Istio or Envoy Gateway, in YAML; may come several times
  --token-file FILE       a token of the user with the most groups, to see whether a request of
                          theirs fits; beside --config
  -o, --output FORMAT     text (default) or json
  --fail-on SEVERITY      warning (default) or error: from where on the exit code is 1

The exit code is 0 when nothing was found, 1 with findings, 2 when something could not be looked at.
`;

const options = {
  envoy: { type: 'string' },
  config: { type: 'string' },
  manifests: { type: 'string', multiple: true },
  'token-file': { type: 'string' },
  output: { type: 'string', short: 'o' },
  'fail-on': { type: 'string' },
} as const;

type Wanted = ReturnType<typeof parseFlags<typeof options>>['flags'];

export async function run(args: readonly string[]): Promise<number> {
  const { flags } = parseFlags(args, options);
  const output = choice(flags.output, 'output', ['text', 'json']);
  const failOn = choice(flags['fail-on'], 'fail-on', ['warning', 'error']);
  if ([flags.envoy, flags.config, flags.manifests].every((one) => one === undefined)) {
    throw new UsageError('--envoy, --config or --manifests is missing');
  }
  if (flags['token-file'] !== undefined && flags.config === undefined) {
    throw new UsageError('--token-file needs --config');
  }
  let report: Report;
  try {
    report = await examine(flags);
  } catch (error) {
    process.stderr.write(`error: ${errorMessage(error).replaceAll('\n', '\nerror: ')}\n`);
    return 2;
  }
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];
  process.stdout.write(output === 'json' ? jsonReport(report) : textReport(report, isColoured));
  const counting = failOn === 'error' ? ['error'] : ['error', 'warning'];
  return report.findings.some(({ severity }) => counting.includes(severity)) ? 1 : 0;
}

/** Everything that is asked for; rejects when a part can't be looked at. */
async function examine(flags: Wanted): Promise<Report> {
  const envoy = flags.envoy === undefined ? undefined : await lookAtEnvoy(flags.envoy);
  const ours =
    flags.config === undefined ? undefined : await lookAtUs(flags.config, flags['token-file']);
  const parts = [
    ...(envoy ? [part(envoyRules, envoy.config, envoy.source)] : []),
    ...(ours ? [part(ourRules, ours.installation, ours.source)] : []),
    ...(envoy && ours
      ? [part(pairRules, { ...ours.installation, envoy: envoy.config }, envoy.source)]
      : []),
  ];
  for (const file of flags.manifests ?? []) {
    const manifests = readManifests(file, await readText(file));
    parts.push(part([...istioRules, ...envoyGatewayRules], manifests, manifests));
  }
  return {
    findings: parts.flatMap(({ findings }) => findings),
    rules: parts.reduce((sum, { rules }) => sum + rules, 0),
  };
}

function part<Subject>(...[rules, subject, place]: Parameters<typeof findingsOf<Subject>>): Report {
  return { findings: findingsOf(rules, subject, place), rules: rules.length };
}

async function lookAtUs(
  file: string,
  tokenFile: string | undefined,
): Promise<{ readonly installation: Installation; readonly source: Source }> {
  const config = loadConfig(file);
  const source = readSource(file, await readText(file));
  const own = items(at(source.root, 'jwt')).length;
  const [cluster, issuers, files, certificates, identity] = await Promise.all([
    clusterFacts(config),
    issuerFacts(config, own),
    fileFacts(config, own),
    certificateFacts(config, own),
    identityOf(config, tokenFile),
  ]);
  const now = Date.now();
  return {
    installation: { config, now, issuers, files, certificates, identity, ...cluster },
    source,
  };
}

async function identityOf(
  config: Config,
  file: string | undefined,
): Promise<IdentityFact | undefined> {
  return file === undefined ? undefined : identityFact(config, (await readText(file)).trim());
}
