// The soak as a test, in the full form; a few seconds of it in the short one, so that it stays able to run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { full } from './ledger.mjs';

const shortSeconds = 8;

test('hours of ordinary work leave memory, descriptors and latency as they were', async (t) => {
  const env = { ...process.env };
  if (!full) env.DESKMATE_SOAK_SECONDS = String(shortSeconds);
  const soak = spawn(process.execPath, [path.join(import.meta.dirname, 'soak.mjs')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [soak.stdout, soak.stderr]) stream.on('data', (text) => { said += text; });
  const code = await new Promise((resolve) => soak.once('exit', resolve));
  for (const line of said.trimEnd().split('\n')) t.diagnostic(line);
  assert.match(said, /acknowledged events, 0 lost, 0 twice/, said);
  if (full) assert.equal(code, 0, said); // ratios of seconds say nothing
});
