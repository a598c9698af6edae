"""One record: where it begins and ends, of which type it is, what its bytes mean, and back to bytes."""
