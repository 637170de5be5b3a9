"""The web plugin of invoicing."""

from pathlib import Path

from rawr.composition import define_web_surface

surface = define_web_surface(title="Invoicing", directory=Path(__file__).parent / "dist")
