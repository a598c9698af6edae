"""What the records of a file are declared to hold: one normal form, and the copybooks and TOML it comes from."""
