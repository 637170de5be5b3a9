"""The app of `over_http_ingress`: the functions of the others behind this project's own mount."""

import logging

import inngest

from benchmarks.durable_peers._worker import LENGTHS
from benchmarks.durable_peers.in_process import build
from rawr.durable.ingress import create_ingress

client = inngest.Inngest(app_id="bench", logger=logging.getLogger("bench"), is_production=False)
app = create_ingress(
    client,
    [build(client, steps) for steps in LENGTHS],
    # The engine is of kind dev, as beside the other apps, and signs nothing.
    takes_unsigned=True,
    checkpointing=True,
)
