"""Fixed-width files, at speed: many records at once, judged and counted, then made rows."""
