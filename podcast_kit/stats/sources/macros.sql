-- What the expressions of the log formats call (DuckDB). Each macro answers NULL where a field cannot be read.

CREATE OR REPLACE TEMP MACRO blank(x) AS nullif(nullif(x, ''), '-');

-- '-' is what logs have for none.
CREATE OR REPLACE TEMP MACRO to_bytes(x) AS CASE WHEN starts_with(x, '-') THEN 0 ELSE try_cast(x AS BIGINT) END;

-- A text that is no number is slow to try.
CREATE OR REPLACE TEMP MACRO to_position(x) AS CASE WHEN NOT contains(x, '-') THEN try_cast(x AS BIGINT) END;

-- 28/Nov/2026:19:04:00 +0100
CREATE OR REPLACE TEMP MACRO parse_clf_time(x) AS
  CASE WHEN ends_with(x, ' +0000') THEN try_strptime(left(x, 20), '%d/%b/%Y:%H:%M:%S')
       WHEN substr(x, 23, 2) BETWEEN '00' AND '14' THEN CAST(try_strptime(x, '%d/%b/%Y:%H:%M:%S %z') AS TIMESTAMP) END;

-- Nearly all logs are in UTC: then the text up to the end of the field is what it takes.
CREATE OR REPLACE TEMP MACRO clf_time(x) AS coalesce(
  try_strptime(substr(x, instr(x, '[') + 1, 28), '%d/%b/%Y:%H:%M:%S +0000] '),
  parse_clf_time(substr(x, instr(x, '[') + 1, 26)));

-- instr and substr take half the time of split_part; instr is computed once, as it is not within CASE. Where there is no
-- space, its position becomes more than a line can have.
CREATE OR REPLACE TEMP MACRO first_word(x) AS substr(x, 1, (instr(x, ' ') - 1) & 1048575);

CREATE OR REPLACE TEMP MACRO iso_time(x) AS
  CASE WHEN length(x) = 19 THEN try_cast(x AS TIMESTAMP) ELSE CAST(try_cast(x AS TIMESTAMPTZ) AS TIMESTAMP) END;

-- Seconds, milliseconds, microseconds or nanoseconds since 1970.
CREATE OR REPLACE TEMP MACRO epoch_time(x) AS make_timestamp(CAST(
  CASE WHEN try_cast(x AS DOUBLE) < 1e11 THEN try_cast(x AS DECIMAL(38, 6)) * 1000000
       WHEN try_cast(x AS DOUBLE) < 1e14 THEN try_cast(x AS DECIMAL(38, 6)) * 1000
       WHEN try_cast(x AS DOUBLE) < 1e17 THEN try_cast(x AS DECIMAL(38, 6))
       WHEN try_cast(x AS DOUBLE) < 1e20 THEN try_cast(x AS DECIMAL(38, 6)) / 1000 END AS BIGINT));

CREATE OR REPLACE TEMP MACRO any_time(x) AS
  CASE WHEN regexp_matches(x, '^[0-9]+([.][0-9]+)?$') THEN epoch_time(x)
       WHEN contains(x, '/') THEN clf_time(x) ELSE iso_time(x) END;

-- Of a Range header (bytes=0-1023) or a Content-Range header (bytes 0-1023/4096); several ranges at once are unknown.
CREATE OR REPLACE TEMP MACRO range_start_of(x) AS
  try_cast(nullif(regexp_extract(x, '^bytes[= ]([0-9]{1,15})-[0-9]*(/.*)?$', 1), '') AS BIGINT);

CREATE OR REPLACE TEMP MACRO range_end_of(x) AS
  try_cast(nullif(regexp_extract(x, '^bytes[= ][0-9]{1,15}-([0-9]{1,15})(/.*)?$', 1), '') AS BIGINT);

CREATE OR REPLACE TEMP MACRO country_code(x) AS CASE WHEN regexp_matches(x, '^[A-Za-z]{2}$') THEN upper(x) END;

CREATE OR REPLACE TEMP MACRO azure_method(x) AS
  CASE x WHEN 'GetBlob' THEN 'GET' WHEN 'GetBlobProperties' THEN 'HEAD' ELSE x END;

CREATE OR REPLACE TEMP MACRO unescape_html(x) AS
  CASE WHEN contains(x, '&') THEN replace(replace(replace(replace(replace(
    x, '&quot;', '"'), '&#39;', chr(39)), '&lt;', '<'), '&gt;', '>'), '&amp;', '&') ELSE x END;

