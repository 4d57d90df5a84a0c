"""What Prometheus is told."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Of one application, in a registry of its own. No label names a client."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        kept: Any = {"registry": self.registry}
        self.request_seconds = Histogram("torusnn_request_seconds", "From a request to the end of its answer",
                                         ["method", "route", "status"], buckets=SECONDS, **kept)
        self.inference_seconds = Histogram("torusnn_inference_seconds", "Of the library, for one request", ["model"],
                                           buckets=SECONDS, **kept)
        self.queue_seconds = Histogram("torusnn_queue_seconds", "That a request waited for its turn", buckets=SECONDS,
                                       **kept)
        self.images = Counter("torusnn_images", "Evaluated", ["model"], **kept)
        self.bootstraps = Counter("torusnn_bootstraps", "Computed", ["model"], **kept)
        self.key_loads = Counter("torusnn_key_loads", "Evaluation keys read and expanded", ["model"], **kept)
        self.keys_loaded = Gauge("torusnn_keys_loaded", "Expanded evaluation keys in memory", **kept)
        self.evaluator_bytes = Gauge("torusnn_evaluator_bytes", "Most memory that they and their scratch take", **kept)
        self.queue_length = Gauge("torusnn_queue_length", "Requests that wait for their turn", **kept)
        self.running = Gauge("torusnn_inferences_running", "Inferences and key expansions under way", **kept)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self.registry)
