#!/usr/bin/env node
// Loads nothing before the version is known: an older Node would stop at a syntax error of a library.
const oldest = [24, 12] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  const wanted = oldest.join('.');
  process.stderr.write(
    `error: kube-ext-authz needs Node ${wanted} or newer and this is ${process.version}; in a checkout, node_modules/.bin/node is one\n`,
  );
  process.exitCode = 1;
} else {
  const { runCommand } = await import('./command.ts');
  process.exitCode = await runCommand(process.argv.slice(2));
}
