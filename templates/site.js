{# Comments and indentation stay here: a page is sent neither. #}
{% filter replace("  ", "") %}
(() => {
  "use strict";
  const words = {{ {"copied": t("copied"), "found": t("found"), "nothing": t("found_nothing"), "resumed": t("resumed")} | tojson }};
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const player = one("audio");

  {# #t=75, #t=1:15 and #t=00:01:15 all are a moment. #}
  const moment = (hash) => {
    const found = /(?:^#|&)t=(?:npt:)?(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)(?=$|[&,])/.exec(hash);
    return found && Number(found[1] || 0) * 3600 + Number(found[2] || 0) * 60 + Number(found[3]);
  };
  const clock = (seconds) => {
    const whole = Math.floor(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    const two = (number) => String(number).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  };

  if (player) {
    {# Without this script a mark opens the audio itself at its moment; with it, the mark is an address of this page. #}
    const marks = all("a[data-seek]");
    marks.forEach((mark) => { mark.href = mark.hash; });
    const seek = (seconds, play) => {
      player.currentTime = seconds;
      if (play) player.play().catch(() => {});
    };
    const here = () => {
      const seconds = moment(location.hash);
      if (seconds !== null) seek(seconds, false);
    };
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
      const seconds = moment(link.hash);
      if (seconds === null || link.origin + link.pathname !== location.origin + location.pathname) return;
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      seek(seconds, true);
    });
    addEventListener("hashchange", here);
    here();

    {# What is heard now is marked: in each list the last mark that has begun. #}
    const lists = new Map();
    marks.forEach((mark) => {
      const list = mark.closest("ol, .lines");
      if (!list) return; {# a soundbite is no place in a list #}
      if (!lists.has(list)) lists.set(list, { marks: [], now: null });
      lists.get(list).marks.push([moment(mark.hash), mark]);
    });
    const cover = one(".episode .cover"), face = cover && [cover.src, cover.srcset];
    const begin = (list, known, mark) => {
      if (known.now) known.now.removeAttribute("aria-current");
      known.now = mark;
      if (mark) mark.setAttribute("aria-current", "true");
      if (!list.matches("ol")) return;
      if (mark) list.scrollTop = mark.offsetTop - list.offsetTop - list.clientHeight / 3;
      const large = mark && one("img", mark)?.dataset.large;
      if (cover) [cover.src, cover.srcset] = large ? [large, ""] : face;
    };
    {# Where one stopped is kept in this browser, and nowhere else. #}
    const place = `at ${new URL(player.src).pathname}`;
    const keep = (name, value) => {
      try {
        if (value === undefined) return localStorage.getItem(name);
        if (value === null) localStorage.removeItem(name); else localStorage.setItem(name, value);
      } catch { {# a browser may refuse to keep anything #} }
      return null;
    };
    let kept = 0;
    player.addEventListener("timeupdate", () => {
      const now = player.currentTime;
      lists.forEach((known, list) => {
        const found = known.marks.findLast(([start]) => start <= now + 0.3);
        const mark = found ? found[1] : null;
        if (mark !== known.now) begin(list, known, mark);
      });
      all("[data-share]").forEach((button) => { one("span", button).textContent = clock(now); });
      if (player.paused || Math.abs(now - kept) < 3) return;
      kept = now;
      keep(place, now < 15 || now > player.duration - 15 ? null : Math.floor(now));
    });
    const stopped = Number(keep(place));
    if (stopped && moment(location.hash) === null && player.preload !== "none") {
      seek(stopped, false);
      const status = one(".player [role=status]");
      if (status) status.textContent = words.resumed.replace("{time}", clock(stopped));
      player.addEventListener("play", () => { if (status) status.textContent = ""; }, { once: true });
    }
    all("[data-skip]").forEach((button) => button.addEventListener("click", () => {
      player.currentTime = Math.max(0, player.currentTime + Number(button.dataset.skip));
    }));
    all("select[data-speed]").forEach((speed) => {
      const usual = keep("speed");
      if (usual && [...speed.options].some((option) => option.value === usual)) speed.value = usual;
      const set = () => { player.defaultPlaybackRate = player.playbackRate = Number(speed.value); };
      set();
      speed.addEventListener("change", () => { set(); keep("speed", speed.value); });
    });
    if ("mediaSession" in navigator && player.dataset.title) {
      const art = player.dataset.artwork;
      navigator.mediaSession.metadata = new MediaMetadata({
        title: player.dataset.title, artist: player.dataset.show, artwork: art ? [{ src: new URL(art, location).href }] : [],
      });
    }
  }

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const told = (button) => {
    const status = one("[role=status]", button.parentElement);
    status.textContent = words.copied;
    setTimeout(() => { status.textContent = ""; }, 4000);
  };
  all("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
    await copy(button.dataset.copy || one("textarea", button.closest("details")).value);
    told(button);
  }));
  {# A telephone has a sheet to share with; elsewhere the link is copied. #}
  all("[data-share]").forEach((button) => button.addEventListener("click", async () => {
    const seconds = player ? Math.floor(player.currentTime) : 0;
    const url = location.href.split("#")[0] + (seconds ? `#t=${seconds}` : "");
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      navigator.share({ title: document.title, url }).catch(() => {});
      return;
    }
    await copy(url);
    told(button);
  }));

  {# The listener's own platform first. #}
  const apps = one("[data-platforms]");
  if (apps) {
    const agent = navigator.userAgent;
    const own = /iPhone|iPad|iPod|Macintosh/.test(agent) ? "apple" : /Android/.test(agent) ? "android" : "any";
    const group = one(`[data-platform="${own}"]`, apps);
    if (group) apps.prepend(group);
    if (own === "apple") all("[data-open]").forEach((link) => {
      link.href = link.dataset.open;
      link.hidden = false;
    });
  }

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const say = (status, count) => { status.textContent = count ? words.found.replace("{count}", count) : words.nothing; };

  {# Search in the transcript: the lines that hold every word stay, and the words are marked in them. #}
  const mark = (lines, wanted) => {
    if (!("highlights" in CSS)) return;
    if (!CSS.highlights.size) document.styleSheets[0].insertRule("::highlight(found) { background: var(--fill); color: var(--on-fill); }");
    CSS.highlights.delete("found");
    const ranges = [];
    lines.forEach((line) => {
      const walk = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const said = node.data.toLowerCase();
        wanted.forEach((word) => {
          for (let at = said.indexOf(word); at >= 0; at = said.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, Math.min(at + word.length, node.length));
            ranges.push(range);
          }
        });
      }
    });
    if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges.slice(0, 2000)));
  };
  all("input[data-lines]").forEach((input) => {
    const lines = all(".lines > p"), status = one("[role=status]", input.closest("form"));
    let said = null;
    input.form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => {
      said ??= lines.map((line) => plain(line.textContent));
      const wanted = plain(input.value).split(/\s+/).filter(Boolean);
      const found = lines.filter((line, at) => {
        line.hidden = !wanted.every((word) => said[at].includes(word));
        return !line.hidden;
      });
      mark(wanted.length ? found : [], input.value.toLowerCase().split(/\s+/).filter(Boolean));
      if (wanted.length) say(status, found.length); else status.textContent = "";
    });
  });

  {# Search among the episodes: what it knows is one file, asked for when somebody begins to type. #}
  const search = one("input[data-search]");
  if (search) {
    const root = search.dataset.root, list = one("#found"), rest = one("#all"), status = one("[role=status]", search.form);
    let rows = null;
    const load = () => rows ??= new Promise((done) => {
      const script = document.createElement("script");
      script.src = search.dataset.search;
      script.onload = () => done(window.episodes.map((row) => [row, plain(row.join(" "))]));
      document.head.append(script);
    });
    const card = ([title, url, date, summary]) => {
      const item = document.createElement("li"), head = document.createElement("h3"), link = document.createElement("a");
      item.className = "card";
      link.href = root + url;
      link.textContent = title;
      head.append(link);
      item.append(head, ...[date, summary].filter(Boolean).map((text, at) => {
        const line = document.createElement("p");
        if (!at) line.className = "facts";
        line.textContent = text;
        return line;
      }));
      return item;
    };
    const show = async () => {
      const known = await load(), wanted = plain(search.value).split(/\s+/).filter(Boolean);
      const found = known.filter(([, said]) => wanted.every((word) => said.includes(word)));
      list.hidden = !wanted.length;
      rest.hidden = Boolean(wanted.length);
      list.replaceChildren(...(wanted.length ? found.slice(0, 60).map(([row]) => card(row)) : []));
      if (wanted.length) say(status, found.length); else status.textContent = "";
    };
    search.form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
    search.addEventListener("focus", load);
    search.addEventListener("input", show);
  }
})();
{% endfilter %}
