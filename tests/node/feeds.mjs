// Reads feeds as podcast-partytime (the Podcast Index's parser) and feedsmith do.
// JSON feeds and OPML are read by feedsmith alone.
// usage: node feeds.mjs IN OUT; IN is {name: xml}, OUT becomes {name: {partytime, feedsmith}}.
import { readFileSync, writeFileSync } from "node:fs";
import { parseJsonFeed, parseOpml, parseRssFeed } from "feedsmith";
import { parseFeed } from "podcast-partytime";

const [, , from, to] = process.argv;
const read = {};
for (const [name, xml] of Object.entries(JSON.parse(readFileSync(from, "utf8")))) {
  if (xml.startsWith("{")) read[name] = { feedsmith: parseJsonFeed(xml) };
  else if (xml.includes("<opml")) read[name] = { feedsmith: parseOpml(xml) };
  else read[name] = { partytime: parseFeed(xml), feedsmith: parseRssFeed(xml) };
}
writeFileSync(to, JSON.stringify(read));
