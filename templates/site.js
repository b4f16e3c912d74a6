(() => {
  "use strict";
  const words = {{ {"copied": t("copied"), "found": t("found"), "nothing": t("found_nothing")} | tojson }};
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const player = one("audio");

  // #t=75, #t=1:15 and #t=00:01:15 all are a moment.
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
    // Without this script a mark opens the audio itself at its moment; with it, the mark is an address of this page.
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

    const starts = marks.map((mark) => [moment(mark.hash), mark, mark.closest("ol, .lines")]).filter(([, , list]) => list);
    player.addEventListener("timeupdate", () => {
      const current = new Map();
      starts.forEach(([start, mark, list]) => { if (start <= player.currentTime + 0.3) current.set(list, mark); });
      marks.forEach((mark) => {
        const now = current.get(mark.closest("ol, .lines")) === mark;
        if (now) mark.setAttribute("aria-current", "true"); else mark.removeAttribute("aria-current");
      });
      all("[data-share]").forEach((button) => { one("span", button).textContent = clock(player.currentTime); });
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
  all("[data-copy], [data-share]").forEach((button) => button.addEventListener("click", async () => {
    const at = player ? `#t=${Math.floor(player.currentTime)}` : "";
    await copy(button.dataset.copy ?? location.href.split("#")[0] + at);
    const status = one("[role=status]", button.parentElement);
    status.textContent = words.copied;
    setTimeout(() => { status.textContent = ""; }, 4000);
  }));

  // The listener's own platform first.
  const apps = one("[data-platforms]");
  if (apps) {
    const agent = navigator.userAgent;
    const own = /iPhone|iPad|iPod|Macintosh/.test(agent) ? "apple" : /Android/.test(agent) ? "android" : "any";
    const group = one(`[data-platform="${own}"]`, apps);
    if (group) apps.prepend(group);
  }

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const say = (status, count) => { status.textContent = count ? words.found.replace("{count}", count) : words.nothing; };

  // Search in the transcript: the lines that hold every word stay.
  all("input[data-lines]").forEach((input) => {
    const lines = all(".lines > p"), status = one("[role=status]", input.closest("form"));
    input.form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => {
      const wanted = plain(input.value).split(/\s+/).filter(Boolean);
      let count = 0;
      lines.forEach((line) => {
        const said = plain(line.textContent);
        line.hidden = !wanted.every((word) => said.includes(word));
        count += !line.hidden;
      });
      if (wanted.length) say(status, count); else status.textContent = "";
    });
  });

  // Search among the episodes: what it knows is one file, asked for when somebody begins to type.
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
