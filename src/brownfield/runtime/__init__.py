"""Kernel, guard, registry, scheduler, worker, relay: where effects are."""
