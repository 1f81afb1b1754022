/** The steps of the tour that a pipeline takes: it signs its own tokens, acts as a service account, and gets a new key. */
import { readFileSync, renameSync, statSync } from 'node:fs';
import { runKubectl } from './kubectl.ts';
import {
  deployerName,
  keygenCommand,
  kubeconfigCommand,
  pipelinePod,
  runCommandLine,
  shownCommandLine,
} from './pipeline.ts';
import { waitUntil } from './process.ts';
import { shownPath } from './quickstart-files.ts';
import { userNamespace, type Quickstart } from './quickstart.ts';
import {
  seeKubectl,
  tourEnv,
  type Expectation,
  type KubectlCommand,
  type Seen,
  type TourStep,
} from './tour.ts';

const isDeployer: Expectation = {
  succeeds: true,
  says: [new RegExp(`^Username +${deployerName}$`, 'm')],
};

export const pipelineSteps: readonly TourStep[] = [
  {
    title: 'Look at the pipeline, which signs its own tokens: its key and kubeconfig were made so.',
    proves: 'only its owner may read the private key, and the kubeconfig holds no token',
    take: seePipelineKey,
  },
  {
    title: 'Who does the API server think the pipeline is?',
    proves: 'the service account that its entry in config.yaml names',
    take: (quickstart) => seePipeline(quickstart, ['auth', 'whoami'], isDeployer),
  },
  {
    title: 'Let the pipeline list the pods of its namespace.',
    proves: 'the account may do that',
    take: (quickstart) =>
      seePipeline(quickstart, ['get', 'pods'], {
        succeeds: true,
        says: [new RegExp(`^${pipelinePod} `, 'm')],
      }),
  },
  {
    title: 'And those of another namespace.',
    proves: "refused by the API server, in the account's name",
    take: (quickstart) =>
      seePipeline(quickstart, ['get', 'pods', '--namespace', userNamespace], {
        succeeds: false,
        says: [
          `(Forbidden): pods is forbidden: User "${deployerName}" cannot list resource "pods"`,
          `in the namespace "${userNamespace}"`,
        ],
      }),
  },
  {
    title: 'Let the pipeline ask to be somebody else.',
    proves: 'refused with 403: it is its account and nobody else',
    take: (quickstart) =>
      seePipeline(quickstart, ['get', 'pods', '--as', 'alice'], {
        succeeds: false,
        says: ["act as a service account, so they can't ask to be somebody else (kubectl --as)"],
      }),
  },
  {
    title: 'Somebody has stolen the key: make another pair and put its public part in place.',
    proves: 'what the old key signs is refused, with 401 and a reason, without a restart',
    take: seeOldKeyRefused,
  },
  {
    title: 'Give the pipeline the new key.',
    proves: 'it is the service account again',
    take: seeNewKey,
  },
];

function asPipeline({ files }: Quickstart, args: readonly string[]): KubectlCommand {
  const { pipelineKubeconfig } = files;
  return {
    args: ['--kubeconfig', pipelineKubeconfig, ...args],
    shown: new Map([[pipelineKubeconfig, shownPath(pipelineKubeconfig)]]),
  };
}

function seePipeline(
  quickstart: Quickstart,
  args: readonly string[],
  expected: Expectation,
): Promise<Seen> {
  return seeKubectl(quickstart, asPipeline(quickstart, args), expected);
}

function seePipelineKey({ files, envoy }: Quickstart): Promise<Seen> {
  const { pipelineKey: privateKey, pipelinePublicKey: publicKey, pipelineKubeconfig } = files;
  const text = readFileSync(publicKey, 'utf8').trimEnd();
  const checks: readonly (readonly [fine: boolean, fault: string])[] = [
    [(statSync(privateKey).mode & 0o777) === 0o600, 'others may read the private key'],
    [text.startsWith('-----BEGIN PUBLIC KEY-----'), 'that is no public key'],
    [!/^\s*token:/m.test(readFileSync(pipelineKubeconfig, 'utf8')), 'the kubeconfig has a token'],
  ];
  return Promise.resolve({
    commands: [
      shownCommandLine(keygenCommand({ privateKey, publicKey })),
      shownCommandLine(kubeconfigCommand(files, envoy.url)),
      `cat ${shownPath(publicKey)}`,
    ],
    output: text,
    faults: checks.filter(([fine]) => !fine).map(([, fault]) => fault),
  });
}

/** How soon a new public key counts. */
const takenOverMs = 30_000;

async function seeOldKeyRefused(quickstart: Quickstart): Promise<Seen> {
  const { files } = quickstart;
  const { nextPipelineKey: privateKey, nextPipelinePublicKey: publicKey } = files;
  const keygen = keygenCommand({ privateKey, publicKey });
  await runCommandLine(keygen);
  const moved = replace(publicKey, files.pipelinePublicKey);
  await waitUntil('the old key to be refused', () => isRefused(quickstart), {
    timeoutMs: takenOverMs,
  });
  const { commands, ...seen } = await seePipeline(quickstart, ['auth', 'whoami'], {
    succeeds: false,
    says: ["the token's signature does not match its issuer's keys"],
  });
  return { commands: [shownCommandLine(keygen), moved, ...commands], ...seen };
}

async function seeNewKey(quickstart: Quickstart): Promise<Seen> {
  const { nextPipelineKey, pipelineKey } = quickstart.files;
  const moved = replace(nextPipelineKey, pipelineKey);
  const { commands, ...seen } = await seePipeline(quickstart, ['auth', 'whoami'], isDeployer);
  return { commands: [moved, ...commands], ...seen };
}

/** Moves it over the other in one step, and tells how that is typed. */
function replace(file: string, other: string): string {
  renameSync(file, other);
  return `mv ${shownPath(file)} ${shownPath(other)}`;
}

async function isRefused(quickstart: Quickstart): Promise<boolean> {
  const { parts, files } = quickstart;
  const { args } = asPipeline(quickstart, ['get', '--raw', '/version']);
  const options = { env: tourEnv(files) };
  return (await runKubectl(parts, files.kubeconfig, args, options)).code !== 0;
}
