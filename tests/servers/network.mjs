// A network for tests, out of network namespaces: a shared segment with machines on it, homes behind
// routers that translate addresses, lines that are cut, lose packets, or take their time. Everything
// is named after this process and is removed by name. Wants root, iproute2 and iptables.
//
//   const network = new Network();
//   const anna = network.machine('anna');     // on the shared segment
//   const bo = network.home('bo');            // behind a router of its own: can dial, cannot be dialled
//   spawn(...anna.wrap('deskmate', ['run']))  // there
//   anna.cut(bo.outside); anna.heal();
//   network.close();
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { userInfo } from 'node:os';

let networks = 0;

const sh = (command, ...args) =>
  execFileSync(command, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

class Machine {
  constructor(namespace, address, outside) {
    Object.assign(this, { namespace, address, outside });
    for (const chain of ['cut', 'loss']) this.iptables('-N', chain);
    for (const [chain, hook] of [['cut', 'INPUT'], ['cut', 'OUTPUT'], ['loss', 'INPUT']]) {
      this.iptables('-A', hook, '-j', chain);
    }
  }

  iptables(...args) {
    return sh('ip', 'netns', 'exec', this.namespace, 'iptables', '-w', ...args);
  }

  // A command as [program, arguments] that runs it on this machine; it keeps its process id.
  wrap(program, args = []) {
    return ['ip', ['netns', 'exec', this.namespace, program, ...args]];
  }

  // There is no way between this machine and an address, cut or not.
  bar(address) {
    this.iptables('-A', 'INPUT', '-s', address, '-j', 'DROP');
    this.iptables('-A', 'OUTPUT', '-d', address, '-j', 'DROP');
  }

  // Nothing passes between this machine and an address any more, without a word to anybody.
  // way: both, in or out.
  cut(address, way = 'both') {
    if (way !== 'out') this.iptables('-A', 'cut', '-s', address, '-j', 'DROP');
    if (way !== 'in') this.iptables('-A', 'cut', '-d', address, '-j', 'DROP');
  }

  heal() {
    this.iptables('-F', 'cut');
  }

  // Of what comes from that address so much is lost: 0 to 1.
  lose(address, share) {
    this.iptables('-F', 'loss');
    if (share > 0) {
      this.iptables('-A', 'loss', '-s', address, '-m', 'statistic', '--mode', 'random', '--probability', share, '-j', 'DROP');
    }
  }
}

export class Network {
  constructor() {
    if (userInfo().uid !== 0) throw new Error('network: namespaces have to be made by root (try sudo)');
    networks += 1;
    this.name = `dm${process.pid.toString(36)}${networks}`; // names of links have at most 15 characters
    this.prefix = `10.${77 + (networks % 100)}.${process.pid % 250}`;
    this.namespaces = [];
    this.servers = [];
    this.sockets = new Set();
    this.hosts = 1;
    this.hub = this.namespace('hub');
    sh('ip', '-n', this.hub, 'link', 'add', 'bridge', 'type', 'bridge');
    sh('ip', '-n', this.hub, 'link', 'set', 'bridge', 'up');
    // This process is on the segment, too: its mail server, its delaying lines.
    this.address = `${this.prefix}.1`;
    this.plug(undefined, `${this.name}r`, this.address);
    // And under an address of their own the lines, so that they can be cut and nothing else.
    this.lines = `${this.prefix}.250`;
    sh('ip', 'addr', 'add', `${this.lines}/24`, 'dev', `${this.name}r`);
  }

  namespace(name) {
    const namespace = `${this.name}-${name}`;
    sh('ip', 'netns', 'add', namespace);
    this.namespaces.push(namespace);
    sh('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
    return namespace;
  }

  // A link of the segment into a namespace (none: this process's).
  plug(namespace, link, address) {
    const port = `p${address.split('.')[3]}`;
    const into = namespace ? ['-n', namespace] : [];
    sh('ip', '-n', this.hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', link,
      'netns', namespace ?? process.pid);
    sh('ip', '-n', this.hub, 'link', 'set', port, 'master', 'bridge', 'up');
    sh('ip', ...into, 'addr', 'add', `${address}/24`, 'dev', link);
    sh('ip', ...into, 'link', 'set', link, 'up');
  }

  next() {
    this.hosts += 1;
    return `${this.prefix}.${this.hosts}`;
  }

  machine(name) {
    const address = this.next();
    const namespace = this.namespace(name);
    this.plug(namespace, 'eth0', address);
    return new Machine(namespace, address, address);
  }

  // All homes have the same addresses inside, as homes do.
  home(name) {
    const outside = this.next();
    const router = this.namespace(`${name}-rt`);
    const inside = this.namespace(name);
    this.plug(router, 'wan', outside);
    sh('ip', '-n', router, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inside);
    sh('ip', '-n', router, 'addr', 'add', '192.168.1.1/24', 'dev', 'lan');
    sh('ip', '-n', router, 'link', 'set', 'lan', 'up');
    sh('ip', '-n', inside, 'addr', 'add', '192.168.1.2/24', 'dev', 'eth0');
    sh('ip', '-n', inside, 'link', 'set', 'eth0', 'up');
    sh('ip', '-n', inside, 'route', 'add', 'default', 'via', '192.168.1.1');
    const on = (...command) => sh('ip', 'netns', 'exec', router, ...command);
    on('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    on('iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'wan', '-j', 'MASQUERADE');
    on('iptables', '-A', 'FORWARD', '-i', 'wan', '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT');
    for (const hook of ['FORWARD', 'INPUT']) on('iptables', '-A', hook, '-i', 'wan', '-j', 'DROP');
    return new Machine(inside, '192.168.1.2', outside);
  }

  // A line that takes delay_ms each way: connections to the address that this gives end at address:port.
  async line(address, port, delay_ms) {
    const later = (from, to) => {
      from.on('data', (bytes) => setTimeout(() => { if (to.writable) to.write(bytes); }, delay_ms));
      from.on('close', () => setTimeout(() => to.destroy(), delay_ms));
      from.on('error', () => from.destroy());
      this.sockets.add(from);
      from.once('close', () => this.sockets.delete(from));
    };
    const server = net.createServer((here) => {
      const there = net.connect({ port, host: address, localAddress: this.lines });
      later(here, there);
      later(there, here);
    });
    await new Promise((done, fail) => server.once('error', fail).listen(0, this.lines, done));
    this.servers.push(server);
    return `${this.lines}:${server.address().port}`;
  }

  close() {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
    const quietly = (...args) => {
      try { sh('ip', ...args); } catch { /* it was never made */ }
    };
    // A link goes at both its ends; a namespace only when the last process in it has ended.
    quietly('link', 'del', `${this.name}r`);
    for (const namespace of this.namespaces.reverse()) quietly('netns', 'del', namespace);
  }
}
