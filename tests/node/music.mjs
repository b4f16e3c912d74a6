// What music-metadata reads of each audio file named: one JSON document, pictures as their length.
import { parseFile } from 'music-metadata';

const found = {};
for (const file of process.argv.slice(2)) {
  const { format, native } = await parseFile(file, { includeChapters: true });
  found[file] = { chapters: format.chapters ?? [], native: Object.values(native).flat() };
}
const plain = (_, value) => (value instanceof Uint8Array ? value.length : value);
process.stdout.write(JSON.stringify(found, plain));
