-- How requests become downloads, by the IAB Podcast Technical Measurement Guidelines v2.3.
-- Written for DuckDB; sqlglot translates it for ClickHouse and Spark. Each engine provides the tables
--   requests    day, at_ms, listener, agent, referrer, method, path, status, bytes_sent, range_start, range_end,
--               country, source, is_datacenter
--   enclosures  path, file_id, guid_id, bytes, head_bytes, needed_bytes (of content: one minute, or all of it)
--   recordings  file_id, guid_id, guid, bytes, head_bytes, needed_bytes
--   agents      agent, agent_id, kind_id, app, device, is_bot, is_watch; kind_id is that of the app and device
--   referrers   referrer, player_id, player, is_bogus; player_id is 0 where it is not a player
--   places      country, source, place_id; country and source are '' where they are unknown
-- Rows of requests are many: they carry numbers instead of names until they are counted. A label is
-- player_id * 1000000 + place_id; a score is the label, and 1000000000000 more for a request that is a minute by itself.
-- Bytes are half-open intervals [start_byte, stop_byte). :names are numbers that the caller puts in.

-- name: classified
-- Every request with the reason why it is left out, if it is, and the bytes of content that it delivered.
SELECT
  q.day AS day, q.at_ms AS at_ms, q.listener AS listener, q.agent_id AS agent_id, q.file_id AS file_id,
  q.guid_id AS guid_id, q.source AS source, q.reason AS reason, q.start_byte AS start_byte, q.stop_byte AS stop_byte,
  q.unplaced_bytes AS unplaced_bytes,
  q.label_id + CASE
    WHEN q.stop_byte - q.start_byte >= q.needed_bytes OR q.unplaced_bytes - q.head_bytes >= q.needed_bytes
    THEN 1000000000000 ELSE 0
  END AS score
FROM (
SELECT
  p.day AS day, p.at_ms AS at_ms, p.listener AS listener, p.agent_id AS agent_id, p.file_id AS file_id,
  p.guid_id AS guid_id, p.label_id AS label_id, p.source AS source, p.reason AS reason, p.head_bytes AS head_bytes,
  p.needed_bytes AS needed_bytes,
  COALESCE(p.start_byte, 0) AS start_byte,
  CASE WHEN p.start_byte IS NULL THEN 0 ELSE LEAST(p.start_byte + p.sent, p.stop_limit) END AS stop_byte,
  CASE WHEN p.start_byte IS NULL THEN LEAST(p.sent, p.bytes) ELSE 0 END AS unplaced_bytes
FROM (
  SELECT
    r.day AS day, r.at_ms AS at_ms, r.listener AS listener, a.agent_id AS agent_id, e.file_id AS file_id,
    e.guid_id AS guid_id, COALESCE(f.player_id, 0) * 1000000 + COALESCE(l.place_id, 0) AS label_id,
    COALESCE(r.source, '') AS source,
    e.bytes AS bytes, e.head_bytes AS head_bytes, e.needed_bytes AS needed_bytes,
    CASE
      WHEN r.status = 200 THEN e.head_bytes
      WHEN r.range_start >= e.head_bytes THEN r.range_start
      WHEN r.range_start IS NOT NULL THEN e.head_bytes
    END AS start_byte,
    CASE WHEN r.status = 200 THEN e.bytes ELSE LEAST(COALESCE(r.range_end + 1, e.bytes), e.bytes) END AS stop_limit,
    CASE
      WHEN r.status = 200 THEN COALESCE(r.bytes_sent, e.bytes) - e.head_bytes
      WHEN r.range_start IS NULL THEN COALESCE(r.bytes_sent, 0)
      WHEN r.range_start >= e.head_bytes THEN COALESCE(r.bytes_sent, r.range_end - r.range_start + 1, 0)
      ELSE COALESCE(r.bytes_sent, r.range_end - r.range_start + 1, 0) - (e.head_bytes - r.range_start)
    END AS sent,
    CASE
      WHEN e.file_id IS NULL THEN 'other_file'
      WHEN r.method <> 'GET' THEN 'method'
      WHEN r.status IS NULL OR r.status NOT IN (200, 206) THEN 'status'
      WHEN r.status = 206 AND r.range_start = 0 AND r.range_end = 1 THEN 'probe'
      WHEN r.status = 206 AND r.range_start IS NULL AND r.bytes_sent <= 2 THEN 'probe'
      WHEN r.agent IS NULL OR r.agent = '' OR r.agent = '-' THEN 'no_agent'
      WHEN a.is_watch THEN 'watch'
      WHEN a.is_bot THEN 'bot'
      WHEN r.is_datacenter THEN 'datacenter'
      WHEN f.is_bogus THEN 'referrer'
      ELSE 'eligible'
    END AS reason
  FROM requests AS r
  LEFT JOIN enclosures AS e ON e.path = r.path
  LEFT JOIN agents AS a ON a.agent = r.agent
  LEFT JOIN referrers AS f ON f.referrer = r.referrer
  LEFT JOIN places AS l ON l.country = COALESCE(r.country, '') AND l.source = COALESCE(r.source, '')
) AS p
) AS q

