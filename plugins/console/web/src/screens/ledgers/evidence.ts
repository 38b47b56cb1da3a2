// The evidence of a case in one archive: a page with the chats, orders, parcels and the time line, and
// the files that it names.
import { call } from '../../desk/store';
import { zip, type ZipFile } from '../../sheets/zip';
import { save } from '../../ui/save';

interface CaseFile {
  name: string;
  html: string;
  files?: { hash: string; path: string }[];
}

const longMs = 60_000; // the most that the page may take

export async function saveEvidence(number: number): Promise<void> {
  const found = await call<CaseFile>('desk.case_file', { case: number }, longMs);
  const all: ZipFile[] = [{ name: found.name, bytes: new TextEncoder().encode(found.html) }];
  for (const file of found.files ?? []) {
    const answer = await fetch(`/api/files/${file.hash}`);
    // One that is not here is missing in the archive, too; the page names it.
    if (answer.ok) all.push({ name: file.path, bytes: new Uint8Array(await answer.arrayBuffer()) });
  }
  save(new Blob(zip(all, Date.now()) as BlobPart[], { type: 'application/zip' }), found.name.replace(/\.html$/, '.zip'));
}
