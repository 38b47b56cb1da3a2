// A desk for tests: a folder, a configuration, a running daemon, and its command line. Everything it
// starts it ends by process id; everything it writes is in one temporary folder.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');

// Where the build is: tests/run.sh says so.
export const build = process.env.DESKMATE_BUILD ?? path.join(root, '.build/release');
export const deskmate = process.env.DESKMATE_BIN ?? path.join(build, 'bin/deskmate');

// Sanitizer builds are several times slower; waiting has to allow for that.
export const patience = Number(process.env.DESKMATE_TEST_PATIENCE ?? 1);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Calls `check` until it returns something true; fails with `what` after `seconds`.
export async function until(what, check, seconds = 20) {
  const deadline = Date.now() + seconds * 1000 * patience;
  let last;
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}${last ? `; last: ${last.message}` : ''}`);
    }
    await pause(50);
  }
}

export class Desk {
  // options: members [{number, name, role, weight}], plugins [{name, id, member, isolation, greeting,
  // hours, aftersale_hours, zone, closed, settings, secrets}], routing, extra (text appended to the
  // configuration).
  constructor(options = {}) {
    this.options = options;
    this.folder = options.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-test-'));
    this.config = path.join(this.folder, 'deskmate.toml');
    this.data = options.data ?? path.join(this.folder, 'data');
    this.secrets = path.join(this.folder, 'secrets');
    this.socket = path.join(this.folder, 'desk.sock');
    this.log = path.join(this.folder, 'desk.log');
    this.daemon = undefined;
    this.writeConfig();
  }

  writeConfig(options = this.options) {
    this.options = options;
    const toml = (value) =>
      Array.isArray(value) ? `[${value.map(toml).join(', ')}]` : JSON.stringify(value);
    const lines = [
      '[desk]',
      'name = "Test desk"',
      `folder = ${toml(this.data)}`,
      `secrets = ${toml(this.secrets)}`,
      `socket = ${toml(this.socket)}`,
      'language = "en"',
      ...(options.plugin_folders ? [`plugin_folders = ${toml(options.plugin_folders)}`] : []),
    ];
    lines.push('[console]', `listen = ${toml(options.console ?? [])}`);
    if (options.tls) lines.push(`tls = ${toml(options.tls)}`);
    if (options.hosts) lines.push(`hosts = ${toml(options.hosts)}`);
    if (options.routing) {
      lines.push('[routing]', ...Object.entries(options.routing).map(([k, v]) => `${k} = ${toml(v)}`));
    }
    for (const member of options.members ?? [{ number: 1, name: 'Ann', weight: 1 }]) {
      lines.push('[[member]]', ...Object.entries(member).map(([k, v]) => `${k} = ${toml(v)}`));
    }
    fs.mkdirSync(this.secrets, { recursive: true, mode: 0o700 });
    for (const plugin of options.plugins ?? []) {
      lines.push('[[plugin]]', `name = ${toml(plugin.name)}`, `id = ${toml(plugin.id)}`);
      if (plugin.member) lines.push(`member = ${plugin.member}`);
      for (const key of ['isolation', 'greeting', 'hours', 'aftersale_hours', 'zone', 'closed']) {
        if (plugin[key] !== undefined) lines.push(`${key} = ${toml(plugin[key])}`);
      }
      lines.push('[plugin.settings]');
      for (const [k, v] of Object.entries(plugin.settings ?? {})) lines.push(`${k} = ${toml(v)}`);
      if (plugin.secrets) {
        const text = Object.entries(plugin.secrets).map(([k, v]) => `${k} = ${toml(v)}\n`).join('');
        fs.writeFileSync(path.join(this.secrets, `${plugin.name}.toml`), text, { mode: 0o600 });
      }
    }
    if (options.extra) lines.push(options.extra);
    fs.writeFileSync(this.config, lines.join('\n') + '\n');
  }

  async start() {
    const log = fs.openSync(this.log, 'a');
    const [command, ...before] = this.options.wrap ?? [];
    const args = ['--config', this.config, ...(this.runArgs ?? []), 'run'];
    this.daemon = command
      ? spawn(command, [...before, deskmate, ...args], { stdio: ['ignore', log, log] })
      : spawn(deskmate, args, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    const daemon = this.daemon;
    this.ended = new Promise((resolve) => daemon.once('exit', (code, signal) => resolve({ code, signal })));
    const ended = () => daemon.exitCode ?? daemon.signalCode;
    await until('the desk answers', async () => ended() !== null || (await this.ask('status')).ready !== false);
    if (ended() !== null) throw new Error(`the daemon ended with ${ended()}:\n${this.logText()}`);
    return this;
  }

  // Runs a command; resolves with {code, out, err}.
  async command(...args) { return this.commandWithin(60, ...args); }

  // The same, for one that may take longer.
  async commandWithin(seconds, ...args) {
    const options = { timeout: seconds * 1000 * patience, maxBuffer: 64 << 20 };
    try {
      const { stdout, stderr } = await run(deskmate, ['--config', this.config, ...args.map(String)], options);
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      if (typeof error.code !== 'number') throw error;
      return { code: error.code, out: error.stdout, err: error.stderr };
    }
  }

  // Runs a command with --json and returns what it printed; throws when it fails.
  async ask(...args) {
    const { code, out, err } = await this.command('--json', ...args);
    if (code !== 0) throw new Error(`deskmate ${args.join(' ')}: exit ${code}: ${err.trim() || out.trim()}`);
    return JSON.parse(out);
  }

  // What a list command shows: chats, orders, plugins, members.
  async list(what, ...args) {
    return (await this.ask(what, ...args))[what];
  }

  // All events of a type, oldest first.
  async events(topic = '*') {
    const { code, out, err } = await this.command('--json', 'log', '--topic', topic, '--limit', '10000000');
    if (code !== 0) throw new Error(`deskmate log: exit ${code}: ${err.trim()}`);
    return out.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  logText() {
    try {
      return fs.readFileSync(this.log, 'utf8').slice(-4000);
    } catch {
      return '';
    }
  }

  // Ends the daemon; resolves with how it ended. SIGKILL plays a crash.
  async stop(signal = 'SIGTERM') {
    if (!this.daemon || this.daemon.exitCode !== null || this.daemon.signalCode !== null) return this.ended;
    this.daemon.kill(signal);
    return this.ended;
  }

  async remove() {
    await this.stop('SIGTERM');
    if (!process.env.DESKMATE_TEST_KEEP) fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