-- name: window_calendar
-- The window of each eligible request: its day in UTC.
SELECT c.*, c.day AS window_day, 0 AS window_ms FROM classified AS c WHERE c.reason = 'eligible'

-- name: window_last_touch
-- A window begins at a request that is 24 hours or more after the one before it, and ends when they pause that long.
SELECT
  s.*,
  MAX(CASE WHEN s.is_first THEN s.at_ms END) OVER (
    PARTITION BY s.listener, s.agent_id, s.guid_id ORDER BY s.at_ms
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS window_ms,
  MAX(CASE WHEN s.is_first THEN s.day END) OVER (
    PARTITION BY s.listener, s.agent_id, s.guid_id ORDER BY s.at_ms
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS window_day
FROM (
  SELECT
    c.*,
    COALESCE(
      c.at_ms - MAX(c.at_ms) OVER (
        PARTITION BY c.listener, c.agent_id, c.guid_id ORDER BY c.at_ms
        ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING
      ) >= 86400000,
      TRUE
    ) AS is_first
  FROM classified AS c
  WHERE c.reason = 'eligible'
) AS s

-- name: first_requests
-- For the first-touch window: each moment of a listener, and the first one that is 24 hours or more after it.
SELECT
  m.listener, m.agent_id, m.guid_id, m.day, m.at_ms,
  MIN(m.at_ms) OVER (
    PARTITION BY m.listener, m.agent_id, m.guid_id ORDER BY m.at_ms
    RANGE BETWEEN 86400000 FOLLOWING AND UNBOUNDED FOLLOWING
  ) AS next_ms,
  ROW_NUMBER() OVER (PARTITION BY m.listener, m.agent_id, m.guid_id ORDER BY m.at_ms) AS position
FROM (
  SELECT DISTINCT c.listener, c.agent_id, c.guid_id, c.day, c.at_ms FROM classified AS c WHERE c.reason = 'eligible'
) AS m

-- name: window_starts
-- The beginnings of the first-touch windows: the first request, then the first one behind each window, and so on.
WITH RECURSIVE starts AS (
  SELECT f.listener, f.agent_id, f.guid_id, f.day, f.at_ms, f.next_ms FROM first_requests AS f WHERE f.position = 1
  UNION ALL
  SELECT
    f.listener AS listener, f.agent_id AS agent_id, f.guid_id AS guid_id, f.day AS day, f.at_ms AS at_ms, f.next_ms AS next_ms
  FROM starts AS s
  INNER JOIN first_requests AS f
    ON f.listener = s.listener AND f.agent_id = s.agent_id AND f.guid_id = s.guid_id AND f.at_ms = s.next_ms
)
SELECT starts.listener, starts.agent_id, starts.guid_id, starts.day, starts.at_ms FROM starts

-- name: window_first_touch
-- A window begins at a request, lasts 24 hours, and the next one begins at the first request after it.
SELECT
  c.day AS day, c.at_ms AS at_ms, c.listener AS listener, c.agent_id AS agent_id, c.file_id AS file_id,
  c.guid_id AS guid_id, c.score AS score, c.start_byte AS start_byte, c.stop_byte AS stop_byte,
  c.unplaced_bytes AS unplaced_bytes, s.at_ms AS window_ms, s.day AS window_day
FROM classified AS c
INNER JOIN window_starts AS s ON s.listener = c.listener AND s.agent_id = c.agent_id AND s.guid_id = c.guid_id
WHERE c.reason = 'eligible' AND c.at_ms >= s.at_ms AND c.at_ms < s.at_ms + 86400000

-- name: visits
-- What each listener got of each episode in a window: the score of the best request, and the number of requests.
SELECT w.window_day, w.window_ms, w.listener, w.agent_id, w.guid_id, MAX(w.score) AS score, COUNT(*) AS requests
FROM windowed AS w
GROUP BY w.window_day, w.window_ms, w.listener, w.agent_id, w.guid_id

-- name: open_visits
-- Where no single request is a minute, but several together may be.
SELECT
  v.window_day AS window_day, v.window_ms AS window_ms, v.listener AS listener, v.agent_id AS agent_id,
  v.guid_id AS guid_id, v.score AS score
FROM visits AS v
WHERE v.score < 1000000000000 AND v.requests > 1

-- name: open_requests
SELECT
  w.window_day AS window_day, w.window_ms AS window_ms, w.listener AS listener, w.agent_id AS agent_id,
  w.file_id AS file_id, w.at_ms AS at_ms, w.start_byte AS start_byte, w.stop_byte AS stop_byte,
  w.unplaced_bytes AS unplaced_bytes
FROM windowed AS w
INNER JOIN open_visits AS v
  ON v.window_day = w.window_day AND v.window_ms = w.window_ms AND v.listener = w.listener
  AND v.agent_id = w.agent_id AND v.guid_id = w.guid_id

-- name: open_files
-- The files of these visits with bytes enough for a minute, before overlaps are looked at.
SELECT
  g.window_day AS window_day, g.window_ms AS window_ms, g.listener AS listener, g.agent_id AS agent_id,
  g.file_id AS file_id
FROM (
  SELECT
    o.window_day, o.window_ms, o.listener, o.agent_id, o.file_id,
    SUM(GREATEST(o.stop_byte - o.start_byte, 0) + o.unplaced_bytes) AS total
  FROM open_requests AS o
  GROUP BY o.window_day, o.window_ms, o.listener, o.agent_id, o.file_id
) AS g
INNER JOIN recordings AS r ON r.file_id = g.file_id
WHERE g.total >= r.needed_bytes

-- name: covered
-- The union of the byte ranges of these files; and the bytes of requests whose range is unknown, each of them once.
SELECT
  u.window_day, u.window_ms, u.listener, u.agent_id, u.file_id,
  SUM(GREATEST(u.stop_byte - GREATEST(u.start_byte, COALESCE(u.reach, 0)), 0)) AS covered,
  SUM(u.unplaced_bytes) AS unplaced
FROM (
  SELECT
    d.*,
    MAX(d.stop_byte) OVER (
      PARTITION BY d.window_day, d.window_ms, d.listener, d.agent_id, d.file_id
      ORDER BY d.start_byte, d.stop_byte, d.at_ms
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS reach
  FROM (
    SELECT DISTINCT
      o.window_day AS window_day, o.window_ms AS window_ms, o.listener AS listener, o.agent_id AS agent_id,
      o.file_id AS file_id, o.start_byte AS start_byte, o.stop_byte AS stop_byte, o.unplaced_bytes AS unplaced_bytes,
      CASE WHEN o.unplaced_bytes > 0 THEN o.at_ms ELSE 0 END AS at_ms
    FROM open_requests AS o
    INNER JOIN open_files AS f
      ON f.window_day = o.window_day AND f.window_ms = o.window_ms AND f.listener = o.listener
      AND f.agent_id = o.agent_id AND f.file_id = o.file_id
  ) AS d
) AS u
GROUP BY u.window_day, u.window_ms, u.listener, u.agent_id, u.file_id

-- name: completed
-- The open visits with a minute of one file.
SELECT DISTINCT
  c.window_day AS window_day, c.window_ms AS window_ms, c.listener AS listener, c.agent_id AS agent_id,
  r.guid_id AS guid_id
FROM covered AS c
INNER JOIN recordings AS r ON r.file_id = c.file_id
WHERE c.covered + GREATEST(LEAST(c.unplaced, r.bytes) - r.head_bytes, 0) >= r.needed_bytes

-- name: consumers
-- One row for each download: a listener who got a minute of an episode in a window.
SELECT
  v.window_day AS day, v.window_ms AS window_ms, v.listener AS listener, v.agent_id AS agent_id, v.guid_id AS guid_id,
  v.score - 1000000000000 AS label_id
FROM visits AS v
WHERE v.score >= 1000000000000
UNION ALL
SELECT
  o.window_day AS day, o.window_ms AS window_ms, o.listener AS listener, o.agent_id AS agent_id, o.guid_id AS guid_id,
  o.score AS label_id
FROM open_visits AS o
INNER JOIN completed AS c
  ON c.window_day = o.window_day AND c.window_ms = o.window_ms AND c.listener = o.listener
  AND c.agent_id = o.agent_id AND c.guid_id = o.guid_id

-- name: excess_groups
-- Addresses with more downloads on a day than people have are in one of these 4,096 groups, which are quickly counted.
SELECT c.day AS day, c.listener % 4096 AS listener_group
FROM consumers AS c
GROUP BY c.day, c.listener % 4096
HAVING COUNT(*) > :max_downloads_per_address

-- name: excess_addresses
SELECT c.day, c.listener, COUNT(*) AS downloads
FROM consumers AS c
INNER JOIN excess_groups AS g ON g.day = c.day AND g.listener_group = c.listener % 4096
GROUP BY c.day, c.listener
HAVING COUNT(*) > :max_downloads_per_address

-- name: accepted
SELECT
  c.day AS day, c.window_ms AS window_ms, c.listener AS listener, c.agent_id AS agent_id, c.guid_id AS guid_id,
  c.label_id AS label_id
FROM consumers AS c
LEFT JOIN excess_addresses AS x ON x.day = c.day AND x.listener = c.listener
WHERE x.listener IS NULL

-- name: downloads
SELECT n.day, n.guid, n.app, n.device, n.country, n.source, CAST(SUM(n.downloads) AS BIGINT) AS downloads
FROM (
  SELECT
    t.day AS day, e.guid AS guid, COALESCE(p.player, k.app) AS app, k.device AS device, l.country AS country,
    l.source AS source, t.downloads AS downloads
  FROM (
    SELECT a.day, a.guid_id, g.kind_id, a.label_id, COUNT(*) AS downloads
    FROM accepted AS a
    INNER JOIN agents AS g ON g.agent_id = a.agent_id
    GROUP BY a.day, a.guid_id, g.kind_id, a.label_id
  ) AS t
  INNER JOIN (SELECT DISTINCT r.guid_id, r.guid FROM recordings AS r) AS e ON e.guid_id = t.guid_id
  INNER JOIN (SELECT DISTINCT g.kind_id, g.app, g.device FROM agents AS g) AS k ON k.kind_id = t.kind_id
  INNER JOIN places AS l ON l.place_id = t.label_id % 1000000
  LEFT JOIN (
    SELECT DISTINCT f.player_id * 1000000 AS label_id, f.player FROM referrers AS f WHERE f.player_id > 0
  ) AS p ON p.label_id = t.label_id - t.label_id % 1000000
) AS n
GROUP BY n.day, n.guid, n.app, n.device, n.country, n.source
ORDER BY n.day, n.guid, n.app, n.device, n.country, n.source

-- name: listeners_by_day
-- Distinct pairs of address and user agent with a download.
SELECT d.day, COUNT(*) AS listeners
FROM (SELECT DISTINCT a.day, a.listener, a.agent_id FROM accepted AS a) AS d
GROUP BY d.day
ORDER BY d.day

-- name: listeners
SELECT d.month, COUNT(*) AS listeners
FROM (
  SELECT DISTINCT EXTRACT(YEAR FROM a.day) * 100 + EXTRACT(MONTH FROM a.day) AS month, a.listener, a.agent_id
  FROM accepted AS a
) AS d
GROUP BY d.month
ORDER BY d.month

-- name: requests_by_reason
SELECT c.day, c.source, c.reason, COUNT(*) AS requests
FROM classified AS c
GROUP BY c.day, c.source, c.reason
ORDER BY c.day, c.source, c.reason

-- name: excess_downloads
SELECT x.day, COUNT(*) AS addresses, SUM(x.downloads) AS downloads
FROM excess_addresses AS x
GROUP BY x.day
ORDER BY x.day

-- name: files
-- What each listener got of each file in a window, request by request; only needed for how far people listen.
SELECT
  g.window_day AS window_day, g.window_ms AS window_ms, g.listener AS listener, g.agent_id AS agent_id,
  g.file_id AS file_id, g.longest AS longest, g.unplaced AS unplaced, r.guid_id AS guid_id, r.bytes AS bytes,
  r.head_bytes AS head_bytes
FROM (
  SELECT
    w.window_day, w.window_ms, w.listener, w.agent_id, w.file_id,
    MAX(GREATEST(w.stop_byte - w.start_byte, 0)) AS longest,
    SUM(w.unplaced_bytes) AS unplaced
  FROM windowed AS w
  GROUP BY w.window_day, w.window_ms, w.listener, w.agent_id, w.file_id
) AS g
INNER JOIN recordings AS r ON r.file_id = g.file_id

-- name: streams
-- Downloads that came in parts: no request had nine tenths of the file, so the parts tell how far people listen.
SELECT
  f.window_day AS window_day, f.window_ms AS window_ms, f.listener AS listener, f.agent_id AS agent_id, f.guid_id AS guid_id,
  f.file_id AS file_id, f.bytes AS bytes, f.head_bytes AS head_bytes
FROM files AS f
INNER JOIN accepted AS a
  ON a.day = f.window_day AND a.window_ms = f.window_ms AND a.listener = f.listener AND a.agent_id = f.agent_id
  AND a.guid_id = f.guid_id
WHERE f.unplaced = 0 AND f.longest * 10 < (f.bytes - f.head_bytes) * 9

-- name: stream_counts
SELECT e.guid, COUNT(*) AS streams
FROM streams AS s
INNER JOIN (SELECT DISTINCT r.guid_id, r.guid FROM recordings AS r) AS e ON e.guid_id = s.guid_id
GROUP BY e.guid
ORDER BY e.guid

-- name: heard_parts
-- How many of them got the middle of each hundredth of the content.
SELECT e.guid, h.part, COUNT(*) AS streams
FROM (
  SELECT DISTINCT
    s.window_day AS window_day, s.window_ms AS window_ms, s.listener AS listener, s.agent_id AS agent_id, s.guid_id AS guid_id,
    s.file_id AS file_id, p.part AS part
  FROM streams AS s
  INNER JOIN windowed AS w
    ON w.window_day = s.window_day AND w.window_ms = s.window_ms AND w.listener = s.listener AND w.agent_id = s.agent_id
    AND w.file_id = s.file_id
  CROSS JOIN parts AS p
  WHERE (w.start_byte - s.head_bytes) * 200 <= (s.bytes - s.head_bytes) * (2 * p.part + 1)
    AND (w.stop_byte - s.head_bytes) * 200 > (s.bytes - s.head_bytes) * (2 * p.part + 1)
) AS h
INNER JOIN (SELECT DISTINCT r.guid_id, r.guid FROM recordings AS r) AS e ON e.guid_id = h.guid_id
GROUP BY e.guid, h.part
ORDER BY e.guid, h.part
