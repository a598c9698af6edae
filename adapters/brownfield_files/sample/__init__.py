"""What a sample of a file tells, for a person to confirm: `brownfield new --file` and `brownfield look`."""
