// Two more SMTP ports in front of the real one, which lose the connection at the two moments that
// matter to whoever must not send twice:
//   smtp_lost_before   when the mail's last line arrives: the server never gets it
//   smtp_lost_after    when the server has accepted the mail: the sender never hears of it
import net from 'node:net';

const END = '\r\n.\r\n';

function relay(port, client, lost) {
  const server = net.connect(port, '127.0.0.1');
  const cut = () => { client.destroy(); server.destroy(); };
  let data = false; // after the server's 354
  let ended = false; // after the mail's last line
  let tail = '';
  client.on('data', (bytes) => {
    tail = (tail + bytes.toString('latin1')).slice(-4096);
    if (data && tail.endsWith(END)) {
      if (lost === 'before') return cut();
      ended = true;
    }
    server.write(bytes);
  });
  server.on('data', (bytes) => {
    if (ended) return cut();
    if (bytes.toString('latin1').startsWith('354')) {
      data = true;
      tail = '';
    }
    client.write(bytes);
  });
  for (const socket of [client, server]) {
    socket.on('error', cut);
    socket.on('close', cut);
  }
}

export async function startFaults(real) {
  const servers = [];
  const sockets = new Set();
  const ports = {};
  for (const lost of ['before', 'after']) {
    const server = net.createServer((client) => {
      sockets.add(client);
      client.once('close', () => sockets.delete(client));
      relay(real.smtp, client, lost);
    });
    await new Promise((done, fail) => {
      server.once('error', fail);
      server.listen(0, '127.0.0.1', done);
    });
    ports[`smtp_lost_${lost}`] = server.address().port;
    servers.push(server);
  }
  return {
    ports,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
