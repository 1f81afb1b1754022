/**
 * The last resort against orphans: a tiny shell that holds the read end of a pipe from us. When we are killed in a way that
 * runs no handler (SIGKILL, out of memory) the pipe closes, and it kills what was still on its list.
 */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

const script = `trap '' HUP INT TERM
list=' '
while read -r what pid; do
  case $what in
    add) list="$list$pid " ;;
    drop) list="\${list%% $pid *} \${list#* $pid }" ;;
  esac
done
for pid in $list; do kill -s KILL -- "-$pid" 2>/dev/null; done`;

let pipe: Writable | undefined;

/** Has the process (the leader of a group) and its group killed when ours ends without having called `disown`. */
export function own(pid: number): void {
  (pipe ??= startReaper()).write(`add ${pid}\n`);
}

/** The process has ended: its pid may soon be somebody else's. */
export function disown(pid: number): void {
  pipe?.write(`drop ${pid}\n`);
}

function startReaper(): Writable {
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.on('error', () => undefined); // without a shell there is just no last resort
  child.stdin.on('error', () => undefined);
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child.stdin;
}
