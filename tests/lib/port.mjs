// Ports for servers that can't be told to choose one themselves.
import { readFileSync } from 'node:fs';
import net from 'node:net';

const LOWEST = 10_240;
const TRIES = 100;

// The kernel gives ports from here on to connections that go out, at any moment.
const borrowed = () => Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);

const taken = new Set(); // by this process: a server asked for later may not listen yet

const free = (port) => new Promise((resolve) => {
  const server = net.createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
});

// A port on 127.0.0.1 that nothing listens on and that no outgoing connection will get meanwhile.
export async function freePort() {
  const end = borrowed();
  for (let i = 0; i < TRIES; i += 1) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
    if (taken.has(port) || !(await free(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${end}`);
}
