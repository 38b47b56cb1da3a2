// A real mail server for the tests: OpenSMTPD takes mail by SMTP and hands it over LMTP to Dovecot,
// which serves it by IMAP. Everything lives in one temporary folder and on free loopback ports.
//
//   const mail = await startMail();
//   mail.ports.imap, mail.ports.smtp …     // see `node start.mjs --help` for the list
//   await mail.stop();
//
// Accounts: shop@shop.test and every address in buyers.test, all with the password PASSWORD.
// OpenSMTPD keeps its queue under a path that was compiled in and insists on being root, so it runs
// in a mount namespace of its own with the temporary folder in that place: several can run at once.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { freePort } from '../../lib/port.mjs';
import { startFaults } from './faults.mjs';
import { startSubmission } from './submission.mjs';

export const PASSWORD = 'secret-for-tests';
export const SHOP = 'shop@shop.test';
const START_MS = 15_000;
const STOP_MS = 5_000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Resolves once a server says its greeting; poll with a deadline, no guessing.
async function greeted(port, process) {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (process.exitCode !== null) throw new Error(`mail: a server ended: ${process.log}`);
    const ok = await new Promise((done) => {
      const socket = net.connect(port, '127.0.0.1');
      const finish = (answer) => { socket.destroy(); done(answer); };
      socket.setTimeout(2000, () => finish(false));
      socket.once('data', () => finish(true));
      socket.once('error', () => finish(false));
      socket.once('close', () => done(false));
    });
    if (ok) return;
    await sleep(20);
  }
  throw new Error(`mail: no greeting on port ${port}: ${process.log}`);
}

function run(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.log = '';
  const keep = (data) => { child.log = (child.log + data).slice(-8000); };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', keep);
  return child;
}

async function end(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

// A user without rights who may own the mails: Dovecot refuses root's.
function mailUser() {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody') return { name, uid: Number(uid), gid: Number(gid) };
  }
  return { name: 'nobody', uid: 65534, gid: 65534 };
}

function certificate(dir) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048',
    '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`], { stdio: 'ignore' });
  chmodSync(`${dir}/key.pem`, 0o600);
}

function writeDovecot(dir, ports, owner, addresses) {
  writeFileSync(`${dir}/dovecot.conf`, `
base_dir = ${dir}/run
instance_name = deskmate-test
log_path = ${dir}/dovecot.log
protocols = imap lmtp
listen = ${['127.0.0.1', ...addresses].join(', ')}
disable_plaintext_auth = no
ssl = yes
ssl_cert = <${dir}/cert.pem
ssl_key = <${dir}/key.pem
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:${dir}/mail/%u
mail_max_userip_connections = 500
postmaster_address = postmaster@shop.test
recipient_delimiter =
lmtp_save_to_detail_mailbox = no
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${owner.uid} gid=${owner.gid} home=${dir}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
}
service imap-login {
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
  process_min_avail = 1
}
service imap {
  process_limit = 500
}
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`);
}

function writeSmtpd(dir, ports, owner, addresses) {
  const listen = ['127.0.0.1', ...addresses].map((address) => `listen on ${address} port ${ports.smtp} hostname shop.test`);
  writeFileSync(`${dir}/smtpd.conf`, `
smtp max-message-size "30M"
queue ttl 10m
bounce warn-interval 5m
${listen.join('\n')}
action "deliver" lmtp "127.0.0.1:${ports.lmtp}" rcpt-to virtual { "@" = "${owner.name}" }
match from any for domain { "shop.test", "buyers.test" } action "deliver"
match from any for any reject
`);
  mkdirSync(`${dir}/run-smtpd`, { mode: 0o755 });
  // It asks for each client's name, and greets only then: a name server that is slow, or not there, would
  // make that 5 s.
  writeFileSync(`${dir}/resolv.conf`, 'lookup file\n');
  mkdirSync(`${dir}/spool`, { mode: 0o755 }); // smtpd makes its queue in there
}

