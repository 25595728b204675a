// Says whether this machine can run a node: exits with 0, or prints every reason why it cannot and exits with 1.
import { lookAtMachine } from './machine.ts';
import { obstacles } from './obstacles.ts';

const reasons = obstacles(await lookAtMachine(process.env));
for (const reason of reasons) process.stderr.write(`${reason}\n`);
process.exitCode = reasons.length === 0 ? 0 : 1;
