// Puts the files of a folder into a source file: one blob that the assembler includes, and a table.
//   node embed.mjs FOLDER BLOB SOURCE
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const [folder, blob, source] = process.argv.slice(2);
const fileBytesMax = 900 * 1024; // an answer has to fit into a frame of 1 MiB
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

const names = fs
  .readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((one) => one.isFile())
  .map((one) => '/' + path.relative(folder, path.join(one.parentPath ?? one.path, one.name)).split(path.sep).join('/'))
  .sort((a, b) => (Buffer.compare(Buffer.from(a), Buffer.from(b))));

const pieces = [];
let size = 0;
const put = (bytes) => {
  pieces.push(bytes);
  size += bytes.length;
  return `piece(${size - bytes.length}, ${bytes.length})`;
};

const rows = names.map((name) => {
  const bytes = fs.readFileSync(path.join(folder, name));
  if (bytes.length > fileBytesMax) throw new Error(`${name} has ${bytes.length} bytes, more than ${fileBytesMax}`);
  const type = types[path.extname(name)];
  if (!type) throw new Error(`${name}: what type is it?`);
  const gzip = zlib.gzipSync(bytes, { level: 9 });
  const brotli = zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const smaller = (other) => (other.length < bytes.length ? put(other) : '{}');
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 20);
  return `      {${JSON.stringify(name)}, ${JSON.stringify(type)}, "${hash}", ${put(bytes)}, ` +
    `${smaller(gzip)}, ${smaller(brotli)}, ${name.startsWith('/assets/')}},`;
});

fs.writeFileSync(blob, Buffer.concat(pieces));
fs.writeFileSync(source, `// Made by embed.mjs.
#include "plugins/console/site.hpp"

asm(R"(
.section .rodata
.balign 16
deskmate_console_blob_begin:
.incbin "${blob}"
.previous
)");
extern "C" const char blob_begin[] asm("deskmate_console_blob_begin");

namespace deskmate::console {

std::span<const File> files() {
  const auto piece = [](std::size_t at, std::size_t size) { return std::string_view(blob_begin + at, size); };
  static const File list[] = {
${rows.join('\n')}
  };
  return list;
}

}  // namespace deskmate::console
`);
