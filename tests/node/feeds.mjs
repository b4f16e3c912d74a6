// Reads feeds as podcast-partytime (the Podcast Index's parser) and feedsmith do.
// usage: node feeds.mjs IN OUT; IN is {name: xml}, OUT becomes {name: {partytime, feedsmith}}.
import { readFileSync, writeFileSync } from "node:fs";
import { parseRssFeed } from "feedsmith";
import { parseFeed } from "podcast-partytime";

const [, , from, to] = process.argv;
const read = {};
for (const [name, xml] of Object.entries(JSON.parse(readFileSync(from, "utf8")))) {
  read[name] = { partytime: parseFeed(xml), feedsmith: parseRssFeed(xml) };
}
writeFileSync(to, JSON.stringify(read));
