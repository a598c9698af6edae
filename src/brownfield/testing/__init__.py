"""Contract suites an author inherits, canned systems, a frozen clock, the pytest plug-in."""
