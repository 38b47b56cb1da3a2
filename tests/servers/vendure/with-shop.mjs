// Runs a program with a fresh shop of its own, whose address it finds in DESKMATE_VENDURE_URL, and
// ends as the program does:  node with-shop.mjs PROGRAM [ARGUMENT...]
import { spawn } from 'node:child_process';
import { startShop } from './shop.mjs';

const [program, ...rest] = process.argv.slice(2);
const shop = await startShop();
const child = spawn(program, rest, { stdio: 'inherit', env: { ...process.env, DESKMATE_VENDURE_URL: shop.url } });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on('exit', async (code) => {
  await shop.stop();
  process.exit(code ?? 1);
});
