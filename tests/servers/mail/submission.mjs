// TLS and log-in in front of OpenSMTPD: Debian 12's 6.8.0 cannot do TLS with OpenSSL 3 (its key
// process was written for 1.1), and providers want both. Speaks the few commands up to the log-in,
// then hands the connection to the real server.
//   smtps        TLS from the first byte
//   submission   STARTTLS
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const LINE_MAX = 4096;
const decode = (text) => Buffer.from(text, 'base64').toString('utf8');

class Front {
  constructor(socket, options) {
    Object.assign(this, { options, secure: options.implicit, user: null, ready: false });
    this.attach(socket);
    this.say('220 shop.test ESMTP');
  }

  attach(socket) {
    this.socket = socket;
    this.pending = '';
    this.read = (bytes) => this.take(bytes);
    socket.on('data', this.read);
    socket.on('error', () => socket.destroy());
  }

  say(line) {
    this.socket.write(`${line}\r\n`);
  }

  take(bytes) {
    this.pending += bytes.toString('latin1');
    if (this.pending.length > LINE_MAX) return this.socket.destroy();
    for (let end; (end = this.pending.indexOf('\r\n')) >= 0;) {
      const line = this.pending.slice(0, end);
      this.pending = this.pending.slice(end + 2);
      this.command(line);
    }
  }

  command(line) {
    if (this.expect) {
      const next = this.expect;
      this.expect = null;
      return next(line);
    }
    const [name, ...rest] = line.split(' ');
    switch (name.toUpperCase()) {
      case 'EHLO':
        return this.say(`250-shop.test\r\n${this.secure ? '250-AUTH PLAIN LOGIN' : '250-STARTTLS'}\r\n250 SIZE 31457280`);
      case 'STARTTLS': {
        this.say('220 go ahead');
        this.socket.removeListener('data', this.read);
        const secured = new tls.TLSSocket(this.socket, { isServer: true, ...this.options.certificate });
        this.secure = true;
        return this.attach(secured);
      }
      case 'AUTH':
        if (!this.secure) return this.say('538 5.7.11 encryption required');
        return this.auth(rest[0]?.toUpperCase(), rest[1]);
      case 'QUIT':
        this.say('221 bye');
        return this.socket.end();
      case 'MAIL':
        return this.user ? this.hand(line) : this.say('530 5.7.0 log in first');
      default:
        return this.say('502 5.5.1 not here');
    }
  }

  auth(how, initial) {
    const check = (user, password) => {
      if (user !== this.options.user || password !== this.options.password) return this.say('535 5.7.8 wrong');
      this.user = user;
      this.say('235 2.7.0 welcome');
    };
    if (how === 'PLAIN') {
      const plain = (text) => { const [, user, password] = decode(text).split('\0'); check(user, password); };
      if (initial) return plain(initial);
      this.expect = plain;
      return this.say('334 ');
    }
    if (how === 'LOGIN') {
      const name = (text) => {
        this.expect = (word) => check(decode(text), decode(word));
        this.say('334 UGFzc3dvcmQ6');
      };
      if (initial) return name(initial);
      this.expect = name;
      return this.say('334 VXNlcm5hbWU6');
    }
    return this.say('504 5.5.4 unknown');
  }

  // From MAIL on it is the real server's connection.
  hand(line) {
    const server = net.connect(this.options.port, '127.0.0.1');
    const cut = () => { server.destroy(); this.socket.destroy(); };
    this.socket.removeListener('data', this.read);
    this.socket.pause();
    let answers = 0;
    const greet = (bytes) => {
      // Its greeting, then its answer to EHLO, whose last line has a space behind the number.
      if (answers === 0) server.write('EHLO front\r\n');
      if (answers > 0 && !/^250 /m.test(bytes.toString('latin1'))) return;
      if (++answers < 2) return;
      server.removeListener('data', greet);
      server.write(`${line}\r\n${this.pending}`);
      server.pipe(this.socket);
      this.socket.pipe(server);
    };
    server.on('data', greet);
    for (const end of [server, this.socket]) end.on('error', cut).on('close', cut);
  }
}

export async function startSubmission({ port, user, password, cert, key }) {
  const certificate = { cert: readFileSync(cert), key: readFileSync(key) };
  const sockets = new Set();
  const options = { port, user, password, certificate };
  const keep = (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const smtps = tls.createServer(certificate, (socket) => new Front(keep(socket), { ...options, implicit: true }));
  const submission = net.createServer((socket) => new Front(keep(socket), { ...options, implicit: false }));
  const ports = {};
  for (const [name, server] of Object.entries({ smtps, submission })) {
    server.on('tlsClientError', () => {});
    await new Promise((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
    ports[name] = server.address().port;
  }
  return {
    ports,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([smtps, submission].map((server) => new Promise((done) => server.close(done))));
    },
  };
}
