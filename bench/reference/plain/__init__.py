"""The plain adapter for batch files as it stood at commit 6ce8bc6, frozen: the yardstick of `bench/files.py`.

One record at a time, each field by a closure, both passes apart. It is not shipped, not maintained and not to be made
faster: what is measured against it would mean nothing.
"""