// Starts both servers. Resolves once they answer. Throws an Error that says what is missing.
// addresses: of this machine, beside the loopback, where they listen without TLS, too.
export async function startMail({ dir = mkdtempSync(path.join(tmpdir(), 'deskmate-mail-')), addresses = [] } = {}) {
  if (userInfo().uid !== 0) throw new Error('mail: OpenSMTPD has to be started by root (try sudo)');
  for (const program of ['/usr/sbin/smtpd', '/usr/sbin/dovecot']) {
    if (!existsSync(program)) throw new Error(`mail: ${program} is missing, run tests/setup.sh`);
  }
  const owner = mailUser();
  chmodSync(dir, 0o755);
  mkdirSync(`${dir}/mail`);
  chownSync(`${dir}/mail`, owner.uid, owner.gid);
  const ports = {};
  for (const name of ['smtp', 'imap', 'imaps', 'lmtp']) ports[name] = await freePort();
  certificate(dir);
  writeDovecot(dir, ports, owner, addresses);
  writeSmtpd(dir, ports, owner, addresses);

  const dovecot = run('/usr/sbin/dovecot', ['-F', '-c', `${dir}/dovecot.conf`]);
  const smtpd = run('unshare', ['--mount', 'sh', '-c', [
    'set -e',
    'mount --make-rprivate /',
    `mount --bind ${dir}/spool /var/spool`,
    `mount --bind ${dir}/run-smtpd /run`,
    `[ ! -e /etc/resolv.conf ] || mount --bind ${dir}/resolv.conf "$(readlink -f /etc/resolv.conf)"`,
    `exec /usr/sbin/smtpd -d -f ${dir}/smtpd.conf`].join('\n')]);
  const fronts = [];
  const stop = async () => {
    await Promise.all(fronts.map((front) => front.stop()));
    await Promise.all([end(smtpd), end(dovecot)]);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all([greeted(ports.imap, dovecot), greeted(ports.lmtp, dovecot), greeted(ports.smtp, smtpd)]);
    fronts.push(await startFaults(ports));
    fronts.push(await startSubmission({
      port: ports.smtp, user: SHOP, password: PASSWORD, cert: `${dir}/cert.pem`, key: `${dir}/key.pem`,
    }));
  } catch (error) {
    await stop();
    throw error;
  }
  for (const front of fronts) Object.assign(ports, front.ports);

  const box = (address) => path.join(dir, 'mail', address.toLowerCase());
  const own = (file) => chownSync(file, owner.uid, owner.gid);
  return {
    dir, ports, owner, password: PASSWORD, shop: SHOP, ca: `${dir}/cert.pem`, stop,
    log: () => `${smtpd.log}\n${existsSync(`${dir}/dovecot.log`) ? readFileSync(`${dir}/dovecot.log`, 'utf8') : ''}`,

    // Puts mails into a mailbox as if they had been there for long. mail(i): the mail's text.
    seed(address, count, mail) {
      for (const folder of ['', 'cur', 'new', 'tmp']) {
        mkdirSync(path.join(box(address), folder), { recursive: true });
        own(path.join(box(address), folder));
      }
      for (let i = 0; i < count; i++) {
        const file = path.join(box(address), 'cur', `${1600000000 + i}.M${i}.old:2,S`);
        writeFileSync(file, mail(i));
        own(file);
      }
    },

    // Makes the mailbox's UIDs mean something else, as moving to another server does. Nobody may be
    // logged in to it.
    changeUidValidity(address) {
      const list = path.join(box(address), 'dovecot-uidlist');
      const before = Number(/ V(\d+)/.exec(readFileSync(list, 'utf8').split('\n', 1)[0])[1]);
      for (const name of readdirSync(box(address))) {
        if (name.startsWith('dovecot-uid') || name.startsWith('dovecot.index')) {
          rmSync(path.join(box(address), name));
        }
      }
      writeFileSync(list, `3 V${before + 1000} N1 G${randomBytes(16).toString('hex')}\n`);
      own(list);
    },

    // The mails in a mailbox's INBOX, as text, oldest first.
    read(address) {
      const files = [];
      for (const folder of ['cur', 'new']) {
        const at = path.join(box(address), folder);
        if (!existsSync(at)) continue;
        for (const name of readdirSync(at)) files.push(path.join(at, name));
      }
      files.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
      return files.map((file) => readFileSync(file, 'utf8'));
    },
  };
}
