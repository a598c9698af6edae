"""Batch commands as calls: start one, wait for its end, say how it ended."""

from brownfield.contract import Adapter
from brownfield_jobs.call import JobsCall
from brownfield_jobs.setting import JobsSettings

adapter = Adapter(
    name="jobs",
    kind="call",
    settings=JobsSettings,
    open=JobsCall,
    secrets=lambda _settings: (),  # the command sees nothing of ours
    capabilities=frozenset({"deadline"}),
)

__all__ = ["adapter"]
