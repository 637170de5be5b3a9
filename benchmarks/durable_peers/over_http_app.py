"""The app of `over_http`: the same functions as in process, on the official SDK and FastAPI."""

import logging

import fastapi
import inngest
import inngest.fast_api

from benchmarks.durable_peers._worker import LENGTHS
from benchmarks.durable_peers.in_process import build

app = fastapi.FastAPI()
client = inngest.Inngest(app_id="bench", logger=logging.getLogger("bench"))
inngest.fast_api.serve(app, client, [build(client, steps) for steps in LENGTHS])
