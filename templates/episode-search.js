{# Episode search, on pages with a search box: site.js loads this script. It loads search.js when the box first gets the
   focus, and the shards of a large show, which have its older episodes, only while there are fewer results than it
   shows. Comments and whitespace are stripped when this template is rendered. #}
(() => {
  "use strict";
  const words = {{ {"oneResult": t("results_one"), "manyResults": t("results_many"), "noResults": t("no_results"), "overResults": t("results_over"), "moreResults": t("more_results"), "searching": t("searching"), "searchFailed": t("search_failed")} | tojson }};
  const search = document.querySelector("input[data-search]");
  {# Search ignores case and accents. #}
  const normalize = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const searchTerms = (text) => text.split(/\s+/).filter(Boolean);
  const showCount = (status, count) => {
    status.textContent = count ? (count === 1 ? words.oneResult : words.manyResults).replace("{n}", count) : words.noResults;
  };
  const root = search.dataset.root, results = document.querySelector("#found"), episodeList = document.querySelector("#all"), status = search.form.querySelector("[role=status]");
  const resultsPerPage = 60, typingPause = 200; {# ms #}
  const files = [search.dataset.search], rows = [];
  let loading = null, run = 0;
  const loadScript = (url) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  const loadNextFile = () => loading ??= loadScript(files[0]).then(() => {
    window.episodes.forEach((row) => rows.push([row, normalize(row.join(" "))]));
    files.splice(0, 1, ...(window.searchShards ?? []).map((key) => root + key));
    window.searchShards = null;
  }).finally(() => { loading = null; });
  const createCard = ([title, url, date, summary]) => {
    const item = document.createElement("li"), heading = document.createElement("h3"), link = document.createElement("a");
    item.className = "card";
    link.href = root + url;
    link.textContent = title;
    heading.append(link);
    item.append(heading, ...[date, summary].filter(Boolean).map((text, position) => {
      const line = document.createElement("p");
      if (!position) line.className = "facts";
      line.textContent = text;
      return line;
    }));
    return item;
  };
  const moreButton = document.createElement("button");
  moreButton.type = "button";
  moreButton.className = "button quiet";
  moreButton.textContent = words.moreResults;
  moreButton.hidden = true;
  results.after(moreButton);
  {# Search file after file until there are more results than are shown. A later run ends this one. #}
  const findMatches = async (terms, limit, isCurrent) => {
    let searched = 0, count = 0, hasPaused = false;
    for (;;) {
      const matches = rows.slice(searched).filter(([, text]) => terms.every((term) => text.includes(term)));
      results.append(...matches.slice(0, Math.max(0, limit - count)).map(([row]) => createCard(row)));
      searched = rows.length;
      count += matches.length;
      if (!files.length || count > limit) return count;
      if (searched) status.textContent = words.searching;
      if (searched && !hasPaused) await new Promise((resolve) => { setTimeout(resolve, typingPause); });
      hasPaused = true;
      if (isCurrent()) await loadNextFile();
      if (!isCurrent()) return null;
    }
  };
  const showResults = async (limit = resultsPerPage) => {
    const current = ++run, isCurrent = () => current === run, terms = searchTerms(normalize(search.value));
    results.hidden = !terms.length;
    episodeList.hidden = Boolean(terms.length);
    moreButton.hidden = true;
    results.replaceChildren();
    status.textContent = "";
    if (!terms.length) return;
    try {
      const count = await findMatches(terms, limit, isCurrent);
      if (!isCurrent()) return;
      moreButton.hidden = count <= limit;
      if (count > limit && files.length) status.textContent = words.overResults.replace("{n}", limit);
      else showCount(status, count);
    } catch {
      if (isCurrent()) status.textContent = words.searchFailed;
    }
  };
  moreButton.addEventListener("click", async () => {
    const shown = results.children.length;
    await showResults(shown + resultsPerPage);
    results.children[shown]?.querySelector("a").focus();
  });
  const loadFirstFile = () => { if (files.length && !rows.length) loadNextFile().catch(() => {}); };
  search.form.addEventListener("submit", (event) => { event.preventDefault(); showResults(); });
  search.addEventListener("focus", loadFirstFile);
  search.addEventListener("input", () => showResults());
  {# The listener may have been faster than this script. #}
  if (search.value) showResults(); else if (document.activeElement === search) loadFirstFile();
})();
