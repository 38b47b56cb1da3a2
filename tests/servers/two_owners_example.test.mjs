// The example of two owners does what its README line says, where it has the rights in namespaces.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { deskmate } from '../lib/desk.mjs';

const script = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../../examples/two-owners.sh');

test('R3 R6: examples/two-owners.sh plays an afternoon, and both ledgers agree', async () => {
  const { stdout } = await promisify(execFile)(script, ['--check'], {
    env: { ...process.env, DESKMATE_BIN: deskmate }, timeout: 240_000,
  });
  assert.match(stdout, /the line between them breaks/);
  assert.match(stdout, /both say the same, of \d+ chats; checked/);
});
