"""What a serving process writes to standard error."""

import logging
import sys
from typing import Final

_LINE: Final = "%(asctime)s %(levelname)-7s %(name)s %(message)s"


def configure_logging() -> None:
    """Log to standard error; what a process is told by its libraries at each call is left out."""
    logging.basicConfig(level=logging.INFO, format=_LINE, stream=sys.stderr)
    for chatty in ("httpx", "httpx2", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