-- A decoded %-sequence may be invalid UTF-8: then the text stays as it is.
CREATE OR REPLACE TEMP MACRO decode_url(x) AS
  CASE WHEN contains(x, '%') THEN coalesce(TRY(url_decode(x)), x) ELSE x END;

-- CloudFront encodes a user agent once, in older files twice.
CREATE OR REPLACE TEMP MACRO decode_twice(x) AS CASE WHEN contains(x, '%') THEN decode_url(decode_url(x)) ELSE x END;

-- The addresses of private feeds are secrets.
CREATE OR REPLACE TEMP MACRO hide_private(x) AS
  CASE WHEN contains(x, '.xml') THEN regexp_replace(x, '[a-z2-7]{32}\.xml', '...', 'g') ELSE x END;

-- 60 bits of a hash that is the same in every version of DuckDB and fits into the integers of every engine. That MD5 has
-- collisions for those who search for them is no matter: what is hashed is a secret with an address, or no secret at all. (Within CASE, as in blank, nothing is computed only once.)
CREATE OR REPLACE TEMP MACRO md5_id(x) AS CAST(md5_number(x) & 1152921504606846975 AS BIGINT);

-- The same as earlier versions made them.
CREATE OR REPLACE TEMP MACRO sha256_id(x) AS CAST('0x' || left(sha256(blank(x)), 15) AS BIGINT);

CREATE OR REPLACE TEMP MACRO parse_request_path(x) AS hide_private(decode_url(split_part(split_part(
  CASE WHEN starts_with(x, 'http') THEN regexp_replace(x, '^https?://[^/]*', '') ELSE x END, '?', 1), '#', 1)));

-- Most paths are plain.
CREATE OR REPLACE TEMP MACRO request_path(x) AS
  CASE WHEN starts_with(x, '/') AND NOT contains(x, '?') AND NOT contains(x, '%') AND NOT contains(x, '#')
            AND NOT contains(x, '.xml') THEN x
       ELSE parse_request_path(x) END;

-- Without what comes after ?, which can be about a person.
CREATE OR REPLACE TEMP MACRO referrer_url(x) AS hide_private(decode_url(split_part(blank(x), '?', 1)));

-- Fields between quotes; Apache writes a quote inside of a field as \", which becomes one character for the split.
CREATE OR REPLACE TEMP MACRO split_quoted(x) AS
  string_split(CASE WHEN contains(x, '\"') THEN replace(replace(x, '\\', chr(2)), '\"', chr(1)) ELSE x END, '"');

CREATE OR REPLACE TEMP MACRO unquote_text(x) AS blank(
  CASE WHEN contains(x, chr(1)) OR contains(x, chr(2)) THEN replace(replace(x, chr(1), '"'), chr(2), '\') ELSE x END);

-- The first 64 bits of an IPv6 address: four groups without leading zeros.
CREATE OR REPLACE TEMP MACRO first_groups(x) AS array_to_string(list_transform(
  (CASE WHEN contains(x, '::')
        THEN list_concat(
          list_filter(string_split(split_part(x, '::', 1), ':'), lambda g: g <> ''),
          list_resize([]::VARCHAR[], greatest(0, 8
            - len(list_filter(string_split(split_part(x, '::', 1), ':'), lambda g: g <> ''))
            - len(list_filter(string_split(split_part(x, '::', 2), ':'), lambda g: g <> ''))), '0'),
          list_filter(string_split(split_part(x, '::', 2), ':'), lambda g: g <> ''))
        ELSE string_split(x, ':') END)[1:4],
  lambda g: CASE WHEN ltrim(lower(g), '0') = '' THEN '0' ELSE ltrim(lower(g), '0') END), ':');

-- What tells listeners apart: an IPv4 address without port, or the first 64 bits of an IPv6 address.
CREATE OR REPLACE TEMP MACRO network_address(x) AS
  CASE WHEN NOT contains(x, ':') THEN blank(x)
       WHEN contains(x, '.') AND regexp_matches(x, '^[0-9.]+:[0-9]+$') THEN split_part(x, ':', 1)
       WHEN contains(x, '.') THEN regexp_extract(x, '([0-9.]+)\]?(:[0-9]+)?$', 1)
       WHEN starts_with(x, '[') THEN first_groups(regexp_extract(x, '\[([^\]%]*)', 1))
       ELSE first_groups(split_part(x, '%', 1)) END;
