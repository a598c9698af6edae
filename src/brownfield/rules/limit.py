"""A rate limit that makes a queue: a token bucket as a pure function."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """The state of one limit.

    Attributes:
        tokens: Calls that may begin at once; below zero, the length of the queue.
        at: When that was true, in seconds of a monotonic clock.
    """

    tokens: float
    at: float


def take(bucket: Bucket, per_second: float, now_seconds: float, burst: float) -> tuple[Bucket, float]:
    """Take a place: the bucket afterwards, and the seconds to wait before the call may begin.

    Each call waits longer than the one before it, so that calls begin in order and none needs to ask again. Who
    will not wait that long keeps the old bucket: nothing was taken.

    Args:
        bucket: The state before.
        per_second: Calls begun per second in the long run, above 0.
        now_seconds: The present on the bucket's clock. A clock that runs backwards adds nothing.
        burst: Calls that may begin at once after a quiet time, at least 1.
    """
    passed = max(0.0, now_seconds - bucket.at)
    tokens = min(burst, bucket.tokens + passed * per_second) - 1.0
    return Bucket(tokens, max(bucket.at, now_seconds)), max(0.0, -tokens / per_second)
