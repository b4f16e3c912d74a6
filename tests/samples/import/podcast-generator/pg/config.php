<?php
$podcastgen_version = "3.2.9"; // Version

$first_installation = 1700000000;

$installationKey = "k";

$scriptlang = "en";

$url = "https://urn.example/";

$absoluteurl = "/var/www/urn/"; // The location on the server

$upload_dir = "media/"; // "media/" the default folder

$img_dir = "images/"; // (Trailing slash required)

$feed_dir = ""; // Where to create feed.xml

$recent_episode_in_feed = "All"; // How many file to show in the XML feed

#####################
# XML Feed stuff

$podcast_title = "The Urn &amp; I";

$podcast_subtitle = "Slow tea";

$podcast_description = "Tea from the urn.";

$author_name = "Ann Lee";

$author_email = "ann@urn.example";

$itunes_category[0] = "Arts:Food"; // iTunes categories (mainCategory:subcategory)
$itunes_category[1] = "";
$itunes_category[2] = "";

$link = "?name="; // permalink URL of single episode

$feed_language = "en";

$copyright = "CC-BY";   // Your copyright notice

$feed_encoding = "utf-8";

$explicit_podcast = "no"; //does your podcast contain explicit language?

$users_json = "{\"ann\": \"x\"}";

// END OF CONFIG
