"""The tests are a package, so that no library that installs its own `tests` takes their name."""
