{# Comments and whitespace are stripped when this template is rendered. #}
(() => {
  "use strict";
  const words = {{ {"copied": t("copied"), "oneResult": t("results_one"), "manyResults": t("results_many"), "noResults": t("no_results"), "resuming": t("resuming_at")} | tojson }};
  const queryAll = (selector, root = document) => [...root.querySelectorAll(selector)];
  const query = (selector, root = document) => root.querySelector(selector);
  const player = query("audio, video");
  const stored = (name) => {
    try { return localStorage.getItem(name); } catch { return null; }
  };
  const store = (name, value) => {
    try {
      if (value === null) localStorage.removeItem(name); else localStorage.setItem(name, value);
    } catch { {# storage can be blocked, e.g. in private windows #} }
  };
  {# The page of a former address passes its new one; the link's time goes along. #}
  const ownScript = document.currentScript, movedTo = ownScript.dataset.movedTo;
  if (movedTo && location.hash) location.replace(movedTo + location.hash);

  {# Seconds of a media fragment: #t=75, #t=1:15 and #t=00:01:15 are the same time. #}
  const parseTime = (hash) => {
    const match = /(?:^#|&)t=(?:npt:)?(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)(?=$|[&,])/.exec(hash);
    return match && Number(match[1] || 0) * 3600 + Number(match[2] || 0) * 60 + Number(match[3]);
  };
  const formatTime = (seconds) => {
    const whole = Math.floor(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    const pad = (number) => String(number).padStart(2, "0");
    return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
  };

  if (player) {
    {# Without this script a time link opens the audio file at that time; with it, the link seeks the player on this page. #}
    const timeLinks = queryAll('a[href*="#t="]').filter((link) => link.pathname === new URL(player.src).pathname);
    timeLinks.forEach((link) => { link.href = link.hash; });
    const seek = (seconds, play) => {
      player.currentTime = seconds;
      if (play) player.play().catch(() => {});
    };
    const seekToHash = () => {
      const seconds = parseTime(location.hash);
      if (seconds !== null) seek(seconds, false);
    };
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
      const seconds = parseTime(link.hash);
      if (seconds === null || link.origin + link.pathname !== location.origin + location.pathname) return;
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      seek(seconds, true);
    });
    addEventListener("hashchange", seekToHash);
    seekToHash();

    {# Highlight the current chapter and transcript line: in each list, the last link whose time has passed. #}
    const lists = new Map();
    timeLinks.forEach((link) => {
      const list = link.closest("ol, .lines");
      if (!list) return; {# soundbites are in neither #}
      if (!lists.has(list)) lists.set(list, { links: [], current: null });
      lists.get(list).links.push([parseTime(link.hash), link]);
    });
    const cover = query(".episode .cover"), coverSource = cover && [cover.src, cover.srcset];
    const setCurrent = (list, state, link) => {
      if (state.current) state.current.removeAttribute("aria-current");
      state.current = link;
      if (link) link.setAttribute("aria-current", "true");
      if (!list.matches("ol")) return;
      if (link) list.scrollTop = link.offsetTop - list.offsetTop - list.clientHeight / 3;
      const chapterImage = link && query("img", link)?.dataset.large;
      if (cover) [cover.src, cover.srcset] = chapterImage ? [chapterImage, ""] : coverSource;
    };
    {# The playback position and speed are saved in this browser only. #}
    const positionKey = `at ${new URL(player.src).pathname}`;
    let savedAt = 0;
    player.addEventListener("timeupdate", () => {
      const position = player.currentTime;
      lists.forEach((state, list) => {
        const link = state.links.findLast(([start]) => start <= position + 0.3)?.[1] ?? null;
        if (link !== state.current) setCurrent(list, state, link);
      });
      queryAll("[data-share]").forEach((button) => { query("span", button).textContent = formatTime(position); });
      if (player.paused || Math.abs(position - savedAt) < 3) return;
      savedAt = position;
      store(positionKey, position < 15 || position > player.duration - 15 ? null : Math.floor(position));
    });
    {# Nothing is loaded before the listener plays; only a player with a status line can say where it resumes. #}
    const lastPosition = Number(stored(positionKey)), status = query(".player [role=status]");
    if (lastPosition && status && parseTime(location.hash) === null) {
      seek(lastPosition, false);
      status.textContent = words.resuming.replace("{time}", formatTime(lastPosition));
      player.addEventListener("play", () => { status.textContent = ""; }, { once: true });
    }
    queryAll("[data-skip]").forEach((button) => button.addEventListener("click", () => {
      player.currentTime = Math.max(0, player.currentTime + Number(button.dataset.skip));
    }));
    queryAll("select[data-speed]").forEach((select) => {
      const lastSpeed = stored("speed");
      if (lastSpeed && [...select.options].some((option) => option.value === lastSpeed)) select.value = lastSpeed;
      const applySpeed = () => { player.defaultPlaybackRate = player.playbackRate = Number(select.value); };
      applySpeed();
      select.addEventListener("change", () => { applySpeed(); store("speed", select.value); });
    });
    if ("mediaSession" in navigator && player.dataset.title) {
      const artwork = player.dataset.artwork;
      navigator.mediaSession.metadata = new MediaMetadata({
        title: player.dataset.title, artist: player.dataset.show, artwork: artwork ? [{ src: new URL(artwork, location).href }] : [],
      });
    }
  }

  const copyText = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { {# the clipboard API needs HTTPS and permission; execCommand does not #}
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const confirmCopy = (button) => {
    const status = query("[role=status]", button.parentElement);
    status.textContent = words.copied;
    setTimeout(() => { status.textContent = ""; }, 4000);
  };
  queryAll("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
    await copyText(button.dataset.copy || query("textarea", button.closest("details")).value);
    confirmCopy(button);
  }));
  {# A post is written on the listener's own server, which only this browser remembers. #}
  queryAll("[data-mastodon]").forEach((form) => {
    const input = query("input", form);
    input.value = stored("mastodon") || "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const host = input.value.trim().replace(/^https?:\/\/|.*@|\/.*/g, "");
      if (!/^[^\s?#\\]+\.[^\s?#\\]+$/.test(host)) return;
      store("mastodon", host);
      location.assign(`https://${host}/share?text=${encodeURIComponent(form.dataset.mastodon)}`);
    });
  });
  if (location.hash === "#share") queryAll("details.share").forEach((panel) => { panel.open = true; });
  {# Phones have a share sheet; on other devices, copy the link. #}
  queryAll("[data-share]").forEach((button) => button.addEventListener("click", async () => {
    const seconds = player ? Math.floor(player.currentTime) : 0;
    const url = location.href.split("#")[0] + (seconds ? `#t=${seconds}` : "");
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      navigator.share({ title: document.title, url }).catch(() => {});
      return;
    }
    await copyText(url);
    confirmCopy(button);
  }));

  {# Put the apps for the listener's own platform first. #}
  const platforms = query("[data-platforms]");
  if (platforms) {
    const agent = navigator.userAgent;
    const platform = /iPhone|iPad|iPod|Macintosh/.test(agent) ? "apple" : /Android/.test(agent) ? "android" : "any";
    const section = query(`[data-platform="${platform}"]`, platforms);
    if (section) platforms.prepend(section);
    if (platform === "apple") queryAll("[data-open]").forEach((link) => {
      link.href = link.dataset.open;
      link.hidden = false;
    });
  }

  {# Search ignores case and accents. #}
  const normalize = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const searchTerms = (text) => text.split(/\s+/).filter(Boolean);
  const showCount = (status, count) => {
    status.textContent = count ? (count === 1 ? words.oneResult : words.manyResults).replace("{n}", count) : words.noResults;
  };

  {# Transcript search: show only the lines that contain every term, and highlight the terms in them. #}
  const highlight = (lines, terms) => {
    if (!("highlights" in CSS)) return;
    if (!CSS.highlights.size) document.styleSheets[0].insertRule("::highlight(found) { background: var(--fill); color: var(--on-fill); }");
    CSS.highlights.delete("found");
    const ranges = [];
    lines.forEach((line) => {
      const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.data.toLowerCase();
        terms.forEach((term) => {
          for (let start = text.indexOf(term); start >= 0; start = text.indexOf(term, start + term.length)) {
            const range = new Range();
            range.setStart(node, start);
            range.setEnd(node, Math.min(start + term.length, node.length));
            ranges.push(range);
          }
        });
      }
    });
    if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges.slice(0, 2000)));
  };
  queryAll("input[data-lines]").forEach((input) => {
    const lines = queryAll(".lines > p"), status = query("[role=status]", input.closest("form"));
    let lineTexts = null;
    input.form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => {
      lineTexts ??= lines.map((line) => normalize(line.textContent));
      const terms = searchTerms(normalize(input.value));
      const matches = lines.filter((line, index) => {
        line.hidden = !terms.every((term) => lineTexts[index].includes(term));
        return !line.hidden;
      });
      highlight(terms.length ? matches : [], searchTerms(input.value.toLowerCase()));
      if (terms.length) showCount(status, matches.length); else status.textContent = "";
    });
  });

  {# Pages with a box to search for episodes load a script of their own, which is beside this one. #}
  if (query("input[data-search]")) {
    const script = document.createElement("script");
    script.src = new URL("{{ search_script }}", ownScript.src);
    document.head.append(script);
  }
})();

