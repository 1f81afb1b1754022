// The commands of the program: what they are called, and how they end. Each loads only what it needs.
import { UsageError } from './cli/flags.ts';
import { errorMessage } from './lib/error-message.ts';

interface Command {
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

interface CommandModule {
  readonly usage: string;
  /** Returns the exit code; throws UsageError when the flags were not understood. */
  run(flags: readonly string[]): number | Promise<number>;
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['serve', { summary: "answer Envoy's checks until SIGTERM", load: () => import('./serve.ts') }],
  [
    'check-config',
    {
      summary: 'read the configuration, say what is wrong with it, open no connection',
      load: () => import('./check-config.ts'),
    },
  ],
  [
    'rbac',
    {
      summary: "print the permissions that the proxy's own service account needs",
      load: () => import('./rbac.ts'),
    },
  ],
  [
    'explain',
    {
      summary: 'say how a token and a request are decided, and why',
      load: () => import('./explain.ts'),
    },
  ],
  [
    'doctor',
    {
      summary: 'look at the whole installation, say what is wrong with it and how to right it',
      load: () => import('./doctor.ts'),
    },
  ],
  ['keygen', { summary: 'make a key pair for a pipeline', load: () => import('./cli/keygen.ts') }],
  [
    'token',
    { summary: 'sign a short-lived token and print it', load: () => import('./cli/token.ts') },
  ],
  [
    'kubeconfig',
    {
      summary: 'write a kubeconfig that has kubectl get such tokens',
      load: () => import('./cli/kubeconfig.ts'),
    },
  ],
  [
    'exec-credential',
    {
      summary: 'what kubectl runs for a token',
      load: () => import('./cli/exec-credential.ts'),
    },
  ],
  ['inspect', { summary: 'show what a token says', load: () => import('./cli/inspect.ts') }],
]);

const nameWidth = Math.max(...[...commands.keys()].map(({ length }) => length));

const usage = `usage: kube-ext-authz COMMAND [flags]

commands:
${[...commands].map(([name, { summary }]) => `  ${name.padEnd(nameWidth)}  ${summary}\n`).join('')}
kube-ext-authz help COMMAND tells the flags of one.
`;

/** Runs one command line and returns the exit code: 0, 1 when it failed, 2 when it was not understood. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const { name, flags, wantsHelp } = readCommandLine(args);
  if (name === undefined) {
    (wantsHelp ? process.stdout : process.stderr).write(usage);
    return wantsHelp ? 0 : 2;
  }
  const command = commands.get(name);
  if (!command) {
    process.stderr.write(`error: there is no command ${JSON.stringify(name)}\n\n${usage}`);
    return 2;
  }
  const module = await command.load();
  if (wantsHelp) {
    process.stdout.write(module.usage);
    return 0;
  }
  try {
    return await module.run(flags);
  } catch (error) {
    process.stderr.write(
      faultsOf(error)
        .map((fault) => `error: ${fault}\n`)
        .join(''),
    );
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(`see: kube-ext-authz help ${name}\n`);
    return 2;
  }
}

/** `help COMMAND`, `COMMAND --help` and `COMMAND -h` are one; help alone is about all of them. */
function readCommandLine(args: readonly string[]) {
  const [first, ...rest] = args;
  if (first === undefined) return { name: undefined, flags: [], wantsHelp: false };
  if (first === 'help' || isHelp(first)) return { name: rest[0], flags: [], wantsHelp: true };
  return { name: first, flags: rest, wantsHelp: rest.some(isHelp) };
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

/** A ConfigError has many; its class would load what only `serve` needs. */
function faultsOf(error: unknown): readonly string[] {
  if (error instanceof Error && 'problems' in error && Array.isArray(error.problems)) {
    return error.problems.map(String);
  }
  return [errorMessage(error)];
}
