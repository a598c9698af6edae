"""What a wrapper author writes: Wrapper, operations, feeds, the manifest and the lock."""
