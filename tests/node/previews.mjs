// Reads the tags of pages as open-graph-scraper does.
// usage: node previews.mjs IN OUT; IN is {name: html}, OUT becomes {name: tags}.
import { readFileSync, writeFileSync } from "node:fs";
import ogs from "open-graph-scraper";

const customMetaTags = [{ multiple: false, property: "fediverse:creator", fieldName: "creator" }];
const [, , from, to] = process.argv;
const read = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(from, "utf8")))) {
  const { error, result } = await ogs({ html, customMetaTags });
  read[name] = error ? { error: result } : result;
}
writeFileSync(to, JSON.stringify(read));
