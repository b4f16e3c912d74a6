-- What the expressions of the log formats call (DuckDB). Each macro answers NULL where a field cannot be read.

CREATE OR REPLACE TEMP MACRO blank(x) AS nullif(nullif(x, ''), '-');

CREATE OR REPLACE TEMP MACRO to_status(x) AS
  CASE WHEN length(x) = 3 AND try_cast(x AS INTEGER) BETWEEN 0 AND 999 THEN try_cast(x AS INTEGER) END;

-- '-' is what logs have for none.
CREATE OR REPLACE TEMP MACRO to_bytes(x) AS
  CASE WHEN x = '-' THEN 0 WHEN try_cast(x AS BIGINT) >= 0 THEN try_cast(x AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO to_position(x) AS CASE WHEN try_cast(x AS BIGINT) >= 0 THEN try_cast(x AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO sane_time(t) AS
  CASE WHEN t >= TIMESTAMP '1995-01-01' AND t < TIMESTAMP '2200-01-01' THEN t END;

-- [28/Nov/2026:19:04:00 +0100]
CREATE OR REPLACE TEMP MACRO clf_time(x) AS
  sane_time(CAST(try_strptime(substr(x, instr(x, '[') + 1, 26), '%d/%b/%Y:%H:%M:%S %z') AS TIMESTAMP));

CREATE OR REPLACE TEMP MACRO iso_time(x) AS sane_time(CAST(try_cast(x AS TIMESTAMPTZ) AS TIMESTAMP));

-- A decoded %-sequence may be invalid UTF-8: then the text stays as it is.
CREATE OR REPLACE TEMP MACRO decode_url(x) AS
  CASE WHEN contains(x, '%') THEN coalesce(TRY(url_decode(x)), x) ELSE x END;

-- CloudFront encodes a user agent once, in older files twice.
CREATE OR REPLACE TEMP MACRO decode_twice(x) AS CASE WHEN contains(x, '%') THEN decode_url(decode_url(x)) ELSE x END;

-- The addresses of private feeds are secrets.
CREATE OR REPLACE TEMP MACRO hide_private(x) AS
  CASE WHEN contains(x, '.xml') THEN regexp_replace(x, '[a-z2-7]{32}\.xml', '...', 'g') ELSE x END;

-- The same in every version of DuckDB, unlike hash(); positive, as not every engine has unsigned numbers.
CREATE OR REPLACE TEMP MACRO to_id(x) AS
  CASE WHEN blank(x) IS NOT NULL THEN CAST(md5_number_lower(x) >> 1 AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO request_path(x) AS hide_private(decode_url(split_part(split_part(
  CASE WHEN starts_with(x, 'http') THEN regexp_replace(x, '^https?://[^/]*', '') ELSE x END, '?', 1), '#', 1)));

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
